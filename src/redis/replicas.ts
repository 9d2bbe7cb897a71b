import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface ReplicasOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** This replica; differs from start to start. */
  readonly owner: string;
  /** Told the server's time, in milliseconds since the epoch. */
  readonly onTime: (serverNowMs: number) => void;
  /** Told after every beat: the server is there, and what others have written to it can be read. */
  readonly onBeat: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** The replicas that share one Redis. */
export interface Replicas {
  /** How many there were when Redis was last asked; at least this one. */
  readonly count: number;
  /** Says that this one is there, and asks for the others. */
  beat(): Promise<void>;
  close(): Promise<void>;
}

const BEAT_MS = 5000;
/** Who was not heard of for so long shares no budget, in seconds. */
const THERE_SECONDS = 15;
/** Who was not heard of for so long is forgotten, in seconds. */
const FORGOTTEN_SECONDS = 3600;

export function joinReplicas({ link, keys, owner, onTime, onBeat, onError }: ReplicasOptions): Replicas {
  let count = 1;

  async function beat(): Promise<void> {
    const sentAtMs = performance.now();
    const reply = await link.script('kolgwBeat', [keys.replicas], owner, THERE_SECONDS, FORGOTTEN_SECONDS);
    const [seconds, microseconds, there] = (reply as readonly (string | number)[]).map(Number);
    const wayMs = (performance.now() - sentAtMs) / 2;
    onTime(Number(seconds) * 1000 + Number(microseconds) / 1000 + wayMs);
    count = Math.max(1, there ?? 1);
    await onBeat();
  }

  const beating = setInterval(() => void (link.isUp && beat().catch(onError)), BEAT_MS).unref();

  return {
    get count() {
      return count;
    },
    beat,
    async close() {
      clearInterval(beating);
      if (link.isUp) await link.run((client) => client.zrem(keys.replicas, owner)).catch(onError);
    },
  };
}
