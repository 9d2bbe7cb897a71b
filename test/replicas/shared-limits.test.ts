import { expect, test } from 'vitest';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { startReplica, startReplicas } from '../support/replicas.ts';
import { answers, type Behaviour, failsWith, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { freshStarOf, idsOf } from './calls-by-id.ts';

const SECOND_MS = 1000;

describeWithRedis('what one replica has learnt of the upstream', () => {
  test.each([
    [100, 'UPSTREAM_TOKEN_INVALID', 'account'],
    [601, 'UPSTREAM_BALANCE_INSUFFICIENT', 'account'],
    [602, 'UPSTREAM_TOKEN_LIMIT_REACHED', 'account'],
    [303, 'UPSTREAM_QUOTA_EXCEEDED', 'quota'],
    [300, 'UPSTREAM_ENDPOINT_GONE', 'endpoint'],
  ])(
    'by code %i pauses the others, and who starts afterwards, without a call',
    async (upstreamCode, reason, breaker) => {
      await using redis = await startRedis();
      await using upstream = await startScriptedUpstream(failsWith(upstreamCode), answers);
      const options = { upstream, store: redis.url };
      await using replicas = await startReplicas(2, options);
      expect(await replicas.at(0).read('1')).toMatchObject({ code: reason });
      const paused = { status: 200, code: 'UPSTREAM_PAUSED', reason };
      await using late = await startReplica(options);
      expect(await late.read('2')).toEqual(paused);
      const gauge = `kol_gateway_upstream_breaker_open{reason="${breaker}"}`;
      await expect.poll(async () => (await replicas.at(1).metrics()).get(gauge)).toBe(1);
      expect(await replicas.at(1).read('3')).toEqual(paused);
      expect(upstream.calls).toHaveLength(1);
    },
  );

  test.each([
    [100, 'UPSTREAM_TOKEN_INVALID'],
    [602, 'UPSTREAM_TOKEN_LIMIT_REACHED'],
  ])('about its token, by code %i, does not pause a replica with another one', async (upstreamCode, code) => {
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(failsWith(upstreamCode), answers);
    const options = { upstream, store: redis.url };
    await using first = await startReplica(options);
    await using other = await startReplica({ ...options, env: { JUSTONEAPI_TOKEN: 'canary/Another+9e1d=' } });
    expect(await first.read('1')).toMatchObject({ code });
    expect(await other.read('2')).toMatchObject(freshStarOf('2'));
    expect(await first.read('3')).toMatchObject({ code: 'UPSTREAM_PAUSED' });
    expect(upstream.calls).toHaveLength(2);
  });
});

describeWithRedis('pacing', () => {
  test('of 5 calls per second holds for three replicas together', async () => {
    const receivedAtMs: number[] = [];
    const noting: Behaviour = (socket, call) => {
      receivedAtMs.push(performance.now());
      answers(socket, call);
    };
    await using redis = await startRedis();
    await using upstream = await startScriptedUpstream(noting);
    const env = { UPSTREAM_MAX_PER_SECOND: '5' };
    await using replicas = await startReplicas(3, { upstream, store: redis.url, env });
    const reading = idsOf('paced', 15).map(async (id, index) =>
      expect(await replicas.at(index).read(id)).toMatchObject(freshStarOf(id)),
    );
    await Promise.all(reading);
    const inWindowFrom = (startMs: number) =>
      receivedAtMs.filter((atMs) => atMs >= startMs && atMs < startMs + SECOND_MS).length;
    // One more than five: what was sent in time may arrive late.
    expect(Math.max(...receivedAtMs.map(inWindowFrom))).toBeLessThanOrEqual(6);
    expect(upstream.calls).toHaveLength(15);
  });
});
