import { expect, test } from 'vitest';
import { callsById, freshStarOf, idsOf } from '../../replicas/calls-by-id.ts';
import { keyFileEnv } from '../../support/key-file.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { endsOf } from '../../support/replicas.ts';
import { answers, failsWith, held, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startUpstreamByKol } from '../../support/upstream-by-kol.ts';
import { BUSY, startWorkerPool, WORKERS } from './worker-pool.ts';

const TEAM = { name: 'team', key: 'key-of-the-team' };
const headers = { authorization: `Bearer ${TEAM.key}` };
const HASTY = { headers: { prefer: 'wait=0' } };

describeWithRedis('two workers over one Redis', () => {
  test('buy each of 30 KOLs once for 120 readers, and write whole lines', async () => {
    await using upstream = await startScriptedUpstream(held());
    // Whichever worker gets them, all may be bought at once.
    await using pool = await startWorkerPool({ upstream, env: { UPSTREAM_MAX_CONCURRENT: '60' } });
    const ids = idsOf('cold', 30);
    const readers = Array.from({ length: 120 }, (_, index) => ids[index % ids.length] ?? '');
    const reading = Promise.all(readers.map((id) => pool.readAnew(id)));
    await upstream.received(ids.length);
    upstream.release();
    expect(await reading).toEqual(readers.map((id) => expect.objectContaining(freshStarOf(id))));
    expect(callsById(upstream)).toEqual(new Map(ids.map((id) => [id, 1])));
    await expect.poll(() => pool.busyWorkers().size, BUSY).toBe(WORKERS);
    for (const id of ids) expect(await pool.readAnew(id)).toMatchObject(freshStarOf(id));
    expect(upstream.calls).toHaveLength(ids.length);

    const lines = pool.logText().trimEnd().split('\n');
    const forPeople = lines.filter((line) => !line.startsWith('{"level":') || !line.endsWith('}'));
    expect(forPeople).toEqual([
      expect.stringMatching(/^kol-gateway .* live: /),
      expect.stringContaining('  GraphQL   http'),
      expect.stringContaining('  Pages     http'),
      expect.stringContaining('  Limits    '),
      ...lines.filter((line) => line.startsWith('  Warning')),
    ]);
  });

  test('spend one budget, and count it once', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using pool = await startWorkerPool({ upstream, env: { UPSTREAM_DAILY_BUDGET: '20' } });
    const reads = await Promise.all(idsOf('id', 60).map((id) => pool.readAnew(id)));
    expect(endsOf(reads)).toEqual({ 'a value': 20, BUDGET_EXHAUSTED: 40 });
    expect(upstream.calls).toHaveLength(20);
    await expect.poll(() => pool.account(), BUSY).toMatchObject({ billed: 20, unknown: 0, open: 0, budget: 20 });

    const metrics = await pool.metrics();
    const one = (name: string, labels: string) => metrics.get(`kol_gateway_${name}{${labels}}`);
    expect(one('link_index_reads_total', 'result="upstream"')).toBe(20);
    expect(one('link_index_reads_total', 'result="failed"')).toBe(40);
    expect(one('upstream_billed_total', 'endpoint="kol-link-info"')).toBe(20);
    expect(one('graphql_request_seconds_count', 'client="local",outcome="ok"')).toBe(20);
    expect(metrics.get('kol_gateway_budget_remaining')).toBe(0);
    expect(metrics.get('kol_gateway_budget_limit')).toBe(20);
    expect(Math.abs(metrics.get('kol_gateway_clock_offset_seconds') ?? Number.NaN)).toBeLessThan(1);
    expect(metrics.get('process_start_time_seconds')).toBeGreaterThan(Date.now() / 1000 - 600);
  });

  test("hold a client's billedPerDay and perMinute together", async () => {
    await using upstream = await startScriptedUpstream(answers);
    const env = keyFileEnv({ ...TEAM, billedPerDay: 7, perMinute: 30 });
    await using pool = await startWorkerPool({ upstream, env });
    const reads = await Promise.all(idsOf('id', 40).map((id) => pool.readAnew(id, { headers })));
    expect(endsOf(reads)).toEqual({ 'a value': 7, BUDGET_EXHAUSTED: 23, RATE_LIMITED: 10 });
    expect(upstream.calls).toHaveLength(7);
  });

  test('share out UPSTREAM_MAX_CONCURRENT', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using pool = await startWorkerPool({ upstream, env: { UPSTREAM_MAX_CONCURRENT: '7' } });
    const readings = idsOf('id', 30).map((id) => pool.readAnew(id));
    const gauge = async (name: string) =>
      (await pool.metrics()).get(`kol_gateway_upstream_${name}{endpoint="kol-link-info"}`);
    await expect.poll(() => gauge('queued'), BUSY).toBe(24);
    expect(await gauge('in_flight')).toBe(6);
    expect(upstream.calls).toHaveLength(6);
    upstream.release();
    expect(endsOf(await Promise.all(readings))).toEqual({ 'a value': 30 });
  });

  test('keep one pace', async () => {
    const receivedAtMs: number[] = [];
    await using upstream = await startScriptedUpstream((socket, call) => {
      receivedAtMs.push(performance.now());
      answers(socket, call);
    });
    await using pool = await startWorkerPool({ upstream, env: { UPSTREAM_MAX_PER_SECOND: '5' } });
    const reads = await Promise.all(idsOf('paced', 12).map((id) => pool.readAnew(id)));
    expect(endsOf(reads)).toEqual({ 'a value': 12 });
    const inSecondFrom = (startMs: number) =>
      receivedAtMs.filter((atMs) => atMs >= startMs && atMs < startMs + 1000).length;
    // One more than five: what was sent in time may arrive late.
    expect(Math.max(...receivedAtMs.map(inSecondFrom))).toBeLessThanOrEqual(6);
  });

  test('serve a forced answer everywhere, and what one has bought after its reader has left', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using pool = await startWorkerPool({ upstream });
    expect(endsOf(await pool.readInTurn('7', WORKERS, HASTY))).toEqual({ UPSTREAM_PENDING: WORKERS });
    upstream.release();
    await expect.poll(async () => (await pool.readAnew('7', HASTY)).value, BUSY).toBeDefined();
    expect(await pool.readInTurn('7')).toEqual(Array(2 * WORKERS).fill(expect.objectContaining(freshStarOf('7'))));
    expect(upstream.calls).toHaveLength(1);

    const forced = await pool.readAnew('7', { acceptCache: false });
    const seen = async () => new Set((await pool.readInTurn('7')).map(({ fetchedAtMs }) => fetchedAtMs));
    await expect.poll(seen, BUSY).toEqual(new Set([forced.fetchedAtMs]));
    expect(upstream.calls).toHaveLength(2);
  });

  test('pause together', async () => {
    await using upstream = await startUpstreamByKol({ '1': [failsWith(601)] });
    await using pool = await startWorkerPool({ upstream });
    expect(await pool.readAnew('1')).toEqual({ status: 200, code: 'UPSTREAM_BALANCE_INSUFFICIENT' });
    const paused = { status: 200, code: 'UPSTREAM_PAUSED', reason: 'UPSTREAM_BALANCE_INSUFFICIENT' };
    const breaker = async () => (await pool.metrics()).get('kol_gateway_upstream_breaker_open{reason="account"}');
    await expect.poll(breaker, BUSY).toBe(1);
    await expect.poll(() => pool.readInTurn('2'), BUSY).toEqual(Array(2 * WORKERS).fill(paused));
    expect(upstream.calls).toHaveLength(1);
  });
});
