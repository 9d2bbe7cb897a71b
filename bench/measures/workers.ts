import { compareWorkload } from '../compare/compare-workload.ts';
import { pinNothing } from '../machine/pinned-process.ts';
import { openSurroundings } from '../machine/surroundings.ts';
import { gatewayCommand, type Peers } from '../peers/peers.ts';
import { startRedis } from '../simulate/redis-process.ts';

/**
 * Cached answers by one process, with its own store and with Redis, and by two workers over that Redis. Nothing is pinned,
 * so the load takes its share of the same cores: what grows here grows more where the load comes from another machine.
 */
const OPTIONS = { rounds: 7, seconds: 3, warmUpSeconds: 3, connections: 64 };
const BASE = 'alone';

pinNothing();
await using surroundings = await openSurroundings();
await using redis = await startRedis();
const gateway = (label: string, env: Readonly<Record<string, string>>): Peers[string] => ({
  label,
  command: (_, found) => gatewayCommand(found, env),
});
const variants: Peers = {
  [BASE]: gateway('WORKERS=1', {}),
  'alone-redis': gateway('WORKERS=1 over Redis', { CACHE_STORE: redis.url }),
  'two-redis': gateway('WORKERS=2 over Redis', { CACHE_STORE: redis.url, WORKERS: '2' }),
};

for (const workload of ['W1', 'W2'] as const) {
  const results = await compareWorkload(workload, variants, BASE, OPTIONS, surroundings);
  for (const [name, { requestsPerSecond, ofBase = 1, p99Ms }] of results) {
    const label = variants[name]?.label ?? name;
    process.stdout.write(
      `${workload}, ${label}: ${requestsPerSecond.toFixed(0)} requests/s, ${ofBase.toFixed(2)} of one, p99 ${p99Ms.toFixed(1)} ms\n`,
    );
  }
}
