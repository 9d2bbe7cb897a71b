import { setTimeout as elapsed } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { INDUSTRY_TAGS } from '../../../src/upstream/industry-tags.ts';
import { callsById, freshStarOf, idsOf } from '../../replicas/calls-by-id.ts';
import { failsWith, held, starOf, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startUpstreamByKol } from '../../support/upstream-by-kol.ts';
import { expectShared, STORES, slowly, startCrowd, WORKERS } from './crowd.ts';

const READERS = 1000;
/** One that the successor knows. */
const TAG = [...INDUSTRY_TAGS].find((tag) => tag !== 'ALL') ?? '';
const HASTY = { headers: { prefer: 'wait=0' } };

describe.each(STORES)('workers over %s', (_, location) => {
  test('buy each of 20 KOLs once for 1,000 readers, and write whole lines', async () => {
    await using upstream = await startScriptedUpstream(slowly(300));
    await using crowd = await startCrowd({ upstream, store: location() });
    const ids = idsOf('cold', 20);
    const readings = Array.from({ length: READERS }, async (_, index) => {
      const id = ids[index % ids.length] ?? '';
      expect(await crowd.readAnew(id)).toMatchObject(freshStarOf(id));
    });
    await Promise.all(readings);
    expect(callsById(upstream)).toEqual(new Map(ids.map((id) => [id, 1])));
    await expectShared(crowd);
    for (const id of ids) expect(await crowd.readAnew(id)).toMatchObject(freshStarOf(id));
    expect(upstream.calls).toHaveLength(ids.length);

    const [title = '', ...lines] = crowd.logText().trimEnd().split('\n');
    expect(title).toMatch(/^kol-gateway .* live: /);
    const notJson = lines.filter((line) => !line.startsWith('{"level":') || !line.endsWith('}'));
    expect(notJson).toEqual([
      expect.stringContaining('  GraphQL   http'),
      expect.stringContaining('  Pages     http'),
      ...lines.filter((line) => line.startsWith('  Warning')),
    ]);
  });

  test('serve a forced answer everywhere as soon as one of them has it', async () => {
    await using upstream = await startScriptedUpstream(slowly(0));
    await using crowd = await startCrowd({ upstream, store: location() });
    await crowd.readInTurn('7');
    await expectShared(crowd);
    const forced = await crowd.readAnew('7', { acceptCache: false });
    const after = await crowd.readInTurn('7');
    expect(new Set(after.map(({ fetchedAtMs }) => fetchedAtMs))).toEqual(new Set([forced.fetchedAtMs]));
    expect(upstream.calls).toHaveLength(2);
  });

  test('refresh a stale answer once, behind whoever asks', async () => {
    await using upstream = await startScriptedUpstream(slowly(200));
    await using crowd = await startCrowd({ upstream, store: location(), env: { CACHE_FRESH_SECONDS: '3' } });
    const [first] = await crowd.readInTurn('7');
    await elapsed(3100);
    const stale = await Promise.all(Array.from({ length: 40 }, () => crowd.readAnew('7')));
    expect(stale[0]).toMatchObject({ freshness: 'STALE_REVALIDATING', fetchedAtMs: first?.fetchedAtMs });
    await expect.poll(async () => (await crowd.readAnew('7')).freshness).toBe('FRESH');
    const renewed = await crowd.readInTurn('7');
    expect(renewed.filter(({ freshness }) => freshness !== 'FRESH')).toEqual([]);
    expect(upstream.calls).toHaveLength(2);
  });
});

test('who waits no longer is told so, and finds the answer later at any worker', async () => {
  await using upstream = await startScriptedUpstream(held());
  await using crowd = await startCrowd({ upstream });
  const hasty = await crowd.readInTurn('7', WORKERS, HASTY);
  expect(hasty).toEqual(Array(WORKERS).fill({ status: 200, code: 'UPSTREAM_PENDING' }));
  upstream.release();
  await expect.poll(async () => (await crowd.readAnew('7', HASTY)).value).toBeDefined();
  expect(await crowd.readInTurn('7')).toEqual(Array(2 * WORKERS).fill(expect.objectContaining(freshStarOf('7'))));
  expect(upstream.calls).toHaveLength(1);
});

test('a failure is the same everywhere, and so is what it pauses', async () => {
  await using upstream = await startUpstreamByKol({ '1': [failsWith(601)] });
  await using crowd = await startCrowd({ upstream });
  expect(await crowd.readAnew('1')).toEqual({ status: 200, code: 'UPSTREAM_BALANCE_INSUFFICIENT' });
  const paused = { status: 200, code: 'UPSTREAM_PAUSED', reason: 'UPSTREAM_BALANCE_INSUFFICIENT' };
  expect(await crowd.readInTurn('2')).toEqual(Array(2 * WORKERS).fill(paused));
  expect(upstream.calls).toHaveLength(1);
});

test('the move to the successor holds for all workers, also for answers by industry', async () => {
  await using upstream = await startScriptedUpstream(failsWith(300), slowly(0));
  await using crowd = await startCrowd({ upstream, env: { JUSTONEAPI_ENDPOINT: 'auto' } });
  expect(await crowd.readAnew('1')).toMatchObject(freshStarOf('1'));
  const query = `{ kol(id: "7") { linkIndex(industryTag: "${TAG}") { star { value } } } }`;
  for (let times = 0; times < 3 * WORKERS; times += 1) {
    const answer = await crowd.query(query, {}, { headers: { connection: 'close' } });
    expect(answer).toEqual({ data: { kol: { linkIndex: { star: { value: starOf('7', TAG) } } } } });
  }
  expect(upstream.calls.map(({ path }) => path.includes('author'))).toEqual([false, true, true]);
  const metrics = await crowd.metrics();
  expect(metrics.get('kol_gateway_link_index_reads_total{result="memory"}')).toBe(2 * WORKERS);
});
