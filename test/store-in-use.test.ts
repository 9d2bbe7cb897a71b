import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { check } from '../src/commands/check.ts';
import { parseConfig } from '../src/config/config.ts';
import { openForReading } from '../src/stores/sqlite/database.ts';
import { StoreInUseError } from '../src/stores/sqlite/lock.ts';
import { prepareSpending } from '../src/stores/sqlite/spending.ts';
import { temporaryStorePath } from './support/answer-store-contract.ts';
import { type Read, type Replica, startReplica } from './support/replicas.ts';
import { answers, type Behaviour, held, replies, starOf, startScriptedUpstream } from './support/scripted-upstream.ts';
import { createTestClock, type TestClock } from './support/test-clock.ts';
import { CANARY_TOKEN, startTestGateway } from './support/test-gateway.ts';

const PATIENCE_MS = 5000;
const LOOK_MS = 100;

/** Where the processes of a test keep their store, and the upstream that they share. */
async function setUp(...behaviours: [Behaviour, ...Behaviour[]]) {
  const path = temporaryStorePath();
  const upstream = await startScriptedUpstream(...behaviours);
  const options = { upstream, store: `sqlite:${path}` };
  const start = (env: Record<string, string> = {}) => startReplica({ ...options, env });
  return { path, upstream, start, [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() };
}

/** Holds every call until `release`, and answers pings. */
function heldButPings(): Behaviour {
  const [hold, pong] = [held(), replies(200, 'pong')];
  const behaviour: Behaviour = (socket, call) => (call.path === '/ping' ? pong : hold)(socket, call);
  return Object.assign(behaviour, hold);
}

function openCallsIn(path: string): number {
  const database = openForReading(path);
  try {
    return database ? prepareSpending(database).openReservations().length : 0;
  } finally {
    database?.close();
  }
}

/** Begins reads until one is reserved in the file; on a busy machine the first ones may be counted in memory. */
async function holdCalls(gateway: Replica, path: string): Promise<Promise<Read | undefined>[]> {
  const reads: Promise<Read | undefined>[] = [];
  const holdOne = () => {
    reads.push(gateway.read(String(reads.length)).catch(() => undefined));
    return openCallsIn(path);
  };
  await expect.poll(holdOne).toBeGreaterThan(0);
  return reads;
}

/** What `check` prints beside whoever has the file, and whether all is well. */
async function runCheck(path: string, baseUrl: string) {
  const lines: string[] = [];
  const env = { JUSTONEAPI_BASE_URL: baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN, CACHE_STORE: `sqlite:${path}` };
  const isGood = await check(parseConfig(env), (line) => lines.push(line));
  return { isGood, ledger: lines.filter((line) => line.startsWith('ledger: ')) };
}

describe('a second gateway on a SQLite file', () => {
  test('ends with exit code 1 and one line that names the holder and says what to do', async () => {
    await using given = await setUp(answers);
    await using first = await given.start();
    await expect(given.start()).rejects.toThrow(
      `exit code 1: kol-gateway: ${given.path} is in use by process ${first.pid} on host ${hostname()}; ` +
        'stop it, choose another CACHE_STORE, or share answers through Redis (CACHE_STORE=redis://…)\n',
    );
    expect((await first.read('7')).value).toBe(starOf('7'));
  });

  test('starts when the first one, which is draining, ends', async () => {
    await using given = await setUp(held());
    const first = await given.start();
    const open = first.read('7');
    await given.upstream.received(1);
    const ended = first.stop();
    const isWaiting = Promise.withResolvers<void>();
    const starting = startReplica({
      ...{ upstream: given.upstream, store: `sqlite:${given.path}`, env: { LOG_LEVEL: 'debug' } },
      onOutput: (output) => output.includes('another process has the store') && isWaiting.resolve(),
    });
    await Promise.race([isWaiting.promise, starting]);
    given.upstream.release();
    expect([(await open).value, await ended]).toEqual([starOf('7'), 0]);
    await using second = await starting;
    expect(second.logText()).toContain('another process has the store');
    expect((await second.read('7')).value).toBe(starOf('7'));
    expect(given.upstream.calls).toHaveLength(1);
  });

  test('starts at once after a kill -9, and counts the call in flight as unknown', async () => {
    await using given = await setUp(held());
    const first = await given.start();
    await holdCalls(first, given.path);
    await first.kill();
    const openCount = openCallsIn(given.path);
    await using second = await given.start({ LOG_LEVEL: 'debug' });
    await expect.poll(second.account).toMatchObject({ billed: 0, unknown: openCount, open: 0 });
    expect(openCallsIn(given.path)).toBe(0);
    expect(second.logText()).toContain('a call of a process that ended; counted as perhaps billed');
    expect(second.logText()).not.toContain('another process has the store');
  });
});

describe('the wait for the holder of a SQLite file', () => {
  /** Moves the clock from look to look, until the start has an end. @returns for how long it waited */
  async function waitOut(start: Promise<unknown>, clock: TestClock, beforeLook?: (waitedMs: number) => unknown) {
    let isPending = true;
    const settled = () => {
      isPending = false;
    };
    start.then(settled, settled);
    for (let waitedMs = 0; ; await turn()) {
      if (!isPending) return waitedMs;
      if (clock.pending === 0) continue;
      await beforeLook?.(waitedMs);
      clock.advanceMs(LOOK_MS);
      waitedMs += LOOK_MS;
    }
  }

  function startIn(path: string, clock: TestClock, pid = 4711) {
    return startTestGateway({ env: { CACHE_STORE: `sqlite:${path}` }, clock, identity: { pid } });
  }

  test('is five seconds', async () => {
    const path = temporaryStorePath();
    await using _first = await startIn(path, createTestClock());
    const clock = createTestClock();
    const second = startIn(path, clock, 4712);
    expect(await waitOut(second, clock)).toBe(PATIENCE_MS);
    await expect(second).rejects.toBeInstanceOf(StoreInUseError);
    await expect(second).rejects.toThrow('is in use by process 4711');
  });

  test('ends as soon as the holder is gone', async () => {
    const path = temporaryStorePath();
    await using first = await startIn(path, createTestClock());
    const clock = createTestClock();
    const second = startIn(path, clock, 4712);
    const waitedMs = await waitOut(second, clock, (ms) => ms === 3 * LOOK_MS && first.stop());
    expect(waitedMs).toBe(4 * LOOK_MS);
    await (await second).stop();
  });
});

describe('kol-gateway check', () => {
  test('beside a running gateway tells of its calls in flight, and changes nothing', async () => {
    await using given = await setUp(heldButPings());
    await using gateway = await given.start();
    const reads = await holdCalls(gateway, given.path);
    const files = readdirSync(dirname(given.path));
    const { isGood, ledger } = await runCheck(given.path, given.upstream.baseUrl);
    expect(ledger).toEqual([
      expect.stringMatching(/^ledger: [\d-]{10}: 0 billed, 0 perhaps billed, [1-9]\d* in flight \(no budget\)$/),
    ]);
    expect(isGood).toBe(true);
    expect(readdirSync(dirname(given.path))).toEqual(files);
    given.upstream.release();
    expect((await Promise.all(reads)).map((read) => read?.value)).toEqual(reads.map((_, id) => starOf(String(id))));
    await expect.poll(gateway.account).toMatchObject({ billed: reads.length, unknown: 0, open: 0 });
  });

  test('where no store is yet makes none', async () => {
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    const path = temporaryStorePath();
    expect(await runCheck(path, upstream.baseUrl)).toEqual({ isGood: true, ledger: [] });
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});
