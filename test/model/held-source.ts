import type { LinkIndexKey, LinkIndexOutcome, LinkIndexSource, ReadOptions } from '../../src/domain/link-index.ts';
import type { UpstreamErrorDetails } from '../../src/domain/upstream-error.ts';
import { outcomeOf, type Reply } from './paid-outcomes.ts';

/** A call that came to a held source. */
export interface HeldCall {
  readonly key: LinkIndexKey;
  readonly options: ReadOptions;
  readonly startedAtMs: number;
}

/** A source whose calls end when the test says so. */
export interface HeldSource extends LinkIndexSource {
  /** Every call so far, in order; each is money. */
  readonly calls: readonly HeldCall[];
  /** Ends the call of this number, counted from 0, and lets everything follow from it. */
  end(index: number, reply: Reply, details?: UpstreamErrorDetails): Promise<void>;
}

/** @param clock milliseconds since the epoch */
export function createHeldSource(clock: () => number): HeldSource {
  const calls: HeldCall[] = [];
  const ends: ((outcome: LinkIndexOutcome) => void)[] = [];
  return {
    calls,
    read(key, options) {
      const { promise, resolve } = Promise.withResolvers<LinkIndexOutcome>();
      calls.push({ key, options, startedAtMs: clock() });
      ends.push(resolve);
      return promise;
    },
    end(index, reply, details) {
      ends[index]?.(outcomeOf(reply, clock(), index, details));
      return settled();
    },
  };
}

/** A source that gives these replies in turn, the last one for ever. */
export function createScriptedSource(clock: () => number, ...script: readonly (Reply | Scripted)[]) {
  const calls: HeldCall[] = [];
  return {
    calls,
    async read(key: LinkIndexKey, options: ReadOptions): Promise<LinkIndexOutcome> {
      const next = script[Math.min(calls.length, script.length - 1)] ?? 0;
      calls.push({ key, options, startedAtMs: clock() });
      const { reply, ...details } = typeof next === 'object' ? next : { reply: next };
      return outcomeOf(reply, clock(), calls.length - 1, details);
    },
  };
}

export interface Scripted extends UpstreamErrorDetails {
  readonly reply: Reply;
}

/** Settles when all that can happen without a timer has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function keyOf(kolId: string, industryTag = ''): LinkIndexKey {
  return { kolId, industryTag };
}
