import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERDICTS } from '../../src/domain/verdicts.ts';
import { GATEWAY_STATE_IDS } from '../../src/sandbox/gateway-states.ts';
import { UPSTREAM_MAGIC_IDS } from '../../src/sandbox/magic-ids.ts';
import { ALL_OF } from '../operations.ts';
import { codeIn, readmeTable } from '../support/readme-table.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const ROWS = readmeTable('Magic ids').map(([id = '', , seen = '']) => ({ id: codeIn(id)[0] ?? '', seen }));

const score = {
  value: expect.any(Number),
  avgValue: expect.any(Number),
  linkRelativeRatio: expect.any(Number),
  rank: expect.any(Number),
  rankPercent: expect.any(Number),
};
const sixIndices = { cooperate: score, cp: score, convert: score, shopping: score, spread: score, star: score };
const unranked = { ...score, rank: null, rankPercent: null };
const sample = { ...sixIndices, star: { ...score, value: 71.41 }, freshness: 'FRESH' };

/** What a row promises in words; a row that promises an error starts with its code. */
const PROMISES: Readonly<Record<string, unknown>> = {
  'six indices; star is 71.41': sample,
  'the same, late': sample,
  '`star` is `null`': { ...sixIndices, star: null, freshness: 'FRESH' },
  '`rank` and `rankPercent` are `null`': { cooperate: unranked, cp: unranked, star: unranked, freshness: 'FRESH' },
  '`linkIndex` is `null`, no error': null,
  'six indices, `STALE_REVALIDATING`': { ...sixIndices, freshness: 'STALE_REVALIDATING' },
  'six indices, `STALE_UPSTREAM_FAILED`': { ...sixIndices, freshness: 'STALE_UPSTREAM_FAILED' },
};

test('the table of magic ids lists those of the code, each once', () => {
  expect(ROWS.map(({ id }) => id).sort()).toEqual([...UPSTREAM_MAGIC_IDS, ...GATEWAY_STATE_IDS].sort());
});

test.concurrent.each(ROWS)('a query sees of $id: $seen', async ({ id, seen }) => {
  await using gateway = await startTestGateway();
  let hasEnded = false;
  const reading = gateway.query(ALL_OF, { id }).finally(() => {
    hasEnded = true;
  });
  if (id === 'sandbox-pending') {
    const hasWaited = () => {
      gateway.clock.advanceMs(1000);
      return hasEnded;
    };
    await expect.poll(hasWaited).toBe(true);
  }
  const { data, errors } = await reading;
  const linkIndex = data?.kol?.linkIndex;
  if (seen in PROMISES) {
    expect(errors).toBeUndefined();
    if (PROMISES[seen] === null) expect(linkIndex).toBeNull();
    else expect(linkIndex).toMatchObject(PROMISES[seen] as object);
    return;
  }
  const [code, ...members] = codeIn(seen);
  expect(seen.startsWith(`\`${code}\``)).toBe(true);
  expect(linkIndex).toBeNull();
  expect(errors).toMatchObject([{ extensions: { code } }]);
  for (const member of members) expect(errors?.[0]?.extensions).toHaveProperty(member);
});

test('every code of a failed linkIndex but WOULD_BUY has a magic id', () => {
  const shown = new Set(ROWS.flatMap(({ seen }) => codeIn(seen)));
  const codes = new Set<string>(Object.values(VERDICTS).map(({ errorCode }) => errorCode));
  expect([...codes].filter((code) => !shown.has(code))).toEqual(['WOULD_BUY']);
});

describe('the magic ids that are named elsewhere', () => {
  const paths = globSync(['*.md', 'docs/**/*.md', 'src/**/*.{ts,tsx}', 'examples/*/{README.md,src/**/*.{ts,tsx}}']);
  const named = paths.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?<=['"`]|^# |kolId=)sandbox-[\w-]+(?=['"`\s])/gm)].map(
      ([id]) => `${id} (${path})`,
    ),
  );

  test('are of the table', () => {
    const listed = new Set(ROWS.map(({ id }) => id));
    expect(named.filter((name) => !listed.has(name.split(' ')[0] ?? ''))).toEqual([]);
  });

  test.each([
    'src/page/kol-form.tsx',
    'src/server/pages/graphiql-html.ts',
    'examples/kol-comparison/src/sandbox-ids.tsx',
  ])('are found in %s', (path) => {
    expect(named.filter((name) => name.endsWith(`(${path})`))).not.toEqual([]);
  });
});
