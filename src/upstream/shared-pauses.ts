import { z } from 'zod';
import type { RedisKeys } from '../redis/keys.ts';
import type { RedisLink } from '../redis/link.ts';
import type { Pause } from './breaker.ts';
import type { BreakerName } from './breakers.ts';
import { VERDICTS } from './business-codes.ts';
import { parseJson } from './parse-json.ts';

/** What replicas tell each other of what is condemned, so that each need not find it out for itself. */
export interface SharedPauses {
  /** Tells the others that a breaker opened, or with undefined that it closed. */
  tell(name: BreakerName, pause: Pause | undefined): void;
  /** Calls back with what the others tell, from now on and once with what is known. */
  listen(listener: (name: BreakerName, pause: Pause | undefined) => void): void;
}

/** A pause as it is told and kept: with the moment of its end. */
type ToldPause = Omit<Pause, 'leftMs'> & { readonly untilMs: number };

export type PauseNews = readonly ['pause', field: string, pause: ToldPause | null];

export interface RedisPausesOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** What the breakers of this replica guard: another token is another account. Undefined for what is not shared. */
  readonly fieldOf: (name: BreakerName) => string | undefined;
  /** Milliseconds since the epoch, as all replicas have it. */
  readonly clock: () => number;
  readonly onError?: (operation: string, error: unknown) => void;
}

export interface RedisPauses extends SharedPauses {
  /** Takes a message of the channel that it publishes to. */
  hear(news: PauseNews): void;
  /** Reads what is known, for a message may be lost. */
  refresh(): Promise<void>;
}

const SHARED: readonly BreakerName[] = ['account', 'endpoint', 'quota'];
const CODES = Object.values(VERDICTS).map(({ errorCode }) => errorCode);
const stored = z.object({ openedBy: z.enum(CODES), untilMs: z.number(), pauseMs: z.number() });

export function createRedisPauses({ link, keys, fieldOf, clock, onError }: RedisPausesOptions): RedisPauses {
  let listener: (name: BreakerName, pause: Pause | undefined) => void = () => {};
  /** For who listens later than it was heard. */
  const heard = new Map<string, unknown>();

  function hear(field: string, pause: unknown): void {
    heard.set(field, pause);
    const name = SHARED.find((each) => fieldOf(each) === field);
    if (name === undefined) return;
    if (pause === null) listener(name, undefined);
    const parsed = stored.safeParse(pause);
    if (!parsed.success) return;
    const { untilMs, ...told } = parsed.data;
    listener(name, { ...told, leftMs: untilMs - clock() });
  }

  function toldOf({ openedBy, leftMs, pauseMs }: Pause): ToldPause {
    return { openedBy, untilMs: clock() + leftMs, pauseMs };
  }

  return {
    tell(name, pause) {
      const field = fieldOf(name);
      if (field === undefined || !SHARED.includes(name)) return;
      const told = pause && toldOf(pause);
      const news = JSON.stringify(['pause', field, told ?? null] satisfies PauseNews);
      link
        .run(async (client) => {
          await (told ? client.hset(keys.pauses, field, JSON.stringify(told)) : client.hdel(keys.pauses, field));
          await client.publish(keys.news, news);
        })
        .catch((error: unknown) => onError?.('pause', error));
    },
    listen(each) {
      listener = each;
      for (const [field, pause] of heard) hear(field, pause);
    },
    hear: ([, field, pause]) => hear(field, pause),
    async refresh() {
      const known = await link.run((client) => client.hgetall(keys.pauses));
      for (const [field, text] of Object.entries(known)) hear(field, parseJson(text));
    },
  };
}
