import { expect, test } from 'vitest';
import { STAR_OF } from './operations.ts';
import { describeWithRedis, startRedis } from './support/redis-server.ts';
import { answers, held, startScriptedUpstream } from './support/scripted-upstream.ts';
import { createTestClock } from './support/test-clock.ts';
import { startTestGateway } from './support/test-gateway.ts';

/** Nobody listens there. */
const NO_REDIS = 'redis://127.0.0.1:1';

test.each([
  ['its share of the budget, where REPLICAS says how many share it', { REPLICAS: '3' }, 2],
  ['nothing of a budget, where nobody said how many share it', {}, 0],
])('a replica that starts without Redis buys %s', async (_, env, purchases) => {
  await using upstream = await startScriptedUpstream(answers);
  const all = { CACHE_STORE: NO_REDIS, UPSTREAM_DAILY_BUDGET: '6', ...env };
  await using gateway = await startTestGateway({ upstream, env: all, clock: createTestClock(Date.now()) });
  for (const id of ['1', '2', '3', '4']) await gateway.query(STAR_OF, { id });
  expect(upstream.calls).toHaveLength(purchases);
});

describeWithRedis('a replica that stops', () => {
  test('does not wait for what another one buys when nobody asks for it here any more', async () => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(held());
    const clock = createTestClock(Date.now());
    const start = (name: string) =>
      startTestGateway({ upstream, env: { CACHE_STORE: redis.url }, identity: { name }, clock });
    await using leader = await start('leader');
    const follower = await start('follower');
    const led = leader.query(STAR_OF, { id: '7' });
    await upstream.received(1);
    let answer: unknown;
    follower.query(STAR_OF, { id: '7' }, { headers: { prefer: 'wait=1' } }).then((pending) => {
      answer = pending;
    });
    const afterASecond = () => {
      clock.advanceMs(1000);
      return answer;
    };
    await expect.poll(afterASecond).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_PENDING' } }] });
    expect(await follower.stop()).toEqual([]);
    expect(upstream.calls).toHaveLength(1);
    upstream.release();
    await led;
  });
});
