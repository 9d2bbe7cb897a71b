import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemTimers, within } from '../src/domain/time.ts';
import { lockStore, temporaryStorePath } from './support/answer-store-contract.ts';
import { childrenOf, signal } from './support/processes.ts';
import {
  answers,
  failsWith,
  held,
  type ScriptedUpstream,
  starOf,
  startScriptedUpstream,
} from './support/scripted-upstream.ts';
import { CANARY_TOKEN, type GraphResult } from './support/test-gateway.ts';

/** Far beyond what an end takes, and within what a test may: what is not over by then waits for ever. */
const HANGING_MS = 5000;

type Stars = GraphResult<Record<string, { linkIndex: { star: { value: number } } | null }>>;

interface GatewayProcess {
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  readonly port: number;
  /** Everything it has written. */
  readonly output: () => string;
  readonly ended: Promise<number>;
  stars(...ids: readonly string[]): Promise<Stars>;
}

/** How the program is started, where it matters. */
interface SpawnHow {
  readonly command?: readonly string[];
  readonly detached?: boolean;
  readonly standardInput?: number;
}

function spawnGateway(
  args: readonly string[],
  upstream: ScriptedUpstream,
  path: string,
  env = {},
  { command = [process.execPath, 'src/main.ts', ...args], detached = false, standardInput }: SpawnHow = {},
) {
  const { PATH, HOME } = process.env;
  const fixed = { PATH, HOME, PORT: '0', CACHE_STORE: `sqlite:${path}`, JUSTONEAPI_TOKEN: CANARY_TOKEN };
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, {
    env: { ...fixed, JUSTONEAPI_BASE_URL: upstream.baseUrl, ...env },
    stdio: [standardInput ?? 'ignore', 'pipe', 'pipe'],
    detached,
  }) as GatewayProcess['child'];
  onTestFinished(() => {
    for (const pid of [...childrenOf(child.pid ?? 0), child.pid ?? 0]) signal(pid, 'SIGKILL');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]) => code as number);
  return { child, ended, output: () => output };
}

async function startProcess(
  upstream: ScriptedUpstream,
  path: string,
  env = {},
  how?: SpawnHow,
): Promise<GatewayProcess> {
  const gateway = spawnGateway([], upstream, path, env, how);
  const refused = gateway.ended.then((code) => Promise.reject(new Error(`exit code ${code}: ${gateway.output()}`)));
  refused.catch(() => {});
  while (!/GraphiQL/.test(gateway.output())) await Promise.race([once(gateway.child.stdout, 'data'), refused]);
  const port = Number(/127\.0\.0\.1:(\d+)\/graphql/.exec(gateway.output())?.[1]);
  return {
    ...gateway,
    port,
    async stars(...ids) {
      const fields = ids.map((id) => `k${id}: kol(id: "${id}") { linkIndex { star { value } } }`);
      const url = `http://127.0.0.1:${port}/graphql?query=${encodeURIComponent(`{ ${fields.join(' ')} }`)}`;
      return (await (await fetch(url)).json()) as Stars;
    },
  };
}

/** Sends a SIGTERM, and waits until the process has taken note of it. */
async function terminate({ child, port }: GatewayProcess): Promise<void> {
  child.kill('SIGTERM');
  await expectRefused(port);
}

/** Settles when nobody listens there any more. */
async function expectRefused(port: number): Promise<void> {
  await expect
    .poll(async () => {
      const socket = connect(port, '127.0.0.1');
      return once(socket, 'connect').then(
        () => void socket.destroy(),
        (error: NodeJS.ErrnoException) => error.code,
      );
    })
    .toBe('ECONNREFUSED');
}

function ledgerIn(path: string) {
  const database = new DatabaseSync(path);
  const spent = database.prepare('SELECT total(billed) AS billed, total(unknown) AS unknown FROM spending').get();
  const { open } = database.prepare('SELECT count(*) AS open FROM reservations').get() as { open: number };
  database.close();
  return { ...spent, open };
}

const valueIn = ({ data }: Stars, id: string) => data?.[`k${id}`]?.linkIndex?.star.value;
const codesIn = ({ errors }: Stars) => errors?.map(({ extensions }) => extensions.code);

describe('SIGTERM', () => {
  test('takes no new connection, answers and stores the purchase in flight, and ends well', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    const gateway = await startProcess(upstream, path);
    const open = gateway.stars('7');
    await upstream.received(1);
    await terminate(gateway);
    upstream.release();
    expect(valueIn(await open, '7')).toBe(starOf('7'));
    expect(await gateway.ended).toBe(0);
    expect(ledgerIn(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
    const next = await startProcess(upstream, path);
    expect(valueIn(await next.stars('7'), '7')).toBe(starOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'and %s, as often as they come at once, are one request to stop',
    async (name) => {
      const path = temporaryStorePath();
      await using upstream = await startScriptedUpstream(held());
      const gateway = await startProcess(upstream, path);
      const open = gateway.stars('7');
      await upstream.received(1);
      for (const each of [name, name, 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) gateway.child.kill(each);
      await terminate(gateway);
      upstream.release();
      expect(valueIn(await open, '7')).toBe(starOf('7'));
      expect(await gateway.ended).toBe(0);
      expect(ledgerIn(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
    },
  );

  test('stores a purchase whose requester has left', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    const gateway = await startProcess(upstream, path, { REQUEST_WAIT_SECONDS: '0.01' });
    expect(codesIn(await gateway.stars('7'))).toEqual(['UPSTREAM_PENDING']);
    await upstream.received(1);
    await terminate(gateway);
    upstream.release();
    expect(await gateway.ended).toBe(0);
    const next = await startProcess(upstream, path);
    expect(valueIn(await next.stars('7'), '7')).toBe(starOf('7'));
    expect(upstream.calls).toHaveLength(1);
  });

  test('starts no new attempt', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held(failsWith(301)), answers);
    const gateway = await startProcess(upstream, path);
    const open = gateway.stars('7');
    await upstream.received(1);
    await terminate(gateway);
    upstream.release();
    expect(codesIn(await open)).toEqual(['UPSTREAM_OVERLOADED']);
    expect(await gateway.ended).toBe(0);
    expect(upstream.calls).toHaveLength(1);
    expect(ledgerIn(path)).toEqual({ billed: 0, unknown: 0, open: 0 });
  });

  test('fails what is queued, and finishes what is not', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    const gateway = await startProcess(upstream, path, { UPSTREAM_MAX_CONCURRENT: '1' });
    const open = gateway.stars('7', '8', '9');
    await upstream.received(1);
    await terminate(gateway);
    upstream.release();
    const result = await open;
    const [bought = ''] = upstream.calls.map(({ parameters }) => parameters.get('kolId') ?? '');
    expect(valueIn(result, bought)).toBe(starOf(bought));
    expect(codesIn(result)).toEqual(['UPSTREAM_OVERLOADED', 'UPSTREAM_OVERLOADED']);
    expect(await gateway.ended).toBe(0);
    expect(upstream.calls).toHaveLength(1);
  });

  test('ends with exit code 1 and a line about the answers that the store did not take', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    const gateway = await startProcess(upstream, path);
    const open = gateway.stars('7', '8');
    await upstream.received(2);
    lockStore(path);
    await terminate(gateway);
    upstream.release();
    expect(valueIn(await open, '8')).toBe(starOf('8'));
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toContain('kol-gateway: lost: answers that the store did not take: 2\n');
  });
});

describe('Ctrl-C on npm start', () => {
  test('reaches npm and its child, and the purchase in flight is stored', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    // A process group of its own, as a terminal gives it to its foreground job.
    const gateway = await startProcess(upstream, path, {}, { command: ['npm', 'start'], detached: true });
    const open = gateway.stars('7');
    await upstream.received(1);
    process.kill(-(gateway.child.pid ?? 0), 'SIGINT');
    await expectRefused(gateway.port);
    upstream.release();
    expect(valueIn(await open, '7')).toBe(starOf('7'));
    await gateway.ended;
    expect(gateway.output()).not.toContain('lost');
    expect(ledgerIn(path)).toEqual({ billed: 1, unknown: 0, open: 0 });
  });
});

describe('SIGHUP under nohup', () => {
  test.each([
    ['from bash', { command: ['bash', '-c', 'nohup "$0" "$@"', process.execPath, 'src/main.ts'] }],
    ['that has made standard input write-only', { standardInput: openSync('/dev/null', 'w') }],
  ])('%s does nothing', async (_, how) => {
    await using upstream = await startScriptedUpstream(answers);
    const gateway = await startProcess(upstream, temporaryStorePath(), {}, how);
    const [pid = gateway.child.pid ?? 0] = childrenOf(gateway.child.pid ?? 0);
    process.kill(pid, 'SIGHUP');
    expect(valueIn(await gateway.stars('7'), '7')).toBe(starOf('7'));
    expect(valueIn(await gateway.stars('8'), '8')).toBe(starOf('8'));
    process.kill(pid, 'SIGTERM');
    expect(await gateway.ended).toBe(0);
  });
});

describe('an end of the patience', () => {
  /** What must be true when calls in flight were abandoned. */
  async function expectLoss(gateway: GatewayProcess, open: Promise<Stars>, path: string): Promise<void> {
    expect(codesIn(await open)).toEqual([expect.stringMatching(/^UPSTREAM_(PENDING|OUTCOME_UNKNOWN)$/)]);
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(/^kol-gateway: lost: calls in flight, perhaps billed: 1$/m);
    expect(ledgerIn(path)).toEqual({ billed: 0, unknown: 1, open: 0 });
  }

  test('by a SIGTERM two seconds after the first ends waits at once, and books the call as perhaps billed', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    const gateway = await startProcess(upstream, path);
    const open = gateway.stars('7');
    await upstream.received(1);
    await terminate(gateway);
    // Each further one is a copy of the first, until two seconds have passed.
    const again = setInterval(() => void gateway.child.kill('SIGTERM'), 100);
    await expectLoss(gateway, open, path);
    clearInterval(again);
  });

  test('by SHUTDOWN_GRACE_SECONDS does the same', async () => {
    const path = temporaryStorePath();
    await using upstream = await startScriptedUpstream(held());
    const gateway = await startProcess(upstream, path, { SHUTDOWN_GRACE_SECONDS: '0.05' });
    const open = gateway.stars('7');
    await upstream.received(1);
    await terminate(gateway);
    await expectLoss(gateway, open, path);
  });

  test('does not wait for a client that has not sent its request to the end', async () => {
    await using upstream = await startScriptedUpstream(answers);
    const gateway = await startProcess(upstream, temporaryStorePath(), { SHUTDOWN_GRACE_SECONDS: '0.05' });
    const client = connect(gateway.port, '127.0.0.1');
    client.write(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n',
    );
    client.write('expect: 100-continue\r\n\r\n');
    await once(client, 'data');
    await terminate(gateway);
    await within(systemTimers, HANGING_MS, gateway.ended);
  });
});

describe('after a crash', () => {
  /** A process that was killed in the middle of a call. */
  async function crash(upstream: ScriptedUpstream): Promise<string> {
    const path = temporaryStorePath();
    const { child, stars, ended } = await startProcess(upstream, path);
    stars('7').catch(() => {});
    await upstream.received(1);
    child.kill('SIGKILL');
    await ended;
    expect(ledgerIn(path)).toEqual({ billed: 0, unknown: 0, open: 1 });
    return path;
  }

  test('the call in flight is told of at the next start, and counted as perhaps billed', async () => {
    await using upstream = await startScriptedUpstream(held());
    const path = await crash(upstream);
    const next = await startProcess(upstream, path);
    expect(next.output()).toContain('a call of a process that ended; counted as perhaps billed');
    expect(ledgerIn(path)).toEqual({ billed: 0, unknown: 1, open: 0 });
  });

  test('check lists the call that was in flight, as the next start counts it, and changes nothing', async () => {
    await using upstream = await startScriptedUpstream(held(), answers);
    const path = await crash(upstream);
    const check = spawnGateway(['check'], upstream, path);
    expect(await check.ended).toBe(0);
    expect(check.output()).toMatch(/^ledger: a call begun at \S+Z was never settled: perhaps billed$/m);
    expect(check.output()).toContain(': 0 billed, 1 perhaps billed, 0 in flight (no budget)');
    expect(ledgerIn(path)).toEqual({ billed: 0, unknown: 0, open: 1 });
  });
});
