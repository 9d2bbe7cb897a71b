import { expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { startReplicas } from '../support/replicas.ts';
import {
  type Behaviour,
  envelopeFor,
  held,
  httpResponse,
  starOf,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';
import { freshStarOf } from './calls-by-id.ts';

/** Every call brings other scores: those of an industry named after its number. */
function createChangingAnswers(): Behaviour {
  let calls = 0;
  return (socket, { parameters }) => {
    calls += 1;
    socket.end(httpResponse(200, JSON.stringify(envelopeFor(parameters.get('kolId') ?? '', `call-${calls}`))));
  };
}

const FIRST = starOf('7', 'call-1');
const SECOND = starOf('7', 'call-2');
const values = (reads: readonly { readonly value?: number }[]) => reads.map(({ value }) => value);

async function start(behaviour: Behaviour, prepare: (proxy: FaultProxy) => void = () => {}) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const upstream = stack.use(await startScriptedUpstream(behaviour));
  const proxy = stack.use(await startFaultProxy(redis.port));
  prepare(proxy);
  const replicas = stack.use(await startReplicas(3, { upstream, store: proxy.url }));
  return { proxy, upstream, replicas, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describeWithRedis('a forced refresh on one replica', () => {
  test('is read from the memory of the others within a second', async () => {
    await using stage = await start(createChangingAnswers());
    const { upstream, replicas } = stage;
    expect(values(await replicas.readEverywhere('7'))).toEqual([FIRST, FIRST, FIRST]);
    expect(await replicas.at(0).read('7', { acceptCache: false })).toMatchObject({ value: SECOND });
    const everywhere = async () => values(await replicas.readEverywhere('7'));
    await expect.poll(everywhere).toEqual([SECOND, SECOND, SECOND]);
    expect(upstream.calls).toHaveLength(2);
  });

  test('costs the others nothing but freshness when they are not told', async () => {
    await using stage = await start(createChangingAnswers());
    const { proxy, upstream, replicas } = stage;
    expect(values(await replicas.readEverywhere('7'))).toEqual([FIRST, FIRST, FIRST]);
    proxy.dropPublications();
    expect(await replicas.at(0).read('7', { acceptCache: false })).toMatchObject({ value: SECOND });
    for (const read of await replicas.readEverywhere('7')) {
      expect(read).toMatchObject({ status: 200, freshness: 'FRESH' });
      expect(read.value).toBeOneOf([FIRST, SECOND]);
    }
    proxy.heal();
    expect(await replicas.at(0).read('7')).toMatchObject({ value: SECOND });
    expect(upstream.calls).toHaveLength(2);
  });

  test('is one purchase when every replica forces it at once', async () => {
    await using stage = await start(held(createChangingAnswers()));
    const { upstream, replicas } = stage;
    const forced = replicas.readEverywhere('7', { acceptCache: false });
    await upstream.received(1);
    await Promise.all(replicas.all.map((replica) => replica.readyz()));
    upstream.release();
    expect(values(await forced)).toEqual([FIRST, FIRST, FIRST]);
    expect(upstream.calls).toHaveLength(1);
  });
});

describeWithRedis('a purchase on one replica', () => {
  test('is found by those who wait for it also when its end is not told to them', async () => {
    await using stage = await start(held(), (proxy) => proxy.dropPublications());
    const { upstream, replicas } = stage;
    const together = replicas.readEverywhere('7');
    await upstream.received(1);
    upstream.release();
    for (const read of await together) expect(read).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });
});
