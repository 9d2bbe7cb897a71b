import { starOf } from '../support/scripted-upstream.ts';

/** A span in which Redis was out of somebody's reach; all times are of `performance.now`, in milliseconds. */
interface Trouble {
  readonly name: string;
  readonly fromMs: number;
  /** Infinite while it lasts. */
  untilMs: number;
}

interface Received {
  readonly id: string;
  readonly value: number;
  readonly askedAtMs: number;
  readonly receivedAtMs: number;
}

interface Purchase {
  readonly id: string;
  readonly atMs: number;
}

/** How long after a trouble a replica may still think that Redis is unavailable. */
const GRACE_MS = 3000;

/** Everything that readers got and the upstream sold, in the order of time. */
export interface History {
  readonly received: readonly Received[];
  receive(read: Received): void;
  buy(id: string): void;
  /** Begins a trouble. @returns what ends it */
  trouble(name: string): () => void;
  /** A trouble that is known of when it is over. */
  note(name: string, fromMs: number, untilMs: number): void;
  /** How many troubles there were of each name. */
  noted(): Readonly<Record<string, number>>;
  /** Answers that are another key's. */
  foreign(): readonly Received[];
  /** Ids whose answer somebody got while nothing was wrong: they are owed to everybody from then on. */
  owed(): ReadonlySet<string>;
  /** Purchases of an id that was owed, made while nothing was wrong. */
  unexcused(): readonly Purchase[];
  /** Purchases of an id that had been bought before, whatever the reason. */
  repeated(): readonly Purchase[];
}

export function createHistory(): History {
  const received: Received[] = [];
  const purchases: Purchase[] = [];
  const troubles: Trouble[] = [];

  const isCalm = (fromMs: number, untilMs: number) =>
    !troubles.some((trouble) => trouble.fromMs <= untilMs && fromMs <= trouble.untilMs + GRACE_MS);

  /** When the first answer came that had been asked for, bought and received without trouble. */
  function owedSince(): ReadonlyMap<string, number> {
    const since = new Map<string, number>();
    for (const { id, receivedAtMs } of received) {
      const boughtAtMs = purchases.find((purchase) => purchase.id === id)?.atMs ?? receivedAtMs;
      if (!since.has(id) && isCalm(boughtAtMs, receivedAtMs)) since.set(id, receivedAtMs);
    }
    return since;
  }

  return {
    received,
    receive: (read) => void received.push(read),
    buy: (id) => void purchases.push({ id, atMs: performance.now() }),
    trouble(name) {
      const trouble: Trouble = { name, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
      troubles.push(trouble);
      return () => {
        trouble.untilMs = performance.now();
      };
    },
    note: (name, fromMs, untilMs) => void troubles.push({ name, fromMs, untilMs }),
    noted() {
      const counts: Record<string, number> = {};
      for (const { name } of troubles) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    },
    foreign: () => received.filter(({ id, value }) => value !== starOf(id)),
    owed: () => new Set(owedSince().keys()),
    unexcused() {
      const since = owedSince();
      return purchases.filter(({ id, atMs }) => atMs > (since.get(id) ?? atMs) && isCalm(atMs, atMs));
    },
    repeated: () => purchases.filter(({ id }, index) => purchases.findIndex((each) => each.id === id) !== index),
  };
}
