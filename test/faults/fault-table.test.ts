import { expect, test } from 'vitest';
import { IDS_ONLY } from '../operations.ts';
import { starOf } from '../support/scripted-upstream.ts';
import { type Answer, type FaultRun, startFaultRun } from './fault-run.ts';
import { FAULTS } from './fault-table.ts';
import { type Fault, VICTIM } from './faults.ts';

const RETRYABLE = /COLLECTION_FAILED|RATE_LIMITED|QUOTA_EXCEEDED|INTERNAL_ERROR|UNREACHABLE|PAUSED/;
const BYSTANDER = '8';

test('the table has at least 85 faults, each with a title of its own', () => {
  expect(FAULTS.length).toBeGreaterThanOrEqual(85);
  expect(new Set(FAULTS.map(({ title }) => title)).size).toBe(FAULTS.length);
});

test.concurrent.each(FAULTS)('$title gives $gives, billed: $billed', expectConsequence);

async function expectConsequence(fault: Fault): Promise<void> {
  await using run = await startFaultRun(new Map([[VICTIM, fault]]));
  const isReachable = !('obstacle' in Object(fault.conduct));
  const expectedCalls = isReachable ? fault.attempts : 0;

  const first = await run.ask(VICTIM);

  expectToMatch(first, fault);
  expect(first.billedCalls).toBe(fault.billed === 'yes' ? '1' : '0');
  expect(run.attempts()).toEqual(Array(fault.attempts).fill({ outcome: outcomeOf(fault), billed: fault.billed }));
  expect(run.upstream.calls).toHaveLength(expectedCalls);

  await expectAfterwards(run, fault, first);

  expect((await fetch(`${run.gateway.origin}/livez`)).status).toBe(200);
  expect(await run.gateway.query(IDS_ONLY, { ids: [VICTIM] })).toEqual({ data: { kols: [{ id: VICTIM }] } });
  // Another test's server may have had this port before, and somebody may still ask for that one.
  expect(run.elsewhere.calls.filter(({ path }) => path.startsWith('/api/'))).toEqual([]);
  expect(run.strayBytes()).not.toMatch(/GET|token/);
}

function expectToMatch({ result }: Answer, { gives, linkIndex, upstreamCode, retryAfterSeconds }: Fault): void {
  if (gives === 'answer') {
    expect(result.errors).toBeUndefined();
    const own = { star: expect.objectContaining({ value: starOf(VICTIM) }) };
    expect(result.data?.kol?.linkIndex).toMatchObject({ freshness: 'FRESH', ...(linkIndex ?? own) });
  } else if (gives === 'no data') {
    expect(result).toEqual({ data: { kol: { linkIndex: null } } });
  } else {
    expect(result.data).toEqual({ kol: { linkIndex: null } });
    expect(result.errors?.map(({ path, extensions }) => [path, extensions])).toEqual([
      [
        ['kol', 'linkIndex'],
        {
          code: gives,
          retryable: RETRYABLE.test(gives),
          requestId: expect.any(String),
          kolId: VICTIM,
          ...(upstreamCode !== undefined && { upstreamCode }),
          ...(gives === 'UPSTREAM_RATE_LIMITED' && { retryAfterSeconds: retryAfterSeconds ?? expect.any(Number) }),
        },
      ],
    ]);
  }
}

async function expectAfterwards(run: FaultRun, fault: Fault, first: Answer): Promise<void> {
  const { afterwards } = fault;
  if (afterwards === 'asks again') await expectAsking(run, fault);
  else if ('pausedSeconds' in afterwards) await expectPause(run, fault, afterwards.pausedSeconds);
  else await expectMemory(run, afterwards.rememberedSeconds, first);
}

/** Unbilled, so nothing is kept: the same query takes as many attempts as before. */
async function expectAsking(run: FaultRun, fault: Fault): Promise<void> {
  const { gives, attempts, attemptsAfterwards = attempts, retryAfterSeconds = 0 } = fault;
  const callsBefore = run.upstream.calls.length;
  run.gateway.clock.advanceMs(retryAfterSeconds * 1000);
  const again = await run.ask(VICTIM);
  expect(again.result.errors).toMatchObject([{ extensions: { code: gives } }]);
  expect(run.attempts()).toHaveLength(attempts + attemptsAfterwards);
  expect(run.upstream.calls).toHaveLength(callsBefore && attempts + attemptsAfterwards);
  if (callsBefore === 0) return;
  run.gateway.clock.advanceMs(retryAfterSeconds * 1000);
  await expectGoodAnswer(run);
}

/** What is condemned is not asked again, by nobody, until the pause is over. */
async function expectPause({ gateway, ...run }: FaultRun, { gives }: Fault, pausedSeconds: number): Promise<void> {
  for (const kolId of [VICTIM, BYSTANDER]) {
    const { result, billedCalls } = await run.ask(kolId);
    const refused = { code: 'UPSTREAM_PAUSED', reason: gives, retryAfterSeconds: pausedSeconds, retryable: true };
    expect(result.errors).toMatchObject([{ extensions: refused }]);
    expect(billedCalls).toBe('0');
  }
  gateway.clock.advanceMs(pausedSeconds * 1000 - 1);
  expect((await run.ask(BYSTANDER)).result.errors).toMatchObject([{ extensions: { retryAfterSeconds: 1 } }]);
  expect(run.upstream.calls).toHaveLength(1);
  gateway.clock.advanceMs(1);
  await expectGoodAnswer({ gateway, ...run });
  expect(run.upstream.calls).toHaveLength(2);
}

/** What was billed, or may have been, is not bought again by a reload. */
async function expectMemory(run: FaultRun, rememberedSeconds: number, first: Answer): Promise<void> {
  await expectGoodAnswer(run);
  const { length } = run.upstream.calls;
  for (const passedMs of [0, rememberedSeconds * 1000 - 1]) {
    run.gateway.clock.advanceMs(passedMs);
    const again = await run.ask(VICTIM);
    expect(withoutRequestId(again)).toEqual(withoutRequestId(first));
    expect(again.billedCalls).toBe('0');
  }
  expect(run.upstream.calls).toHaveLength(length);
  run.gateway.clock.advanceMs(1);
  await run.ask(VICTIM);
  await run.upstream.received(length + 1);
}

async function expectGoodAnswer({ ask }: FaultRun): Promise<void> {
  const { result, billedCalls } = await ask(BYSTANDER);
  expect(result).toMatchObject({ data: { kol: { linkIndex: { star: { value: starOf(BYSTANDER) } } } } });
  expect(billedCalls).toBe('1');
}

function outcomeOf({ gives }: Fault): string {
  return gives === 'answer' ? 'ok' : gives === 'no data' ? 'no_data' : gives;
}

function withoutRequestId({ result }: Answer): unknown {
  return JSON.parse(JSON.stringify(result, (name, value: unknown) => (name === 'requestId' ? undefined : value)));
}
