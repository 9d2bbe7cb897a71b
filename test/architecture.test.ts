import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** The straight line from a command to the paid call. An import points to the right, or to a leaf. */
const LINE = [
  'main',
  'commands',
  'workers',
  'gateway',
  'open-telemetry',
  'stores',
  'config',
  'server',
  'schema',
  'loaders',
  'sandbox',
  'cache',
  'upstream',
  'domain',
];
const LEAVES = ['telemetry', 'version', 'watched-file'];
/** Where files lie; imports nothing of ours, so everybody may import it. */
const GROUND = 'own-files';
/** Runs in a browser, and is neither imported nor imports anything of the rest. */
const PAGE = 'page';

const files = globSync('src/**/*.{ts,tsx}').map((path) => ({ path, imports: importsOf(path) }));

/** Static and dynamic imports alike. */
function importsOf(path: string): string[] {
  const specifiers = [...readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)];
  return specifiers.map(([, specifier = '']) =>
    specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier,
  );
}

function stepOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

test('every folder and file of src has its place', () => {
  const steps = new Set(files.map(({ path }) => stepOf(path)));
  expect([...steps].sort()).toEqual([...LINE, ...LEAVES, GROUND, PAGE].sort());
});

test('imports point along the line, or to a leaf', () => {
  const wrong = files.flatMap(({ path, imports }) => {
    const from = LINE.indexOf(stepOf(path));
    return imports
      .filter((target) => target.startsWith('src/'))
      .filter((target) => {
        if (stepOf(target) === PAGE || stepOf(path) === PAGE) return stepOf(target) !== stepOf(path);
        if (stepOf(target) === GROUND) return false;
        if (stepOf(path) === GROUND) return true;
        if (LEAVES.includes(stepOf(target))) return from < 0 && stepOf(target) !== stepOf(path);
        return from < 0 || LINE.indexOf(stepOf(target)) < from;
      })
      .map((target) => `${path} → ${target}`);
  });
  expect(wrong).toEqual([]);
});

test('only the client imports undici, and only main touches the process', () => {
  const importers = files.filter(({ imports }) => imports.includes('undici')).map(({ path }) => path);
  expect(importers).toEqual(['src/upstream/client.ts', 'src/upstream/whole-response.ts']);
  const touching = files.filter(({ path }) => /\bprocess\.\w/.test(readFileSync(path, 'utf8'))).map(({ path }) => path);
  expect(touching).toEqual(['src/main.ts']);
});

/** What the folder of the sandbox has besides the synthetic upstream. */
const OF_THE_GATEWAY = ['src/sandbox/gateway-states.ts', 'src/sandbox/upstream-origin.ts'];

test('the synthetic upstream knows nothing of the gateway, and the rest asks the sandbox only where it is opened', () => {
  const isSandbox = (path: string) => stepOf(path) === 'sandbox';
  const known = files.filter(({ path }) => isSandbox(path) && !OF_THE_GATEWAY.includes(path));
  const foreign = known.flatMap(({ imports }) => imports.filter((it) => it.startsWith('src/') && !isSandbox(it)));
  expect(foreign).toEqual([]);
  const importers = files.filter(({ path, imports }) => !isSandbox(path) && imports.some(isSandbox));
  expect(importers.map(({ path }) => path).sort()).toEqual([
    'src/commands/check.ts',
    'src/commands/sandbox.ts',
    'src/gateway.ts',
  ]);
});

test('the 9 MB of GraphiQL are put together in a thread of their own', () => {
  const importersOf = (name: string) => files.filter(({ imports }) => imports.includes(name)).map(({ path }) => path);
  expect(importersOf('@graphql-yoga/render-graphiql')).toEqual(['src/server/pages/graphiql-html.ts']);
  expect(importersOf('src/server/pages/graphiql-html.ts')).toEqual(['src/server/pages/graphiql-thread.ts']);
});
