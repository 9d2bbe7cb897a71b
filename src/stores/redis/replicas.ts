import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface ReplicasOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** This replica; differs from start to start. */
  readonly owner: string;
  /** By which it counts days: an IANA name. */
  readonly timeZone: string;
  /** The names of what was spent on the two UTC days that are nearest to now: version 0.1.0 counted these and kept no zone. */
  readonly utcDayKeys: () => readonly string[];
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  /** Called at each beat with the difference between the server's clock and this machine's, in milliseconds, where it is a second or more. */
  readonly onClockOff: (offsetMs: number) => void;
  /** Called at the first beat with the time zone in which days were counted before; not called where nothing was counted. */
  readonly onTimeZoneBefore: (timeZone: string) => void;
  /** Called at each beat with the time zones in which the present replicas count days: each once, this replica's among them. */
  readonly onTimeZones: (timeZones: readonly string[]) => void;
  /** Called after every beat: the server is available, and what others have written can be read. */
  readonly onBeat: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** The replicas that share one Redis. */
export interface Replicas {
  /** How many there were when Redis was last asked; at least this one. */
  readonly count: number;
  /** By how much the server's clock is ahead of this machine's, in milliseconds; undefined before the first beat. */
  readonly measuredOffsetMs: number | undefined;
  /** The same now, for the times that replicas share; 0 below a second. */
  readonly clockOffsetMs: number;
  /** Says that this one is there, and asks for the others. */
  beat(): Promise<void>;
  close(): Promise<void>;
}

const BEAT_MS = 5000;
/** Who was not heard of for so long shares no budget, in seconds. */
const THERE_SECONDS = 15;
/** Who was not heard of for so long is forgotten, in seconds. */
const FORGOTTEN_SECONDS = 3600;
/** Messages are under way for some of it, so a smaller difference says nothing about a clock, in milliseconds. */
const TOLERANCE_MS = 1000;

export function joinReplicas(options: ReplicasOptions): Replicas {
  const { link, keys, owner, timeZone, utcDayKeys, clock, steadyMs } = options;
  const { onClockOff, onTimeZoneBefore, onTimeZones, onBeat, onError } = options;
  let count = 1;
  let hasBeaten = false;
  let measuredOffsetMs: number | undefined;
  /** The server's time by our steady clock, so that it holds also when this machine's clock is set between two beats. */
  let serverAheadMs: number | undefined;

  function clockOffsetMs(): number {
    if (serverAheadMs === undefined) return 0;
    const offsetMs = Math.round(steadyMs() + serverAheadMs - clock());
    return Math.abs(offsetMs) < TOLERANCE_MS ? 0 : offsetMs;
  }

  function measure(serverNowMs: number): void {
    measuredOffsetMs = Math.round(serverNowMs - clock());
    serverAheadMs = serverNowMs - steadyMs();
    if (Math.abs(measuredOffsetMs) >= TOLERANCE_MS) onClockOff(measuredOffsetMs);
  }

  async function beat(): Promise<void> {
    const sentAtMs = steadyMs();
    const names = [keys.replicas, keys.timeZones, keys.lastTimeZone, ...utcDayKeys()];
    const values = [owner, THERE_SECONDS, FORGOTTEN_SECONDS, timeZone, Number(!hasBeaten)];
    const reply = (await link.script('kolgwBeat', names, ...values)) as readonly (string | number)[];
    const [seconds, microseconds, there, before, ...timeZones] = reply;
    const wayMs = (steadyMs() - sentAtMs) / 2;
    measure(Number(seconds) * 1000 + Number(microseconds) / 1000 + wayMs);
    count = Math.max(1, Number(there ?? 1));
    if (!hasBeaten && before) onTimeZoneBefore(String(before));
    hasBeaten = true;
    onTimeZones(timeZones.map(String));
    await onBeat();
  }

  const beating = setInterval(() => void (link.isUp && beat().catch(onError)), BEAT_MS).unref();

  return {
    get count() {
      return count;
    },
    get measuredOffsetMs() {
      return measuredOffsetMs;
    },
    get clockOffsetMs() {
      return clockOffsetMs();
    },
    beat,
    async close() {
      clearInterval(beating);
      if (!link.isUp) return;
      await link.run((client) => client.zrem(keys.replicas, owner)).catch(onError);
      await link.run((client) => client.hdel(keys.timeZones, owner)).catch(onError);
    },
  };
}
