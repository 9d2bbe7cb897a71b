import { describe, expect, test } from 'vitest';
import { idsOf } from '../../replicas/calls-by-id.ts';
import { keyFileEnv } from '../../support/key-file.ts';
import { endsOf } from '../../support/replicas.ts';
import { answers, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { expectShared, STORES, slowly, startCrowd } from './crowd.ts';

const TEAM = { name: 'team', key: 'key-of-the-team' };
const headers = { authorization: `Bearer ${TEAM.key}` };

describe.each(STORES)('over all workers and %s', (_, location) => {
  test('a daily budget of 20 buys exactly 20, and ledger and metrics are of the whole', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const env = { UPSTREAM_DAILY_BUDGET: '20' };
    await using crowd = await startCrowd({ upstream, store: location(), env });
    const reads = await Promise.all(idsOf('id', 100).map((id) => crowd.readAnew(id)));
    expect(endsOf(reads)).toEqual({ 'a value': 20, BUDGET_EXHAUSTED: 80 });
    expect(upstream.calls).toHaveLength(20);
    await expectShared(crowd);

    expect(await crowd.account()).toMatchObject({ billed: 20, unknown: 0, open: 0, budget: 20, remaining: 0 });
    const metrics = await crowd.metrics();
    const one = (name: string, labels: string) => metrics.get(`kol_gateway_${name}{${labels}}`);
    expect(one('link_index_reads_total', 'result="upstream"')).toBe(20);
    expect(one('link_index_reads_total', 'result="failed"')).toBe(80);
    expect(one('upstream_billed_total', 'endpoint="kol-link-info"')).toBe(20);
    expect(one('upstream_in_flight', 'endpoint="kol-link-info"')).toBe(0);
    expect(one('graphql_request_seconds_count', 'client="local",outcome="ok"')).toBe(20);
    expect(metrics.get('kol_gateway_budget_remaining')).toBe(0);
    expect(metrics.get('kol_gateway_budget_limit')).toBe(20);
    expect(metrics.get('process_start_time_seconds')).toBeGreaterThan(Date.now() / 1000 - 600);
  });

  test("a client's billedPerDay of 7 buys exactly 7", async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using crowd = await startCrowd({
      upstream,
      store: location(),
      env: keyFileEnv({ ...TEAM, billedPerDay: 7 }),
    });
    const reads = await Promise.all(idsOf('id', 60).map((id) => crowd.readAnew(id, { headers })));
    expect(endsOf(reads)).toEqual({ 'a value': 7, BUDGET_EXHAUSTED: 53 });
    expect(upstream.calls).toHaveLength(7);
  });

  test("a client's perMinute of 10 lets exactly 10 of 30 requests in", async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using crowd = await startCrowd({ upstream, store: location(), env: keyFileEnv({ ...TEAM, perMinute: 10 }) });
    const reads = await Promise.all(Array.from({ length: 30 }, () => crowd.readAnew('7', { headers })));
    expect(endsOf(reads)).toEqual({ 'a value': 10, RATE_LIMITED: 20 });
    expect(upstream.calls).toHaveLength(1);
  });
});

test('no more than UPSTREAM_MAX_CONCURRENT calls are in flight at a time', async () => {
  const slow = slowly(200);
  await using upstream = await startScriptedUpstream(slow);
  await using crowd = await startCrowd({ upstream, env: { UPSTREAM_MAX_CONCURRENT: '3' } });
  const reads = await Promise.all(idsOf('id', 30).map((id) => crowd.readAnew(id)));
  expect(endsOf(reads)).toEqual({ 'a value': 30 });
  await expectShared(crowd);
  expect(slow.most()).toBe(3);
});

test('UPSTREAM_MAX_PER_SECOND paces all workers together', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using crowd = await startCrowd({ upstream, env: { UPSTREAM_MAX_PER_SECOND: '10' } });
  const startedAtMs = performance.now();
  await Promise.all(idsOf('id', 21).map((id) => crowd.readAnew(id)));
  expect(performance.now() - startedAtMs).toBeGreaterThan(1990);
});
