import { CombinedError } from '@urql/core';
import { describe, expect, test } from 'vitest';
import { type LinkIndex, rowsOf } from '../../src/page/rows.ts';

const SCORES = { star: { value: 71.41 }, freshness: 'FRESH' } as LinkIndex;
const OTHER_SCORES = { star: { value: 50 }, freshness: 'FRESH' } as LinkIndex;

interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** As urql makes it of what the gateway sends. */
function errorOf(...graphQLErrors: GraphqlError[]): CombinedError {
  return new CombinedError({ graphQLErrors: graphQLErrors as never });
}

function errorAt(path: readonly (string | number)[], code: string, more: Record<string, unknown> = {}): GraphqlError {
  return { message: 'said by the gateway', path, extensions: { code, retryable: false, ...more } };
}

function kinds(rows: ReturnType<typeof rowsOf>): string[] {
  return rows.map((row) => (row.kind === 'failure' ? row.failure.code : row.kind));
}

describe('while an answer arrives', () => {
  test('every row is pending before the first payload', () => {
    expect(kinds(rowsOf(2, { hasNext: true }))).toEqual(['pending', 'pending']);
  });

  test('a row is pending until its own scores are there, whichever come first', () => {
    const data = { kols: [{ id: 'a' }, { id: 'b', linkIndex: SCORES }, { id: 'c', linkIndex: null }] };
    expect(rowsOf(3, { data, hasNext: true })).toEqual([
      { kind: 'pending' },
      { kind: 'answer', linkIndex: SCORES },
      { kind: 'no-data' },
    ]);
  });

  test('a failure shows at once, also while others are on their way', () => {
    const data = { kols: [{ id: 'a' }, { id: 'b', linkIndex: null }] };
    const error = errorOf(errorAt(['kols', 1, 'linkIndex'], 'UPSTREAM_OVERLOADED'));
    expect(kinds(rowsOf(2, { data, error, hasNext: true }))).toEqual(['pending', 'UPSTREAM_OVERLOADED']);
  });
});

describe('when all has arrived', () => {
  test('rows stand in the order asked, one for each id', () => {
    const data = {
      kols: [
        { id: 'a', linkIndex: SCORES },
        { id: 'b', linkIndex: OTHER_SCORES },
      ],
    };
    expect(rowsOf(2, { data, hasNext: false })).toEqual([
      { kind: 'answer', linkIndex: SCORES },
      { kind: 'answer', linkIndex: OTHER_SCORES },
    ]);
    expect(rowsOf(0, { data, hasNext: false })).toEqual([]);
  });

  test('no data is told from a failure by its error alone', () => {
    const data = { kols: [{ id: 'a', linkIndex: null }, { id: 'b', linkIndex: null }, null] };
    const error = errorOf(
      errorAt(['kols', 1, 'linkIndex'], 'UPSTREAM_BAD_RESPONSE'),
      errorAt(['kols', 2], 'BAD_USER_INPUT'),
    );
    expect(kinds(rowsOf(3, { data, error, hasNext: false }))).toEqual([
      'no-data',
      'UPSTREAM_BAD_RESPONSE',
      'BAD_USER_INPUT',
    ]);
  });

  test('a failure carries what the gateway said about it', () => {
    const data = { kols: [{ id: 'a', linkIndex: null }] };
    const extensions = { retryable: true, retryAfterSeconds: 2.5, requestId: 'r-1' };
    const error = errorOf(errorAt(['kols', 0, 'linkIndex'], 'UPSTREAM_PAUSED', extensions));
    expect(rowsOf(1, { data, error, hasNext: false })).toEqual([
      {
        kind: 'failure',
        failure: {
          code: 'UPSTREAM_PAUSED',
          message: 'said by the gateway',
          isRetryable: true,
          retryAfterSeconds: 2.5,
          requestId: 'r-1',
        },
      },
    ]);
  });

  test.each([
    ['no extensions', {}],
    ['members of other types', { code: 500, retryable: 'yes', retryAfterSeconds: '3', requestId: 7 }],
  ])('an error with %s is a fault of the gateway that is not tried again', (_, extensions) => {
    const error = errorOf({ message: 'odd', path: ['kols', 0], extensions });
    expect(rowsOf(1, { data: { kols: [null] }, error, hasNext: false })).toEqual([
      {
        kind: 'failure',
        failure: {
          code: 'INTERNAL_SERVER_ERROR',
          message: 'odd',
          isRetryable: false,
          retryAfterSeconds: undefined,
          requestId: undefined,
        },
      },
    ]);
  });
});

describe('what concerns the request as a whole', () => {
  const away = new CombinedError({ networkError: new Error('fetch failed') });

  test('stands in every row: a refusal', () => {
    const error = errorOf({ message: 'slower', extensions: { code: 'RATE_LIMITED', retryable: true } });
    const rows = rowsOf(3, { error, hasNext: false });
    expect(kinds(rows)).toEqual(['RATE_LIMITED', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(rows[2]).toMatchObject({ failure: { isRetryable: true, message: 'slower' } });
  });

  test('stands in every row: a gateway that is away, which may be tried again', () => {
    const rows = rowsOf(2, { error: away, hasNext: false });
    expect(kinds(rows)).toEqual(['NETWORK', 'NETWORK']);
    expect(rows[0]).toMatchObject({ failure: { isRetryable: true, message: 'fetch failed' } });
  });

  test('takes away nothing that has arrived: a connection that breaks', () => {
    const data = { kols: [{ id: 'a', linkIndex: SCORES }, { id: 'b' }, { id: 'c', linkIndex: null }] };
    expect(kinds(rowsOf(3, { data, error: away, hasNext: false }))).toEqual(['answer', 'NETWORK', 'no-data']);
  });

  test('an answer that ends before all has arrived was cut off: the rest may be tried again', () => {
    const data = { kols: [{ id: 'a', linkIndex: SCORES }, { id: 'b' }] };
    const rows = rowsOf(2, { data, hasNext: false });
    expect(kinds(rows)).toEqual(['answer', 'NETWORK']);
    expect(rows[1]).toMatchObject({ failure: { isRetryable: true } });
  });

  test('an answer without anything in it was cut off, too', () => {
    expect(kinds(rowsOf(1, { hasNext: false }))).toEqual(['NETWORK']);
  });

  test('a fault in the list itself stands in every row', () => {
    const error = errorOf(errorAt(['kols'], 'INTERNAL_SERVER_ERROR'));
    expect(kinds(rowsOf(1, { error, hasNext: false }))).toEqual(['INTERNAL_SERVER_ERROR']);
  });
});
