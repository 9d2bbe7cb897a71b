import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { ECHO } from '../support/raw-responses.ts';
import { type Behaviour, held, replies, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { CANARY_TOKEN } from '../support/test-gateway.ts';
import { startFaultRun } from './fault-run.ts';
import { FAULTS } from './fault-table.ts';

const HOUR_MS = 3_600_000;

/** Every form in which the token could be found again, the shortest ones included. */
const FORMS = [
  CANARY_TOKEN,
  encodeURIComponent(CANARY_TOKEN),
  Buffer.from(CANARY_TOKEN).toString('base64'),
  Buffer.from(CANARY_TOKEN).toString('base64url'),
  CANARY_TOKEN.slice(0, 8),
  encodeURIComponent(CANARY_TOKEN.slice(0, 8)),
  Buffer.from(CANARY_TOKEN.slice(0, 6)).toString('base64'),
];

const sightingsIn = (text: string) => FORMS.filter((form) => text.toLowerCase().includes(form.toLowerCase()));

/** A folder for a store. */
function storeFolder() {
  const path = mkdtempSync(join(tmpdir(), 'kol-store-'));
  return {
    env: { CACHE_STORE: `sqlite:${join(path, 'answers.sqlite')}` },
    /** The bytes of all files in it, write-ahead log included. */
    bytes: () => readdirSync(path).reduce((text, name) => text + readFileSync(join(path, name), 'latin1'), ''),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

test('the forms are found where they are', () => {
  expect(sightingsIn(`before ${ECHO} after`)).toEqual(FORMS);
});

/** One gateway for all faults that can share one: those with the same variables, and each obstacle by itself. */
const GROUPS = Map.groupBy(FAULTS, ({ conduct, env }) =>
  'obstacle' in conduct ? conduct.obstacle : env ? JSON.stringify(env) : 'the usual upstream',
);

test.concurrent.each([...GROUPS])('behind %s no fault shows anybody the token', async (_, faults) => {
  using folder = storeFolder();
  const victims = new Map(faults.map((fault, index) => [`victim-${index}`, fault]));
  const env = { ...folder.env, UPSTREAM_TIMEOUT_SECONDS: '0.4' };
  await using run = await startFaultRun(victims, env);

  const sightings: string[] = [];
  for (const [kolId, { title, retryAfterSeconds = 0 }] of victims) {
    // A good answer an hour later closes whatever the fault before has opened.
    await run.ask(`after-${kolId}`);
    const [logLength, attemptCount] = [run.gateway.logText().length, run.attempts().length];
    let seen = (await run.ask(kolId)).text;
    expect(run.attempts().length, title).toBeGreaterThan(attemptCount);
    run.gateway.clock.advanceMs(retryAfterSeconds * 1000);
    seen += (await run.ask(kolId)).text + run.gateway.logText().slice(logLength) + run.strayBytes();
    sightings.push(...sightingsIn(seen).map((form) => `${title}: ${form}`));
    run.gateway.clock.advanceMs(HOUR_MS);
  }
  const stored = folder.bytes();
  await run.gateway.stop();

  expect(sightings).toEqual([]);
  expect(sightingsIn(run.gateway.logText() + stored + folder.bytes())).toEqual([]);
  // It was there to be leaked, and the places where it was looked for are not empty.
  const isReachable = faults.every(({ conduct }) => !('obstacle' in conduct));
  const tokens = run.upstream.calls.map(({ parameters }) => parameters.get('token'));
  expect(new Set(tokens)).toEqual(new Set(isReachable ? [CANARY_TOKEN] : []));
  expect(stored).toContain('SQLite format 3');
  if (isReachable) expect(stored).toContain('after-victim-0');
});

/** What the upstream does to each KOL in turn; it repeats the token wherever it can. */
const ECHOES: Readonly<Record<string, Behaviour>> = {
  envelope: replies(200, JSON.stringify({ code: 400, message: ECHO, data: ECHO })),
  html: replies(200, `<html>${ECHO}</html>`),
  answer: replies(200, JSON.stringify({ code: 0, data: { cp_index: { value: ECHO }, [ECHO]: ECHO }, message: ECHO })),
  redirect: replies(302, '', { location: `http://127.0.0.1:1/?token=${encodeURIComponent(CANARY_TOKEN)}` }),
  request: (socket, { head }) => void socket.end(head),
  reset: (socket) => void socket.resetAndDestroy(),
};

test('a process that crashes with a call in flight prints no token and stores none', async () => {
  using folder = storeFolder();
  const hold = held();
  await using upstream = await startScriptedUpstream((socket, call) =>
    (ECHOES[call.parameters.get('kolId') ?? ''] ?? hold)(socket, call),
  );
  const child = startCrashing({ ...folder.env, JUSTONEAPI_BASE_URL: upstream.baseUrl });
  const origin = await originOf(child.stdout);
  const ask = (kolId: string) => fetch(`${origin}/graphql?query={kol(id:"${kolId}"){linkIndex{cp{value}}}}`);

  let answered = '';
  for (const kolId of Object.keys(ECHOES)) answered += await (await ask(kolId)).text();
  const waiting = ask('held').then((response) => response.text());
  await upstream.received(Object.keys(ECHOES).length + 1);
  child.kill('SIGUSR2');
  child.kill('SIGTERM');
  answered += await waiting.catch(String);
  const [exitCode] = await once(child, 'close');

  expect(sightingsIn(child.output() + answered + folder.bytes())).toEqual([]);
  expect(exitCode).toBe(1);
  expect(child.output()).toContain('Error: a crash on purpose');
  expect(child.output()).toContain('kol-gateway: lost: calls in flight, perhaps billed: 1');
  expect(child.output().match(/"upstream failed"/g)).toHaveLength(Object.keys(ECHOES).length);
});

test('a process that refuses its configuration prints no token', async () => {
  const child = startCrashing({ PORT: CANARY_TOKEN, JUSTONEAPI_BASE_URL: `http://x/?token=${CANARY_TOKEN}` });
  const [exitCode] = await once(child, 'close');
  expect(exitCode).toBe(2);
  expect(sightingsIn(child.output())).toEqual([]);
  expect(child.output()).toContain('JUSTONEAPI_BASE_URL');
});

/** The real program, which throws an error that nobody catches when it gets SIGUSR2. */
function startCrashing(env: Record<string, string>) {
  const crash = "process.once('SIGUSR2', () => { throw new Error('a crash on purpose'); })";
  const { PATH, HOME } = process.env;
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(crash)}`, 'src/main.ts'],
    {
      env: { PATH, HOME, PORT: '0', LOG_LEVEL: 'trace', JUSTONEAPI_TOKEN: CANARY_TOKEN, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return Object.assign(child, { output: () => output });
}

async function originOf(stdout: Readable): Promise<string> {
  let text = '';
  for await (const chunk of on(stdout, 'data', { close: ['close'] })) {
    text += chunk;
    if (text.includes('/graphql\n')) break;
  }
  return /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? '';
}
