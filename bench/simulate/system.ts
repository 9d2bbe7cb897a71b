import type { LinkIndexAnswer, LinkIndexSource } from '../../src/domain/link-index.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One way of standing between readers and the paid call. */
export interface System {
  /** One read, at the time that it is. @returns whether it set something going that has to be let run */
  request(replica: number, kol: number): boolean;
  /** Calls that the upstream has answered or will answer, and bill. */
  readonly billedCalls: number;
  /** What was sent to a shared store; undefined without one. */
  readonly commandCount?: number;
  /** Once everything is over. @throws when something is not as it has to be then */
  close?(): void;
}

/** What varies from one simulation to the next. */
export interface Conditions {
  readonly replicaCount: number;
  readonly kolCount: number;
  /** How long an answer is fresh, in milliseconds. */
  readonly freshMs: number;
  /** How long the upstream takes to answer, in milliseconds. */
  readonly latencyMs: number;
  /** Billed calls per day, over all replicas; undefined is no limit. */
  readonly dailyBudget?: number;
  /** Entries in the memory of each gateway; as many as there are KOLs by default. */
  readonly maxEntries?: number;
}

export interface PaidUpstream extends LinkIndexSource {
  readonly billedCalls: number;
}

const SCORE = { value: 1, avgValue: 1, linkRelativeRatio: 0, rank: 1, rankPercent: 0.5 };
const SCORES = { cooperate: SCORE, cp: SCORE, convert: SCORE, shopping: SCORE, spread: SCORE, star: SCORE };

/** Answers every call, always after the same time, and bills it. */
export function createPaidUpstream(time: VirtualTime, latencyMs: number): PaidUpstream {
  let billedCalls = 0;
  return {
    get billedCalls() {
      return billedCalls;
    },
    read() {
      billedCalls += 1;
      const { promise, resolve } = Promise.withResolvers<LinkIndexAnswer>();
      time.timers.after(latencyMs, () =>
        resolve({ kind: 'answer', scores: SCORES, freshness: 'FRESH', fetchedAtMs: time.nowMs() }),
      );
      return promise;
    },
  };
}
