import { expect, test } from 'vitest';
import {
  describeWithRedis,
  startRedis,
  startRedisCluster,
  startRedisClusterPair,
  startRedisSentinel,
} from '../support/redis-server.ts';
import { startReplica, startReplicas } from '../support/replicas.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { callsById, freshStarOf, idsOf } from './calls-by-id.ts';

const ENV = { UPSTREAM_DAILY_BUDGET: '50' };
const RECOVERY = { interval: 200 };

describeWithRedis('replicas with', () => {
  test('a Cluster buy each key once, up to the budget to the call', async () => {
    await using cluster = await startRedisCluster();
    await using upstream = await startScriptedUpstream(answers);
    await using replicas = await startReplicas(3, { upstream, store: cluster.url, env: ENV });
    const ids = idsOf('spread', 40);
    for (const id of ids)
      for (const read of await replicas.readEverywhere(id)) expect(read).toMatchObject(freshStarOf(id));
    expect(callsById(upstream)).toEqual(new Map(ids.map((id) => [id, 1])));
    const more = await Promise.all(idsOf('more', 60).map((id, index) => replicas.at(index).read(id)));
    expect(more.filter(({ value }) => value !== undefined)).toHaveLength(10);
    expect(upstream.calls).toHaveLength(50);
    await using late = await startReplica({ upstream, store: cluster.url, env: ENV });
    for (const id of ids) expect(await late.read(id)).toMatchObject(freshStarOf(id));
    expect(upstream.calls).toHaveLength(50);
  });

  test.each([
    ['Sentinel', startRedisSentinel],
    ['Cluster', startRedisClusterPair],
  ])('a %s answer what is cached while the master is replaced, and agree again afterwards', async (_, start) => {
    await using servers = await start();
    await using upstream = await startScriptedUpstream(answers);
    await using replicas = await startReplicas(3, { upstream, store: servers.url, env: ENV });
    for (const read of await replicas.readEverywhere('7')) expect(read).toMatchObject(freshStarOf('7'));
    await servers.failOver();
    for (const read of await replicas.readEverywhere('7')) expect(read).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
    let tries = 0;
    const buyAnew = async () => {
      const id = `after-${++tries}`;
      for (const read of await replicas.readEverywhere(id)) expect(read).toMatchObject(freshStarOf(id));
      return callsById(upstream).get(id);
    };
    await expect.poll(buyAnew, RECOVERY).toBe(1);
  });

  test('a password and a database of their own share what they buy', async () => {
    await using redis = await startRedis({ password: 'a/word with: @everything' });
    await using upstream = await startScriptedUpstream(answers);
    const store = `${redis.url}/3`;
    await using replicas = await startReplicas(2, { upstream, store });
    for (const read of await replicas.readEverywhere('7')) expect(read).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
    expect(await redis.command('DBSIZE')).toBe(0);
    for (const replica of replicas) expect(replica.logText()).not.toContain('everything');
  });
});
