import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { freshStarOf, idsOf } from '../../replicas/calls-by-id.ts';
import { temporaryStorePath } from '../../support/answer-store-contract.ts';
import { type Replica, startReplica } from '../../support/replicas.ts';
import { answers, held, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { type Crowd, childrenOf, expectGone, openConnection, startCrowd, WORKERS } from './crowd.ts';

const BUSY = { timeout: 20_000 };
const portOf = ({ origin }: Replica) => new URL(origin).port;

/** Settles when nobody listens any more. */
async function expectRefused(crowd: Crowd): Promise<void> {
  await expect.poll(() => crowd.readyz(), BUSY).toBe(0);
}

describe('a worker that dies', () => {
  test('is replaced, and what was bought for it is kept', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using crowd = await startCrowd({ upstream });
    const dead = crowd.workerPids();
    const lost = crowd.readAnew('7').then(
      () => 'answered',
      () => 'cut off',
    );
    await upstream.received(1);
    for (const pid of dead) process.kill(pid, 'SIGKILL');
    expect(await lost).toBe('cut off');
    upstream.release();
    await expect.poll(() => crowd.readyz(), BUSY).toBe(200);
    expect(await crowd.readAnew('7')).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
    await expect.poll(() => crowd.workerPids().length, BUSY).toBe(WORKERS);
    expect(crowd.workerPids().filter((pid) => dead.includes(pid))).toEqual([]);
    expect(crowd.logText()).toContain(
      '"how":"SIGKILL","pauseMs":0,"msg":"a worker ended; another one takes its place"',
    );
  });

  test('leaves the others at work, and its counts in the metrics', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using crowd = await startCrowd({ upstream });
    await crowd.readInTurn('7', 20);
    const reads = async () => {
      const counts = [...(await crowd.metrics())].filter(([name]) => name.startsWith('kol_gateway_link_index_reads'));
      return counts.reduce((sum, [, count]) => sum + count, 0);
    };
    expect(await reads()).toBe(20);
    const [one = 0] = crowd.workerPids();
    process.kill(one, 'SIGKILL');
    await expectGone([one]);
    await expect.poll(() => crowd.workerPids().length, BUSY).toBe(WORKERS);
    await crowd.readInTurn('7', 20);
    expect(await reads()).toBe(40);
    expect(upstream.calls).toHaveLength(1);
  });

  test('on SIGTERM or SIGINT does nothing: that is for its owner', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using crowd = await startCrowd({ upstream });
    const pids = crowd.workerPids();
    for (const pid of pids) process.kill(pid, pid % 2 === 0 ? 'SIGINT' : 'SIGTERM');
    expect((await crowd.readInTurn('7')).every(({ status }) => status === 200)).toBe(true);
    expect(crowd.workerPids()).toEqual(pids);
  });
});

describe('an owner', () => {
  test('that dies takes its workers with it and frees the port; the next one serves what was stored', async () => {
    await using upstream = await startScriptedUpstream(answers, held());
    const options = { upstream, store: `sqlite:${temporaryStorePath()}` };
    await using crowd = await startCrowd(options);
    expect(await crowd.readAnew('7')).toMatchObject(freshStarOf('7'));
    const pids = crowd.workerPids();
    const open = crowd.readAnew('8').catch(() => 'cut off');
    await upstream.received(2);
    await crowd.kill();
    await expectGone(pids);
    expect(await open).toBe('cut off');
    await using next = await startCrowd({ ...options, env: { PORT: portOf(crowd) } });
    expect(await next.readInTurn('7')).toEqual(Array(2 * WORKERS).fill(expect.objectContaining(freshStarOf('7'))));
    expect(upstream.calls).toHaveLength(2);
    expect(await next.account()).toMatchObject({ billed: 1, unknown: 1, open: 0 });
  });

  test('that stands still is waited for, and nobody gets a wrong answer', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using crowd = await startCrowd({ upstream });
    // The owner is who takes new connections, so this is about one that is open already.
    using connection = openConnection(crowd);
    expect(await connection.get('/livez')).toContain('alive');
    crowd.pause();
    const hasty = await connection.get('/graphql?query={kol(id:"7"){linkIndex{fetchedAt}}}', { prefer: 'wait=1' });
    expect(hasty).toContain('"code":"UPSTREAM_PENDING"');
    crowd.resume();
    await expect.poll(async () => (await crowd.readAnew('7')).value, BUSY).toBeDefined();
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('a stop', () => {
  test('of an owner that dies on the way ends the workers too', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using crowd = await startCrowd({ upstream });
    const pids = crowd.workerPids();
    const open = crowd.readAnew('7').catch(() => 'cut off');
    await upstream.received(1);
    void crowd.stop();
    await expectRefused(crowd);
    await crowd.kill();
    expect(await open).toBe('cut off');
    await expectGone(pids);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s to all processes answers and stores what is being bought',
    async (signal) => {
      await using upstream = await startScriptedUpstream(held());
      const options = { upstream, store: `sqlite:${temporaryStorePath()}` };
      await using crowd = await startCrowd(options);
      const pids = crowd.workerPids();
      const open = crowd.readAnew('7');
      await upstream.received(1);
      for (const pid of pids) process.kill(pid, signal);
      process.kill(crowd.pid, signal);
      await expectRefused(crowd);
      upstream.release();
      expect(await open).toMatchObject(freshStarOf('7'));
      expect(await crowd.ended).toBe(0);
      await expectGone(pids);
      await using next = await startCrowd(options);
      expect(await next.readAnew('7')).toMatchObject(freshStarOf('7'));
      expect(upstream.calls).toHaveLength(1);
    },
  );

  test('stores a purchase for which nobody waits any more', async () => {
    await using upstream = await startScriptedUpstream(held());
    const options = { upstream, store: `sqlite:${temporaryStorePath()}` };
    await using crowd = await startCrowd(options);
    expect((await crowd.readAnew('7', { headers: { prefer: 'wait=0' } })).code).toBe('UPSTREAM_PENDING');
    await upstream.received(1);
    const stopped = crowd.stop();
    await expectRefused(crowd);
    upstream.release();
    expect(await stopped).toBe(0);
    await using next = await startCrowd(options);
    expect(await next.readAnew('7')).toMatchObject(freshStarOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });

  test('that is asked for twice ends every wait, and says what was lost', async () => {
    await using upstream = await startScriptedUpstream(held());
    await using crowd = await startCrowd({ upstream });
    const pids = crowd.workerPids();
    const open = crowd.readAnew('7');
    await upstream.received(1);
    const stopped = crowd.stop();
    await expectRefused(crowd);
    void crowd.stop();
    expect(await open).toEqual({ status: 200, code: 'UPSTREAM_PENDING' });
    expect(await stopped).toBe(1);
    expect(crowd.logText()).toContain('kol-gateway: lost: calls in flight, perhaps billed: 1\n');
    await expectGone(pids);
  });
});

describe('a start', () => {
  test('with WORKERS=1 is one process', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using alone = await startReplica({ upstream, store: 'memory:' });
    expect(await alone.read('7')).toMatchObject(freshStarOf('7'));
    expect(childrenOf(alone.pid)).toEqual([]);
  });

  test('says in one line that the port is taken, and leaves nothing behind', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const start = startCrowd({ upstream, env: { PORT: String(port) } });
    await expect(start).rejects.toThrow(
      /^exit code 1: kol-gateway: cannot listen: .*EADDRINUSE.*; choose another host or port\n$/,
    );
    other.close();
  });

  test('says its lines once, when every worker can answer', async () => {
    await using upstream = await startScriptedUpstream(answers);
    await using crowd = await startCrowd({ upstream });
    const reads = await Promise.all(idsOf('id', 40).map((id) => crowd.readAnew(id)));
    expect(reads.every(({ status }) => status === 200)).toBe(true);
    expect(crowd.logText().match(/ {2}GraphQL {3}/g)).toHaveLength(1);
    const workersThatAnswer = async () => {
      await crowd.readAnew('id1');
      return crowd.busyWorkers().size;
    };
    await expect.poll(workersThatAnswer, BUSY).toBe(WORKERS);
  });
});
