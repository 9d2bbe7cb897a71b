import { describe, expect, test } from 'vitest';
import {
  createSingleFlight,
  type HeldLease,
  type LeaseOfAnother,
  type Leases,
  runShared,
} from '../../src/cache/flights.ts';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import {
  BUDGET_EXHAUSTED,
  CLIENT_BUDGET_EXHAUSTED,
  LEASE_LOST,
  OVERLOADED,
  PAUSED,
  STOPPING,
  type Verdict,
} from '../../src/domain/verdicts.ts';
import { answerAt, outcomeOf, type Reply } from '../model/paid-outcomes.ts';

const [OURS, THEIRS, RECALLED] = [answerAt(1, 1), answerAt(2, 2), answerAt(3, 3)];

const refused = (verdict: Verdict): LinkIndexOutcome => ({
  kind: 'failure',
  error: new UpstreamError(verdict),
  failedAtMs: 1,
});

/** What the leases say when they are asked, in turn: that they are unavailable, that one is ours, or what another's flight brings. */
type Saying =
  | 'away'
  | 'held'
  | { readonly of: string; readonly isForced?: boolean; readonly brings?: LinkIndexOutcome };

interface Scene {
  readonly sayings?: readonly Saying[];
  readonly isForced?: boolean;
  readonly recalled?: LinkIndexOutcome;
  /** What our purchases bring, in turn. */
  readonly brings?: readonly (LinkIndexOutcome | Error)[];
}

/** A flight over leases that say what the test scripted. */
async function fly({ sayings, isForced = false, recalled, brings = [OURS] }: Scene) {
  const log: string[] = [];
  const told: (LinkIndexOutcome | undefined)[] = [];
  const script = [...(sayings ?? [])];
  const purchases = [...brings];

  const held: HeldLease = {
    kind: 'held',
    token: 'ours',
    extend: async () => true,
    end: async (outcome) => {
      log.push('end');
      told.push(outcome);
    },
  };
  const leases: Leases = {
    async acquire(cacheKey, asForced, abandoned) {
      log.push(
        ['acquire', cacheKey, ...(asForced ? ['forced'] : []), ...(abandoned ? [`after ${abandoned}`] : [])].join(' '),
      );
      const next = script.shift();
      if (next === undefined || next === 'away') throw new Error('Redis is unavailable');
      if (next === 'held') return held;
      const { of: token, isForced: isTheirsForced = false, brings: outcome } = next;
      return {
        kind: 'of-another',
        token,
        isForced: isTheirsForced,
        outcome: Promise.resolve(outcome),
      } satisfies LeaseOfAnother;
    },
    stop() {},
  };
  const flight = runShared({
    leases: sayings && leases,
    cacheKey: '7',
    isForced,
    async load() {
      log.push('load');
      return recalled;
    },
    async purchase(lease) {
      log.push(lease === undefined ? 'buy alone' : `buy with ${lease.token}`);
      const bought = purchases.shift();
      if (bought instanceof Error || bought === undefined) throw bought ?? new Error('one purchase too many');
      return bought;
    },
  });
  const flown = await flight.catch((error: Error) => error.message);
  return { flown, log, told };
}

describe('among replicas', () => {
  test('where no replicas share anything, the purchase is our own', async () => {
    expect(await fly({})).toEqual({ flown: { outcome: OURS, isOwn: true }, log: ['buy alone'], told: [] });
  });

  test('where the leases are unavailable, each replica buys for itself, once', async () => {
    const { flown, log } = await fly({ sayings: ['away'] });
    expect(flown).toEqual({ outcome: OURS, isOwn: true });
    expect(log).toEqual(['acquire 7', 'buy alone']);
  });

  test('with the lease in hand it buys, and tells the others', async () => {
    const { flown, log, told } = await fly({ sayings: ['held'] });
    expect(flown).toEqual({ outcome: OURS, isOwn: true });
    expect(log).toEqual(['acquire 7', 'load', 'buy with ours', 'end']);
    expect(told).toEqual([OURS]);
  });

  test('what another has bought meanwhile is not bought again, and told on', async () => {
    const { flown, log, told } = await fly({ sayings: ['held'], recalled: RECALLED });
    expect(flown).toEqual({ outcome: RECALLED, isOwn: false });
    expect(log).toEqual(['acquire 7', 'load', 'end']);
    expect(told).toEqual([RECALLED]);
  });

  test('a forced flight recalls nothing: only an answer that nobody kept will do', async () => {
    const { flown, log } = await fly({ sayings: ['held'], isForced: true, recalled: RECALLED });
    expect(flown).toEqual({ outcome: OURS, isOwn: true });
    expect(log).toEqual(['acquire 7 forced', 'buy with ours', 'end']);
  });

  test.each<Reply>([0, 201, 301, 400, 'outcome-unknown', 'bad-response'])(
    'who waits for another gets what it brings: %s',
    async (reply) => {
      const outcome = outcomeOf(reply, 1);
      const { flown, log } = await fly({ sayings: [{ of: 'theirs', brings: outcome }] });
      expect(flown).toEqual({ outcome, isOwn: false });
      expect(log).toEqual(['acquire 7']);
    },
  );

  test.each([
    { isForced: false, theirs: false, isJoined: true },
    { isForced: false, theirs: true, isJoined: true },
    { isForced: true, theirs: true, isJoined: true },
    { isForced: true, theirs: false, isJoined: false },
  ])('forced $isForced, while the flight of another is forced $theirs: joined $isJoined', async (given) => {
    const { isForced, isJoined, theirs } = given;
    const sayings: Saying[] = [{ of: 'theirs', isForced: theirs, brings: THEIRS }, 'held'];
    const { flown, log } = await fly({ sayings, isForced });
    expect(flown).toEqual(isJoined ? { outcome: THEIRS, isOwn: false } : { outcome: OURS, isOwn: true });
    expect(log.filter((line) => line.startsWith('buy'))).toHaveLength(isJoined ? 0 : 1);
    expect(log.join(), 'who ended with a word is not abandoned').not.toContain('after');
  });

  test('after a flight that ended without a word it takes over, and names the abandoned', async () => {
    const { flown, log } = await fly({ sayings: [{ of: 'abandoned:1' }, 'held'] });
    expect(flown).toEqual({ outcome: OURS, isOwn: true });
    expect(log).toEqual(['acquire 7', 'acquire 7 after abandoned:1', 'load', 'buy with ours', 'end']);
  });

  test('when another one takes over first, it waits for that one', async () => {
    const { flown, log } = await fly({ sayings: [{ of: 'abandoned:1' }, { of: 'next:1', brings: THEIRS }] });
    expect(flown).toEqual({ outcome: THEIRS, isOwn: false });
    expect(log).toEqual(['acquire 7', 'acquire 7 after abandoned:1']);
  });

  test('a flight that ended with a word is no abandoned one, though a forced one does not join it', async () => {
    const { log } = await fly({
      sayings: [{ of: 'abandoned:1' }, { of: 'next:1', brings: THEIRS }, 'held'],
      isForced: true,
    });
    expect(log.slice(0, 3)).toEqual(['acquire 7 forced', 'acquire 7 forced after abandoned:1', 'acquire 7 forced']);
  });

  test('when the leases go away while it waits, it buys alone', async () => {
    const { flown, log } = await fly({ sayings: [{ of: 'theirs' }, 'away'] });
    expect(flown).toEqual({ outcome: OURS, isOwn: true });
    expect(log).toEqual(['acquire 7', 'acquire 7 after theirs', 'buy alone']);
  });

  test('who loses the lease in mid-purchase waits for who has it now', async () => {
    const sayings: Saying[] = ['held', { of: 'theirs', brings: THEIRS }];
    const { flown, log, told } = await fly({ sayings, brings: [refused(LEASE_LOST)] });
    expect(flown).toEqual({ outcome: THEIRS, isOwn: false });
    expect(log).toEqual(['acquire 7', 'load', 'buy with ours', 'end', 'acquire 7']);
    expect(told, 'nobody is told of a loss').toEqual([undefined]);
  });

  test.each([STOPPING, OVERLOADED, PAUSED, BUDGET_EXHAUSTED, CLIENT_BUDGET_EXHAUSTED])(
    'what this replica refused for itself is told to nobody else: $errorCode, $message',
    async (verdict) => {
      const outcome = refused(verdict);
      const { flown, told } = await fly({ sayings: ['held'], brings: [outcome] });
      expect(flown).toEqual({ outcome, isOwn: true });
      expect(told).toEqual([undefined]);
    },
  );

  test('a fault of ours gives the lease back, and is thrown', async () => {
    const { flown, log, told } = await fly({ sayings: ['held'], brings: [new Error('a fault of ours')] });
    expect(flown).toBe('a fault of ours');
    expect(log.at(-1)).toBe('end');
    expect(told).toEqual([undefined]);
  });
});

/** Starts that end when the test says so. */
function createStarts() {
  const open: PromiseWithResolvers<string>[] = [];
  return {
    get count() {
      return open.length;
    },
    start: () => {
      const result = Promise.withResolvers<string>();
      open.push(result);
      return result.promise;
    },
    end: (index: number, value: string) => open[index]?.resolve(value),
    fail: (index: number, error: Error) => open[index]?.reject(error),
  };
}

describe('within a process', () => {
  test('whoever comes while a flight is under way joins it', async () => {
    const flights = createSingleFlight<string>();
    const starts = createStarts();
    const results = [flights.join('k', starts.start), flights.join('k', starts.start)];
    starts.end(0, 'a');
    expect(await Promise.all(results)).toEqual(['a', 'a']);
    expect(starts.count).toBe(1);
  });

  test('keys fly apart, and a landed flight is not joined', async () => {
    const flights = createSingleFlight<string>();
    const starts = createStarts();
    const first = flights.join('k', starts.start);
    const other = flights.join('l', starts.start);
    starts.end(0, 'a');
    starts.end(1, 'b');
    expect([await first, await other]).toEqual(['a', 'b']);
    const second = flights.join('k', starts.start);
    starts.end(2, 'c');
    expect(await second).toBe('c');
  });

  test('a forced flight waits for the unforced one, and forced callers share it', async () => {
    const flights = createSingleFlight<string>();
    const starts = createStarts();
    const unforced = flights.join('k', starts.start);
    const forced = [flights.joinForced('k', starts.start), flights.joinForced('k', starts.start)];
    expect(starts.count).toBe(1);
    starts.end(0, 'old');
    expect(await unforced).toBe('old');
    await Promise.resolve();
    expect(starts.count).toBe(2);
    starts.end(1, 'new');
    expect(await Promise.all(forced)).toEqual(['new', 'new']);
  });

  test('an unforced caller joins the unforced flight, and the forced one when that is the only one', async () => {
    const flights = createSingleFlight<string>();
    const starts = createStarts();
    const unforced = flights.join('k', starts.start);
    const forced = flights.joinForced('k', starts.start);
    const early = flights.join('k', starts.start);
    starts.end(0, 'old');
    expect([await unforced, await early]).toEqual(['old', 'old']);
    await Promise.resolve();
    const late = flights.join('k', starts.start);
    starts.end(1, 'new');
    expect([await forced, await late]).toEqual(['new', 'new']);
    expect(starts.count).toBe(2);
  });

  test('a failed flight fails everyone who joined and leaves nothing behind', async () => {
    const flights = createSingleFlight<string>();
    const starts = createStarts();
    const results = [flights.join('k', starts.start), flights.joinForced('k', starts.start)];
    starts.fail(0, new Error('lost'));
    await expect(results[0]).rejects.toThrow('lost');
    await Promise.resolve();
    starts.end(1, 'new');
    expect(await results[1]).toBe('new');
    await flights.idle();
  });

  test('idle waits for flights that start while it waits', async () => {
    const flights = createSingleFlight<string>();
    const starts = createStarts();
    let isIdle = false;
    const first = flights.join('k', starts.start);
    const idle = flights.idle().then(() => {
      isIdle = true;
    });
    const second = flights.join('l', starts.start);
    starts.end(0, 'a');
    await first;
    expect(isIdle).toBe(false);
    starts.end(1, 'b');
    await second;
    await idle;
  });
});
