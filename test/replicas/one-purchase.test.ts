import { expect, test } from 'vitest';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { startReplica, startReplicas } from '../support/replicas.ts';
import { answers, failsWith, held, replies, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { callsById, freshStarOf, idsOf } from './calls-by-id.ts';

const REQUESTS = 1000;

describeWithRedis('replicas that share a Redis', () => {
  test.each([3, 5])('buy once for 1,000 readers of one key over %i processes', async (count) => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(held());
    await using replicas = await startReplicas(count, { upstream, store: redis.url });
    const reading = Array.from({ length: REQUESTS }, (_, index) => replicas.at(index).read('7'));
    await upstream.received(1);
    upstream.release();
    const reads = await Promise.all(reading);
    expect(reads[0]).toMatchObject(freshStarOf('7'));
    expect(new Set(reads.map((read) => JSON.stringify(read)))).toEqual(new Set([JSON.stringify(reads[0])]));
    expect(upstream.calls).toHaveLength(1);
  });

  test('buy each of 200 keys once, whoever asks for which in what order', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    await using replicas = await startReplicas(3, { upstream, store: redis.url });
    const ids = idsOf('many', 200);
    const readings = replicas.all.map((replica, index) => {
      const turned = [...ids.slice(index * 70), ...ids.slice(0, index * 70)];
      return Promise.all(turned.map(async (id) => expect(await replica.read(id)).toMatchObject(freshStarOf(id))));
    });
    await Promise.all(readings);
    expect([...callsById(upstream)].filter(([, calls]) => calls !== 1)).toEqual([]);
    expect(upstream.calls).toHaveLength(ids.length);
  });

  test('get what a process has bought that is dead since', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(answers);
    await using first = await startReplica({ upstream, store: redis.url });
    expect(await first.read('7')).toMatchObject(freshStarOf('7'));
    await first.kill();
    await using next = await startReplica({ upstream, store: redis.url });
    expect(await next.read('7')).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });

  test.each([
    ['that there is no data', failsWith(201), { status: 200 }],
    ['an answer that nobody can read', replies(200, '<html>'), { status: 200, code: 'UPSTREAM_BAD_RESPONSE' }],
  ])('learn %s from one call', async (_, behaviour, expected) => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(held(behaviour));
    await using replicas = await startReplicas(3, { upstream, store: redis.url });
    const together = replicas.readEverywhere('7');
    await upstream.received(1);
    upstream.release();
    expect(await together).toEqual([expected, expected, expected]);
    expect(await replicas.readEverywhere('7')).toEqual([expected, expected, expected]);
    expect(upstream.calls).toHaveLength(1);
  });
});
