import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeKeyFile } from '../support/key-file.ts';
import { ECHO } from '../support/raw-responses.ts';
import { CANARY_TOKEN } from '../support/test-gateway.ts';
import { ANSWERS } from './canary-answers.ts';
import { formsOf, SECRETS, sightingsIn } from './canary-secrets.ts';
import { startFaultRun } from './fault-run.ts';
import { FAULTS } from './fault-table.ts';

const HOUR_MS = 3_600_000;

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

test.each(Object.entries(SECRETS))('%s is found in each of its forms, and by none of the others', (name, secret) => {
  for (const form of [...formsOf(secret), Buffer.from(`user:${secret}`).toString('base64')]) {
    const found = [expect.stringContaining(`${name}: `)];
    expect(sightingsIn(`before${form}after`)).toEqual(found);
    expect(sightingsIn(form.toUpperCase())).toEqual(found);
  }
});

test('the token is found in what upstreams echo', () => {
  for (const echo of ECHO.split(' ')) expect(sightingsIn(echo)).toHaveLength(1);
});

/** One gateway for all faults that can share one: those with the same variables, and each obstacle by itself. */
const GROUPS = Map.groupBy(FAULTS, ({ conduct, env }) =>
  'obstacle' in conduct ? conduct.obstacle : env ? JSON.stringify(env) : 'the usual upstream',
);

test.concurrent.each([...GROUPS])('behind %s no fault shows anybody a secret', async (_, faults) => {
  using folder = storeFolder();
  using keys = writeKeyFile({ name: 'ops', key: SECRETS.opsKey, scopes: ['ops', 'fresh', 'introspect'] });
  const victims = new Map(faults.map((fault, index) => [`victim-${index}`, fault]));
  const env = {
    ...folder.env,
    UPSTREAM_TIMEOUT_SECONDS: '0.4',
    CLIENT_KEYS_FILE: keys.path,
    ALLOW_ANONYMOUS: 'true',
    SUBGRAPH_SECRET: SECRETS.routerSecret,
  };
  await using run = await startFaultRun(victims, env);

  const sightings: string[] = [];
  for (const [kolId, { title, retryAfterSeconds = 0 }] of victims) {
    // A good answer an hour later closes whatever the fault before has opened.
    await run.ask(`after-${kolId}`);
    const logLength = run.gateway.logText().length;
    const first = await run.ask(kolId);
    expect(run.gateway.logText().slice(logLength), title).toContain('"attempt":1');
    run.gateway.clock.advanceMs(retryAfterSeconds * 1000);
    const second = await run.ask(kolId);
    const seen = first.text + second.text + run.gateway.logText().slice(logLength) + run.strayBytes();
    sightings.push(...sightingsIn(seen).map((sighting) => `${title}: ${sighting}`));
    run.gateway.clock.advanceMs(HOUR_MS);
  }
  const isReachable = faults.every(({ conduct }) => !('obstacle' in conduct));
  // Where it is reachable, every surface is looked at behind all faults at once.
  const gateway = { origin: run.gateway.origin, kolIds: ['victim-0'] };
  const surfaces = isReachable
    ? []
    : ANSWERS.map(async ({ name, collect }) => ({ name, text: await collect(gateway) }));
  for (const { name, text } of await Promise.all(surfaces)) {
    expect(text, name).toMatch(/^HTTP 200 /);
    sightings.push(...sightingsIn(text).map((sighting) => `${name}: ${sighting}`));
  }
  const stored = folder.bytes();
  await run.gateway.stop();

  expect(sightings).toEqual([]);
  expect(sightingsIn(run.gateway.logText() + stored + folder.bytes())).toEqual([]);
  // It was there to be leaked, and the places where it was looked for are not empty.
  const tokens = run.upstream.calls.map(({ parameters }) => parameters.get('token'));
  expect(new Set(tokens)).toEqual(new Set(isReachable ? [CANARY_TOKEN] : []));
  expect(stored).toContain('SQLite format 3');
  if (isReachable) expect(stored).toContain('after-victim-0');
});
