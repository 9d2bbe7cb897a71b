import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AnswerStore, StoredOutcome } from '../../src/cache/write-behind.ts';
import type { LinkIndexOutcome } from '../../src/domain/link-index.ts';
import { UpstreamError } from '../../src/domain/upstream-error.ts';
import { BUSINESS_CODES, OUTCOME_UNKNOWN, UNREACHABLE, type Verdict } from '../../src/domain/verdicts.ts';

const BAD_PARAMETERS = BUSINESS_CODES.get(400) as Verdict;
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

/** Where a store file may be: in a folder of this test's own, which goes with it. */
export function temporaryStorePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache.sqlite');
}

/**
 * Another process that writes and does not come to an end.
 * @returns what ends it
 */
export function lockStore(path: string, begin = 'BEGIN EXCLUSIVE'): () => void {
  const other = new DatabaseSync(path);
  const unlock = () => other.isOpen && other.close();
  onTestFinished(() => void unlock());
  other.exec(begin);
  return unlock;
}

export function answerOf(cacheKey: string, fetchedAtMs: number, value = 50, expiresAtMs = FOR_EVER_MS): StoredOutcome {
  const star = { value, avgValue: 50.5, linkRelativeRatio: -0.07, rank: 104_078, rankPercent: 0.0179 };
  const scores = { cooperate: null, cp: null, convert: null, shopping: null, spread: null, star };
  return { cacheKey, outcome: { kind: 'answer', scores, freshness: 'FRESH', fetchedAtMs }, expiresAtMs };
}

export function noDataOf(cacheKey: string, fetchedAtMs: number): StoredOutcome {
  return { cacheKey, outcome: { kind: 'no-data', fetchedAtMs }, expiresAtMs: FOR_EVER_MS };
}

export function failureOf(cacheKey: string, failedAtMs: number, verdict = BAD_PARAMETERS): StoredOutcome {
  const error = new UpstreamError(verdict, { upstreamCode: verdict === BAD_PARAMETERS ? 400 : undefined });
  return { cacheKey, outcome: { kind: 'failure', error, failedAtMs }, expiresAtMs: FOR_EVER_MS };
}

/** An outcome with everything of its error that a reader reacts to; two errors are else equal when their messages are. */
export function plain(outcome: LinkIndexOutcome | undefined): unknown {
  if (outcome?.kind !== 'failure') return outcome;
  const { code, verdict, upstreamCode } = outcome.error;
  return { ...outcome, error: { code, verdict, upstreamCode } };
}

const plainRows = (rows: readonly StoredOutcome[]) => rows.map((row) => ({ ...row, outcome: plain(row.outcome) }));

export interface AnswerStoreUnderTest {
  readonly open: () => AnswerStore & Partial<AsyncDisposable>;
}

/** What every AnswerStore holds to. */
export function describeAnswerStore(name: string, { open }: AnswerStoreUnderTest): void {
  async function expectRows(store: AnswerStore, keys: readonly string[], rows: readonly StoredOutcome[]) {
    expect(plainRows(await store.getMany(keys))).toEqual(plainRows(rows));
  }

  /** Puts one after the other into a store that is closed with the test. */
  async function filled(...rows: readonly StoredOutcome[]): Promise<AnswerStore> {
    const store = open();
    onTestFinished(() => store[Symbol.asyncDispose]?.());
    for (const row of rows) await store.put(row);
    return store;
  }

  describe(`${name} as an answer store`, () => {
    test('a key that was never put is a miss', async () => {
      const store = await filled(answerOf('8', 1));
      await expectRows(store, ['7'], []);
      await expectRows(store, [], []);
    });

    test.each([
      ['an answer', answerOf('7', 1000)],
      ['no data', noDataOf('7', 1000)],
      ['refused parameters', failureOf('7', 1000)],
      ['an unknown end', failureOf('7', 1000, OUTCOME_UNKNOWN)],
      ['a key of several lines', answerOf('7\nkol-link-info\nbeauty', 1000)],
    ])('%s comes back as it was put', async (_, stored) => {
      await expectRows(await filled(stored), [stored.cacheKey], [stored]);
    });

    test('many keys are one question, and nobody gets what belongs to a key that was not asked for', async () => {
      const rows = ['1', '2', '3', '4'].map((key) => answerOf(key, 1000, Number(key)));
      await expectRows(await filled(...rows), ['4', '9', '2'], [rows[3], rows[1]] as StoredOutcome[]);
    });

    test.each([
      ['a newer answer', [answerOf('7', 1, 1), answerOf('7', 2, 2)], 1],
      ['of two of one time the one that was put last', [answerOf('7', 2, 1), answerOf('7', 2, 2)], 1],
      ['newer knowledge that there is no data', [answerOf('7', 1), noDataOf('7', 2)], 1],
      ['an answer after no data', [noDataOf('7', 1), answerOf('7', 2)], 1],
      ['a newer failure', [failureOf('7', 1), failureOf('7', 2, OUTCOME_UNKNOWN)], 1],
    ] as const)('what stays is %s', async (_, rows, stays) => {
      await expectRows(await filled(...rows), ['7'], [rows[stays] as StoredOutcome]);
    });

    test('a failure stands beside the answer, and the older comes first', async () => {
      const answer = answerOf('7', 1000);
      const failure = failureOf('7', 2000);
      const newerAnswer = answerOf('7', 3000);
      const store = await filled(failure, answer);
      await expectRows(store, ['7'], [answer, failure]);
      await store.put(newerAnswer);
      await expectRows(store, ['7'], [failure, newerAnswer]);
    });

    test('a failure that cost nothing is not kept, and removes nothing', async () => {
      const answer = answerOf('7', 1000);
      await expectRows(await filled(answer, failureOf('7', 2000, UNREACHABLE)), ['7'], [answer]);
    });

    test('puts at the same time are all kept', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => answerOf(String(index), 1000, index));
      const store = await filled();
      await Promise.all(rows.map((row) => store.put(row)));
      await expectRows(
        store,
        rows.map(({ cacheKey }) => cacheKey),
        rows,
      );
    });
  });
}
