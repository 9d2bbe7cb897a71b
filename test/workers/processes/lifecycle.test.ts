import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { freshStarOf, idsOf } from '../../replicas/calls-by-id.ts';
import { childrenOf, expectEnded } from '../../support/processes.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { startReplica } from '../../support/replicas.ts';
import { answers, held, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { BUSY, startWorkerPool, WORKERS, type WorkerPool } from './worker-pool.ts';

/** One attempt's deadline, so that the lease of a worker that was killed ends soon. */
const SHORT_LEASE = { UPSTREAM_TIMEOUT_SECONDS: '2' };
const portOf = ({ origin }: WorkerPool) => new URL(origin).port;

/** Settles when nobody listens any more. */
async function expectRefused(pool: WorkerPool): Promise<void> {
  await expect.poll(() => pool.readyz(), BUSY).toBe(0);
}

describeWithRedis('a worker that is killed', () => {
  test('is replaced; its purchase in flight counts as unknown, and nobody else’s is disturbed', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using pool = await startWorkerPool({ upstream, env: SHORT_LEASE });
    // Both workers have a purchase in flight, each over a connection of its own.
    const reads = idsOf('id', WORKERS).map((id) => pool.readAnew(id).catch(() => 'cut off'));
    await upstream.received(WORKERS);
    const [killed = 0, ...others] = pool.workerPids();
    process.kill(killed, 'SIGKILL');
    const message = '"how":"SIGKILL","pauseMs":0,"msg":"a worker ended; another one takes its place"';
    await expect.poll(() => pool.logText(), BUSY).toContain(message);
    await expect.poll(() => pool.workerPids().length, BUSY).toBe(WORKERS);
    expect(pool.workerPids()).toEqual(expect.arrayContaining([...others]));
    expect(pool.workerPids()).not.toContain(killed);
    upstream.release();
    const ends = await Promise.all(reads);
    expect(ends.filter((end) => end === 'cut off')).toHaveLength(1);
    expect(ends.filter((end) => end !== 'cut off')).toEqual([expect.objectContaining({ freshness: 'FRESH' })]);

    // Who asks again waits for the lease of the ended process, and then buys once more.
    for (const id of idsOf('id', WORKERS)) expect(await pool.readAnew(id)).toMatchObject(freshStarOf(id));
    expect(upstream.calls).toHaveLength(WORKERS + 1);
    await expect.poll(() => pool.account(), BUSY).toMatchObject({ billed: WORKERS, unknown: 1, open: 0 });
  });

  test('leaves its counts in the metrics', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using pool = await startWorkerPool({ upstream });
    await pool.readInTurn('7', 20);
    const reads = async () => {
      const counts = [...(await pool.metrics())].filter(([name]) => name.startsWith('kol_gateway_link_index_reads'));
      return counts.reduce((sum, [, count]) => sum + count, 0);
    };
    expect(await reads()).toBe(20);
    const [one = 0] = pool.workerPids();
    process.kill(one, 'SIGKILL');
    await expectEnded([one]);
    await expect.poll(() => pool.workerPids().length, BUSY).toBe(WORKERS);
    await pool.readInTurn('7', 20);
    expect(await reads()).toBe(40);
    expect(upstream.calls).toHaveLength(1);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('is not ended by a %s of its own', async (signal) => {
    await using upstream = await startScriptedUpstream(answers);
    await using pool = await startWorkerPool({ upstream });
    const pids = pool.workerPids();
    for (const pid of pids) process.kill(pid, signal);
    expect((await pool.readInTurn('7')).every(({ status }) => status === 200)).toBe(true);
    expect(pool.workerPids()).toEqual(pids);
  });
});

describeWithRedis('a primary process that is killed', () => {
  test('takes its workers with it and frees the port; the next one serves what was stored', async () => {
    await using upstream = await startScriptedUpstream(answers, held(answers));
    await using pool = await startWorkerPool({ upstream });
    expect(await pool.readAnew('7')).toMatchObject(freshStarOf('7'));
    const pids = pool.workerPids();
    const open = pool.readAnew('8').catch(() => 'cut off');
    await upstream.received(2);
    await pool.kill();
    await expectEnded(pids);
    expect(await open).toBe('cut off');
    await using next = await startWorkerPool({ upstream, redis: pool.redis, env: { PORT: portOf(pool) } });
    expect(await next.readInTurn('7')).toEqual(Array(2 * WORKERS).fill(expect.objectContaining(freshStarOf('7'))));
    expect(upstream.calls).toHaveLength(2);
  });
});

describeWithRedis('a stop', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s to all processes answers and stores what is being bought',
    async (signal) => {
      await using upstream = await startScriptedUpstream(held());
      await using pool = await startWorkerPool({ upstream });
      const pids = pool.workerPids();
      const open = pool.readAnew('7');
      await upstream.received(1);
      // As a terminal does it, and npm once more.
      for (const pid of [...pids, pool.pid, pool.pid]) process.kill(pid, signal);
      await expectRefused(pool);
      upstream.release();
      expect(await open).toMatchObject(freshStarOf('7'));
      expect(await pool.ended).toBe(0);
      await expectEnded(pids);
      await using next = await startWorkerPool({ upstream, redis: pool.redis });
      expect(await next.readAnew('7')).toMatchObject(freshStarOf('7'));
      expect(upstream.calls).toHaveLength(1);
    },
  );

  test('lets a purchase end for which nobody waits any more', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using pool = await startWorkerPool({ upstream });
    expect((await pool.readAnew('7', { headers: { prefer: 'wait=0' } })).code).toBe('UPSTREAM_PENDING');
    await upstream.received(1);
    const stopped = pool.stop();
    await expectRefused(pool);
    upstream.release();
    expect(await stopped).toBe(0);
    await using next = await startWorkerPool({ upstream, redis: pool.redis });
    expect(await next.readAnew('7')).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
    expect(await next.account()).toMatchObject({ billed: 1, unknown: 0, open: 0 });
  });

  test('ends every wait when the grace is over, and says what was lost', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using pool = await startWorkerPool({ upstream, env: { SHUTDOWN_GRACE_SECONDS: '0.5' } });
    const pids = pool.workerPids();
    const open = pool.readAnew('7');
    await upstream.received(1);
    const stopped = pool.stop();
    expect(await open).toEqual({ status: 200, code: 'UPSTREAM_PENDING' });
    expect(await stopped).toBe(1);
    expect(pool.logText()).toContain('kol-gateway: lost: calls in flight, perhaps billed: 1\n');
    expect(pool.logText()).toMatch(/kol-gateway: lost: worker \d ended with exit code 1\n/);
    await expectEnded(pids);
  });

  test('that is asked for again after two seconds ends every wait', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using pool = await startWorkerPool({ upstream });
    const pids = pool.workerPids();
    const open = pool.readAnew('7');
    await upstream.received(1);
    const stopped = pool.stop();
    // Every further SIGTERM is a copy of the first one, until two seconds have passed.
    const again = setInterval(() => void pool.stop(), 200);
    expect(await open).toEqual({ status: 200, code: 'UPSTREAM_PENDING' });
    clearInterval(again);
    expect(await stopped).toBe(1);
    await expectEnded(pids);
  });
});

describe('a start', () => {
  test('with WORKERS=1 is one process', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using alone = await startReplica({ upstream, store: 'memory:' });
    expect(await alone.read('7')).toMatchObject(freshStarOf('7'));
    expect(childrenOf(alone.pid)).toEqual([]);
  });
});

describeWithRedis('a start with workers', () => {
  test('says that the port is taken, and leaves nothing behind', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const start = startWorkerPool({ upstream, env: { PORT: String(port) } });
    await expect(start).rejects.toThrow(
      /^exit code 1: kol-gateway: cannot listen: .*EADDRINUSE.*; choose another host or port\nkol-gateway: worker 1 could not start \(exit code 1\)\n$/,
    );
    other.close();
  });

  test('says its lines once, when every worker can answer', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using pool = await startWorkerPool({ upstream });
    expect(pool.logText().match(/ {2}GraphQL {3}/g)).toHaveLength(1);
    const workersThatAnswer = async () => {
      await pool.readAnew('7');
      return pool.busyWorkers().size;
    };
    await expect.poll(workersThatAnswer, BUSY).toBe(WORKERS);
  });
});
