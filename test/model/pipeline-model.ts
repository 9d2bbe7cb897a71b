import { createTestClock } from '../support/test-clock.ts';
import { utcDayOf } from '../support/utc-days.ts';
import { type GatewayLine, type LineSettings, SCOPE, startLine } from './gateway-line.ts';
import { settled } from './held-source.ts';
import { createMeteredUpstream } from './metered-upstream.ts';
import { KEYS, LIFETIMES, type Step } from './pipeline-steps.ts';
import { createReaders } from './readers.ts';
import { createReference } from './reference.ts';
import { createSurvivingDatabase } from './surviving-database.ts';

/** What is kept for later is offered again every second. */
const RESAVE_MS = 1000;
/** So no step tries it a hundred thousand times. */
const MAX_AWAY_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Attempts, breakers' pauses and rate limits all end long before. */
const MAX_HOURS_TO_THE_END = 100;

/**
 * Lets these steps happen to a gateway line, and ends it.
 * @returns what went against the promises, in words
 */
export async function runSteps(steps: readonly Step[], settings: LineSettings): Promise<readonly string[]> {
  const violations: string[] = [];
  const violate = (what: unknown) => void violations.push(String(what));
  const clock = createTestClock();
  using database = createSurvivingDatabase();
  const isStoreAway = () => database.isAway;
  const upstream = createMeteredUpstream({ ...settings, clock, isStoreAway, violate });
  const common = { lifetimes: LIFETIMES, clock: clock.nowMs, violate };
  const reference = createReference({ ...common, isStoreAway });
  const readers = createReaders({ ...common, upstream, reference });
  const watch = reference.watch(({ acceptCache, requester }) => !acceptCache && readers.isReader(requester));
  const start = () => startLine({ settings, lifetimes: LIFETIMES, upstream, watch, database, clock });
  let line: GatewayLine = await start();

  /** From timer to timer, so that what one lets go happens in its own time. */
  async function advance(ms: number): Promise<void> {
    const untilMs = clock.nowMs() + ms;
    while (clock.nowMs() < untilMs) {
      clock.advanceMs(Math.max(0, Math.min(untilMs, line.nextTimerMs()) - clock.nowMs()));
      await settled();
    }
  }

  /** The store is back, and has taken what was kept for it. */
  async function mendStore(): Promise<void> {
    database.isAway = false;
    for (let round = 0; round < 3; round += 1) await advance(RESAVE_MS);
  }

  async function take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'read':
      case 'force':
        return readers.read(line, KEYS[step.key] ?? KEYS[0], step.kind === 'force', settled);
      case 'reply': {
        const call = upstream.openCalls[step.which % Math.max(1, upstream.openCalls.length)];
        // Nothing takes no time: two events in one millisecond have no order that could be told afterwards.
        await advance(1);
        if (call) upstream.reply(call, step.reply, { retryAfterSeconds: step.retryAfterSeconds });
        return settled();
      }
      case 'advance':
        return advance(database.isAway ? Math.min(step.ms, MAX_AWAY_MS) : step.ms);
      case 'leave':
        return readers.leave(step.which, settled);
      case 'store':
        if (!step.isAway) return mendStore();
        database.isAway = true;
        return;
      case 'new-token':
        await advance(1);
        upstream.forgive();
        line.pipeline.forgiveAccount();
        return advance(1);
      case 'crash':
        if (database.isAway) await mendStore();
        line.crash();
        upstream.abandon();
        readers.crash();
        reference.crash();
        line = await start();
        return advance(1);
    }
  }

  /** Every call gets its answer, and everybody who waits theirs. */
  async function finish(): Promise<void> {
    await mendStore();
    for (let hour = 0; hour < MAX_HOURS_TO_THE_END && isBusy(); hour += 1) {
      for (const call of upstream.openCalls) upstream.reply(call, 0);
      await settled();
      await advance(hour % 2 === 0 ? 1 : HOUR_MS);
    }
    await mendStore();
    line.pipeline.stop();
    const unsavedCount = await line.store.close();
    await line.ledger.close();
    await settled();
    if (isBusy()) violate(`${readers.waiting.length} reads and ${line.cache.inFlight} flights without an end`);
    if (unsavedCount > 0) violate(`${unsavedCount} answers not stored`);
    if (clock.pending > 0) violate(`${clock.pending} timers left behind`);
  }

  const isBusy = () => readers.waiting.length + line.cache.inFlight + upstream.openCalls.length > 0;

  /** What the ledger has of each day is what the upstream billed, and what nobody can know. */
  function checkSpendingStore(): void {
    for (const day of new Set(upstream.calls.map(({ startedAtMs }) => utcDayOf(startedAtMs)))) {
      const calls = upstream.calls.filter(({ startedAtMs }) => utcDayOf(startedAtMs) === day);
      const count = (billed: 'yes' | 'unknown') => calls.filter((call) => call.billed === billed).length;
      const expected = JSON.stringify({ billed: count('yes'), unknown: count('unknown'), open: 0 });
      const booked = JSON.stringify(database.operations.spendingOf(SCOPE, day));
      if (booked !== expected) violate(`the ledger of ${day} says ${booked} instead of ${expected}`);
    }
    for (const requester of readers.requesters) {
      const billed = upstream.billedCallsOf(requester);
      if (requester.billedCalls !== billed)
        violate(`a request of ${billed} billed calls says ${requester.billedCalls}`);
    }
  }

  for (const step of steps) {
    await take(step);
    if (violations.length > 0) return violations;
  }
  await finish();
  checkSpendingStore();
  return violations;
}
