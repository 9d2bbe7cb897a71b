import { parse } from 'graphql';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createDocuments } from '../../../src/server/graphql/documents.ts';
import { heldBytes } from '../../support/heap.ts';
import { startTestGateway } from '../../support/test-gateway.ts';

/** Those of the gateways that were started. */
const started: ReturnType<typeof createDocuments>[] = [];

vi.mock('../../../src/server/graphql/documents.ts', async (load) => {
  const original = await load<{ createDocuments: typeof createDocuments }>();
  return {
    ...original,
    createDocuments() {
      const created = original.createDocuments();
      started.push(created);
      return created;
    },
  };
});

const MOST_BYTES = 100_000_000;
const times = (count: number, textOf: (n: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, n) => textOf(n)).join(between);

const SHAPES: readonly (readonly [string, (n: number) => string])[] = [
  ['10 characters each', (n) => `{ a${n} }`],
  ['names of two characters', (n) => `{ a${n} ${times(1000, (each) => `b${each.toString(36)}`)} }`],
  ['short comments', (n) => `{ a${n} } ${times(1000, () => '#', '\n')}`],
  ['long comments beyond Latin-1', (n) => `{ a${n} } # ${'知'.repeat(10_000)}`],
  ['long texts with escapes', (n) => `{ kol(id: "${n}${'\\n'.repeat(2000)}") { id } }`],
  ['aliases', (n) => `{ ${times(90, (each) => `a${each}: kol(id: "${n}") { id }`)} }`],
  ['lists of numbers', (n) => `{ kols(ids: [${n} ${times(1000, (each) => `${each}`)}]) { id } }`],
];

beforeEach(() => void started.splice(0));

describe('parsed documents take no more memory than they are weighed', () => {
  test.each(SHAPES)('%s', (_, textOf) => {
    const { documentCache } = createDocuments().parserAndValidationCache;
    const keep = (n: number) => {
      // A text of its own each time, as from each request.
      const text = Buffer.from(textOf(n)).toString();
      documentCache.set(text, parse(text));
    };
    keep(0);
    const [heldBefore, bytesBefore] = [heldBytes(), documentCache.calculatedSize];
    for (let n = 1; n < 100; n += 1) keep(n);
    expect(heldBytes() - heldBefore).toBeLessThan(documentCache.calculatedSize - bytesBefore);
  });

  test('and never more than 100 MB', () => {
    const { documentCache } = createDocuments().parserAndValidationCache;
    const document = parse(`{ ${times(2000, (each) => `a${each}`)} }`);
    for (let n = 0; n < 1000; n += 1) documentCache.set(`${n}`, document);
    expect(documentCache.calculatedSize).toBeGreaterThan(MOST_BYTES * 0.9);
    expect(documentCache.calculatedSize).toBeLessThanOrEqual(MOST_BYTES);
  });
});

test.each([
  ['documents that are invalid', (n: number) => `{ unknown${n} }`],
  ['documents over a limit', (n: number) => `{ ${times(101, (each) => `a${each}: __typename`)} } # ${n}`],
  ['texts that are no documents', (n: number) => `{ a${n}`],
])('%s are not kept', async (_, queryOf) => {
  await using gateway = await startTestGateway();
  const ask = async (query: string) => (await gateway.post({ query })).json();
  expect(await ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  const [{ parserAndValidationCache }] = started.splice(0) as [ReturnType<typeof createDocuments>];
  for (let n = 0; n < 20; n += 1) expect(await ask(queryOf(n))).toMatchObject({ errors: [{}] });
  expect([...parserAndValidationCache.documentCache.keys()]).toEqual(['{ __typename }']);
});
