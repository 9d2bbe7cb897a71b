import { expect, test } from 'vitest';
import {
  describeWithRedis,
  type RedisPair,
  startRedisBehindAddress,
  startRedisBehindSentinel,
  startRedisClusterPair,
} from '../support/redis-server.ts';
import { endsOf, startReplicas, storeErrors } from '../support/replicas.ts';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { agree, idsOf, RECOVERY } from './calls-by-id.ts';

const BUDGET = 40;
const ENV = { UPSTREAM_DAILY_BUDGET: String(BUDGET) };

const TOPOLOGIES: readonly [string, () => Promise<RedisPair>, refusesWrites: boolean][] = [
  ['one address that means another server now', startRedisBehindAddress, true],
  ['a Sentinel that names another master now', startRedisBehindSentinel, true],
  // Its old master sends clients on to the new one.
  ['a Cluster whose slots have another master now', startRedisClusterPair, false],
];

describeWithRedis('two replicas over', () => {
  test.each(TOPOLOGIES)(
    '%s buy each key once again, from one ledger, though no connection was lost',
    async (_, start, refusesWrites) => {
      await using pair = await start();
      await using upstream = await startScriptedUpstream(answers);
      await using replicas = await startReplicas(2, { upstream, store: pair.url, env: ENV });
      await agree(replicas, upstream, 'before');
      for (const name of ['after', 'back']) {
        const errorsBefore = await Promise.all(replicas.all.map(storeErrors));
        await pair.switchOver();
        await agree(replicas, upstream, name);
        if (!refusesWrites) continue;
        for (const [index, replica] of replicas.all.entries()) {
          expect(await storeErrors(replica)).toBeGreaterThan(errorsBefore[index] ?? 0);
          expect(replica.logText()).toContain("READONLY You can't write against a read only replica");
        }
      }
      for (const replica of replicas)
        await expect
          .poll(() => replica.account(), RECOVERY)
          .toMatchObject({ billed: upstream.calls.length, unknown: 0, open: 0 });
      const left = BUDGET - upstream.calls.length;
      const rest = await Promise.all(idsOf('rest', 2 * BUDGET).map((id, index) => replicas.at(index).read(id)));
      expect(endsOf(rest)).toEqual({ 'a value': left, BUDGET_EXHAUSTED: 2 * BUDGET - left });
      expect(upstream.calls).toHaveLength(BUDGET);
    },
  );
});
