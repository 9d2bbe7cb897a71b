import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { answers, held, replies, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { CANARY_TOKEN } from '../support/test-gateway.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['bin/kol-gateway.js', ...args], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function finish(child: ChildProcess): Promise<Finished> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code: code as number, ...output };
}

const run = (args: readonly string[], env?: Record<string, string>) => finish(start(args, env));

/** Settles with everything printed so far when the text has come. */
async function printed(child: ChildProcess, expected: string): Promise<string> {
  let out = '';
  while (!out.includes(expected)) {
    const [chunk] = await once(child.stdout as Readable, 'data');
    out += chunk;
  }
  return out;
}

describe('kol-gateway', () => {
  test('--help and --version print and succeed', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await run(['serve', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: kol-gateway');
  });

  test.each([
    [['sevre'], 'unknown command "sevre"'],
    [['serve', 'now'], 'unexpected argument "now"'],
    [['--prot', '1'], "Unknown option '--prot'"],
    [['--port', '1'], '--port and --latency-ms belong to the sandbox command'],
    [['sandbox', '--port', '70000'], '--port: expected an integer from 0 to 65535'],
    [['sandbox', '--latency-ms=soon'], '--latency-ms: expected an integer'],
  ])('%j is one clear line and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('worker is not for people', async () => {
    const { code, stderr } = await run(['worker']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'kol-gateway: worker: expected to be started by a gateway with WORKERS above 1\n',
    });
  });

  test('schema prints the SDL', async () => {
    expect(await run(['schema'])).toEqual({ code: 0, stdout: readFileSync('schema.graphql', 'utf8'), stderr: '' });
  });
});

describe('serve', () => {
  test('answers in sandbox mode, prints nothing that is not ours, and ends with SIGTERM', async () => {
    const child = start([], { PORT: '0', LOG_LEVEL: 'silent' });
    const finished = finish(child);
    const out = await printed(child, 'To go live');
    expect(out).toContain('sandbox mode: answers are synthetic');
    expect(out).toContain('\n  Limits    no daily budget, at most 32 calls in flight, ');
    const url = /http:\S+/.exec(out)?.[0] ?? '';
    const response = await fetch(`${url}?query={kol(id:"sandbox-sample"){linkIndex{star{value}}}}`);
    expect(await response.json()).toEqual({ data: { kol: { linkIndex: { star: { value: 71.41 } } } } });
    child.kill('SIGTERM');
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('refuses a bad configuration in one message with exit code 2', async () => {
    const { code, stderr } = await run([], { PORT: 'x', HOST: '0.0.0.0', JUSTONEAPI_TOKEN: CANARY_TOKEN });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^kol-gateway: The configuration has problems:\n {2}PORT: .*\n {2}HOST: .*\n$/);
  });

  test.each(['undici', 'fetch', 'websocket', '*'])('refuses NODE_DEBUG=%s, which prints the token', async (words) => {
    const { code, stderr } = await run([], { PORT: '0', JUSTONEAPI_TOKEN: CANARY_TOKEN, NODE_DEBUG: words });
    expect(code).toBe(2);
    expect(stderr).toContain('kol-gateway: NODE_DEBUG: expected not to name undici, fetch, websocket');
  });

  test('says in one line that its port is taken', async () => {
    await using other = await startScriptedUpstream(answers);
    const { code, stderr } = await run([], { PORT: new URL(other.baseUrl).port });
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/EADDRINUSE.*; choose another host or port$/)]);
  });

  test('lets a purchase finish before it ends', async () => {
    await using upstream = await startScriptedUpstream(held());
    const env = {
      PORT: '0',
      JUSTONEAPI_BASE_URL: upstream.baseUrl,
      JUSTONEAPI_TOKEN: CANARY_TOKEN,
      CACHE_STORE: 'memory:',
    };
    const child = start([], env);
    const finished = finish(child);
    const url = /http:\S+\/graphql/.exec(await printed(child, 'GraphiQL'))?.[0] ?? '';
    const open = fetch(`${url}?query={kol(id:"7"){linkIndex{fetchedAt}}}`);
    await upstream.received(1);
    child.kill('SIGTERM');
    upstream.release();
    expect((await open).status).toBe(200);
    const { code, stdout, stderr } = await finished;
    expect(code).toBe(0);
    expect(stderr).toContain('"billed":"yes"');
    expect(stdout + stderr).not.toContain(CANARY_TOKEN.slice(0, 8));
  });
});

describe('sandbox', () => {
  test('serves the synthetic upstream alone', async () => {
    const child = start(['sandbox', '--port', '0', '--latency-ms', '0']);
    const finished = finish(child);
    const url = /http:\S+/.exec(await printed(child, 'kolId='))?.[0] ?? '';
    expect(await (await fetch(url)).json()).toMatchObject({ code: 0, data: { link_star_index: { value: 71.41 } } });
    child.kill('SIGTERM');
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('check', () => {
  const env = (baseUrl: string) => ({
    JUSTONEAPI_BASE_URL: baseUrl,
    JUSTONEAPI_TOKEN: CANARY_TOKEN,
    CACHE_STORE: 'memory:',
  });

  test('asks the free ping, without the token, and nothing else', async () => {
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    expect(await run(['check'], env(upstream.baseUrl))).toMatchObject({ code: 0, stderr: '' });
    expect(upstream.calls.map(({ path }) => path)).toEqual(['/ping']);
    expect(upstream.calls[0]?.head).not.toContain(CANARY_TOKEN.slice(0, 8));
  });

  test.each([
    [{}, 'no daily budget, at most 32 calls in flight, no limit per second, 3 attempts per answer'],
    [
      {
        UPSTREAM_DAILY_BUDGET: '0',
        UPSTREAM_MAX_CONCURRENT: '7',
        UPSTREAM_MAX_PER_SECOND: '2.5',
        UPSTREAM_MAX_ATTEMPTS: '1',
      },
      'daily budget 0 calls, at most 7 calls in flight, at most 2.5 per second, 1 attempt per answer',
    ],
    [
      { UPSTREAM_BALANCE_SECONDS: '300' },
      'no daily budget, at most 32 calls in flight, no limit per second, 3 attempts per answer, balance read every 300 s',
    ],
    [
      { UPSTREAM_DAILY_BUDGET: '9', BUDGET_TIME_ZONE: 'Asia/Shanghai' },
      'daily budget 9 calls, days of Asia/Shanghai, at most 32 calls in flight, no limit per second, 3 attempts per answer',
    ],
  ])('prints what bounds the spending with %j', async (limits, line) => {
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    const { stdout } = await run(['check'], { ...env(upstream.baseUrl), ...limits });
    expect(stdout.split('\n')).toContain(`limits: ${line}`);
  });

  test('refuses a misspelt limit, and warns of what may be one', async () => {
    await using upstream = await startScriptedUpstream(replies(200, 'pong'));
    const good = { ...env(upstream.baseUrl), CORS_ORIGIN: 'hunter2-canary' };
    expect((await run(['check'], good)).stdout).toMatch(/^warning: CORS_ORIGIN: .*did you mean CORS_ORIGINS\?$/m);
    const { code, stdout, stderr } = await run(['check'], { ...good, UPSTREAM_DAILY_BUDGT: 'hunter2-canary' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('did you mean UPSTREAM_DAILY_BUDGET?');
    expect(stderr).not.toContain('hunter2');
    expect(upstream.calls.map(({ path }) => path)).toEqual(['/ping']);
  });

  test('fails when the ping does', async () => {
    await using upstream = await startScriptedUpstream(replies(502, 'Bad Gateway'));
    const { code, stdout } = await run(['check'], env(upstream.baseUrl));
    expect(code).toBe(1);
    expect(stdout).toContain('HTTP status 502');
  });
});
