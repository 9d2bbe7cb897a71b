import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AnswerStore } from '../../src/cache/write-behind.ts';
import type { LinkIndexAnswer } from '../../src/domain/link-index.ts';
import { encodeOutcome } from '../../src/domain/outcome-codec.ts';
import { createSqliteAnswerStore } from '../../src/stores/sqlite/sqlite-answer-store.ts';
import { openSqliteFile, type SqliteFile } from '../../src/stores/sqlite/sqlite-file.ts';
import { answerOf, describeAnswerStore, failureOf, temporaryStorePath } from '../support/answer-store-contract.ts';

const NAMESPACE = 'v1 https://upstream.example';

describeAnswerStore('sqlite', { open: () => openStore(temporaryStorePath()) });

function openFile(path: string): SqliteFile {
  const file = openSqliteFile(path, 1);
  onTestFinished(() => file.close());
  return file;
}

function openStore(path: string): AnswerStore {
  return createSqliteAnswerStore(openFile(path), NAMESPACE);
}

function write(path: string, sql: string, ...values: (string | number)[]): void {
  const database = new DatabaseSync(path);
  database.prepare(sql).run(...values);
  database.close();
}

function rowsOf(path: string): { key: string; slot: string }[] {
  const database = new DatabaseSync(path);
  const rows = database.prepare('SELECT key, slot FROM answers ORDER BY key, slot').all();
  database.close();
  return rows.map(({ key, slot }) => ({ key: String(key), slot: String(slot) }));
}

describe('a sqlite file', () => {
  const key = `${NAMESPACE}\n7`;
  const good = encodeOutcome(key, answerOf('7', 1000).outcome, 2000);
  const { freshness: _, ...outcome } = answerOf('7', 1000).outcome as LinkIndexAnswer;
  /** As version 0.1.0 wrote it. */
  const goodJson = JSON.stringify({ version: 1, key, outcome });

  test.each([
    ['of another key', encodeOutcome(`${NAMESPACE}\n8`, answerOf('7', 1000).outcome, 2000)],
    ['of another namespace', encodeOutcome('v1 https://upstream.invalid\n7', answerOf('7', 1000).outcome, 2000)],
    ['of another form', good.replace('k1', 'k2')],
    ['with another number', good.replace('104078', '104079')],
    ['that is cut off', good.slice(0, -2)],
    ['of another key, of version 0.1.0', goodJson.replace('\\n7"', '\\n8"')],
    ['of another namespace, of version 0.1.0', goodJson.replace('upstream.example', 'upstream.invalid')],
    ['of another version', goodJson.replace('"version":1', '"version":2')],
    ['of another shape', goodJson.replace('"rank":104078', '"rank":"104078"')],
    ['with one member more', goodJson.replace('"version":1', '"version":1,"more":1')],
    ['that is cut off, of version 0.1.0', goodJson.slice(0, -2)],
    ['that is empty', ''],
    ['that is no JSON', 'cooperate'],
    ['that is null', 'null'],
  ])('a body %s is a miss, and a newer answer takes its place', async (_, body) => {
    expect([good, goodJson]).not.toContain(body);
    const path = temporaryStorePath();
    const store = openStore(path);
    await store.put(answerOf('7', 1000));
    await store.put(answerOf('8', 1000));
    write(path, 'UPDATE answers SET body = ? WHERE key = ?', body, key);
    expect(await store.getMany(['7', '8'])).toEqual([answerOf('8', 1000)]);
    await store.put(answerOf('7', 2000));
    expect(await store.getMany(['7'])).toEqual([answerOf('7', 2000)]);
  });

  test('keeps what was put last, also where the clock was set back in between', async () => {
    const store = openStore(temporaryStorePath());
    for (const row of [answerOf('7', 2000, 1), answerOf('7', 1000, 2)]) await store.put(row);
    expect(await store.getMany(['7'])).toEqual([answerOf('7', 1000, 2)]);
  });

  test.each([
    ['this version', good],
    ['version 0.1.0', goodJson],
  ])('a good row of %s is an answer, and the next answer takes its place', async (_, body) => {
    const path = temporaryStorePath();
    const store = openStore(path);
    await store.getMany([]);
    write(path, "INSERT INTO answers VALUES (?, 'answer', ?, 1000, 2000)", key, body);
    expect(await store.getMany(['7'])).toEqual([answerOf('7', 1000, 50, 2000)]);
    await store.put(answerOf('7', 3000));
    expect(await store.getMany(['7'])).toEqual([answerOf('7', 3000)]);
  });

  test('namespaces are apart', async () => {
    const path = temporaryStorePath();
    const file = openFile(path);
    const [ours, sandbox] = [createSqliteAnswerStore(file, NAMESPACE), createSqliteAnswerStore(file, 'v1 sandbox')];
    await ours.put(answerOf('7', 1000, 1));
    expect(await sandbox.getMany(['7'])).toEqual([]);
    await sandbox.put(answerOf('7', 2000, 2));
    expect(await ours.getMany(['7'])).toEqual([answerOf('7', 1000, 1)]);
  });

  test('outlives whoever filled it', async () => {
    const path = temporaryStorePath();
    const file = openFile(path);
    await createSqliteAnswerStore(file, NAMESPACE).put(answerOf('7', 1000));
    await file.close();
    expect(await openStore(path).getMany(['7'])).toEqual([answerOf('7', 1000)]);
  });

  test('is made with its folders', async () => {
    const store = openStore(`${temporaryStorePath()}/of/folders/cache.sqlite`);
    await store.put(answerOf('7', 1000));
    expect(await store.getMany(['7'])).toHaveLength(1);
  });

  test('of another version is refused rather than misread', async () => {
    const path = temporaryStorePath();
    write(path, 'PRAGMA user_version = 99');
    await expect(openStore(path).getMany(['7'])).rejects.toThrow('expected a store of version 1, got version 99');
  });

  test('sweeping removes what has expired, and nothing else', async () => {
    const path = temporaryStorePath();
    const file = openFile(path);
    const store = createSqliteAnswerStore(file, NAMESPACE);
    const puts = [answerOf('7', 1, 1, 1000), answerOf('8', 1, 1, 1001), answerOf('9', 1, 1, 999), failureOf('7', 2)];
    for (const stored of puts) await store.put(stored);
    expect(await file.call('sweepAnswers', 1000)).toBe(2);
    expect(rowsOf(path)).toEqual([
      { key, slot: 'failure' },
      { key: `${NAMESPACE}\n8`, slot: 'answer' },
    ]);
    expect(await file.call('sweepAnswers', 1000)).toBe(0);
  });

  test('sweeping goes on where it stopped, a thousand rows at a time', async () => {
    const path = temporaryStorePath();
    const file = openFile(path);
    await file.call('sweepAnswers', 0);
    write(
      path,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
       INSERT INTO answers SELECT 'k' || i, 'answer', '', 0, 5 FROM n`,
    );
    expect(await file.call('sweepAnswers', 5)).toBe(1000);
    expect(await file.call('sweepAnswers', 5)).toBe(500);
  });
});
