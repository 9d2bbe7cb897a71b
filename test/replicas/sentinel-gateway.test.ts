import { expect, onTestFinished, test } from 'vitest';
import { STAR_OF } from '../operations.ts';
import { describeWithRedis, type RedisServer, startRedisSentinel } from '../support/redis-server.ts';
import { answers, starOf, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { createTestClock } from '../support/test-clock.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const SOON = { interval: 20 };

describeWithRedis('a gateway behind Sentinel', () => {
  test('goes on while the master is replaced, and then keeps in the new one', async () => {
    const sentinel = await startRedisSentinel();
    onTestFinished(() => sentinel[Symbol.asyncDispose]());
    await using upstream = await startScriptedUpstream(answers);
    const env = { CACHE_STORE: sentinel.url };
    await using gateway = await startTestGateway({ upstream, env, clock: createTestClock(Date.now()) });
    const read = async (id: string) => (await gateway.query(STAR_OF, { id })).data?.kol?.linkIndex?.star?.value;
    const keptIn = async (server: RedisServer, id: string) => (await server.command('KEYS', `*:a:${id}`)) as string[];

    let before = 0;
    const buyBefore = async () => {
      await read(`before-${++before}`);
      return keptIn(sentinel.master, `before-${before}`);
    };
    await expect.poll(buyBefore, SOON).toHaveLength(1);
    await sentinel.master.kill();
    for (const id of ['meanwhile', 'meanwhile']) expect(await read(id)).toBe(starOf(id));
    expect(await read(`before-${before}`)).toBe(starOf(`before-${before}`));
    expect(upstream.calls).toHaveLength(before + 1);
    await sentinel.failOver();

    let after = 0;
    const buyAnew = async () => {
      const id = `after-${++after}`;
      expect(await read(id)).toBe(starOf(id));
      return keptIn(sentinel.replica, id);
    };
    await expect.poll(buyAnew, SOON).toHaveLength(1);
    const resaved = () => {
      gateway.clock.advanceMs(1000);
      return keptIn(sentinel.replica, 'meanwhile');
    };
    await expect.poll(resaved, SOON).toHaveLength(1);
  });
});
