import type { AnswerStore, StoredOutcome } from '../../cache/write-behind.ts';
import { isStorable, obtainedAtMsOf } from '../../domain/link-index.ts';
import { decodeJsonOutcome, decodeOutcome, encodeOutcome } from '../../domain/outcome-codec.ts';
import type { SqliteFile } from './sqlite-file.ts';

/**
 * Answers in a SQLite file.
 * @param namespace what keeps the answers of another upstream, or of the sandbox, apart from ours
 */
export function createSqliteAnswerStore(file: SqliteFile, namespace: string): AnswerStore {
  const prefix = `${namespace}\n`;

  return {
    async getMany(cacheKeys) {
      const rows = await file.call(
        'getAnswers',
        cacheKeys.map((cacheKey) => prefix + cacheKey),
      );
      return rows.flatMap(({ key, body, expiresAtMs }): StoredOutcome[] => {
        // A row of version 0.1.0 is JSON. It is replaced by the next purchase of its key, or deleted when it has expired.
        const outcome = decodeOutcome(key, body)?.outcome ?? decodeJsonOutcome(key, body);
        return outcome ? [{ cacheKey: key.slice(prefix.length), outcome, expiresAtMs }] : [];
      });
    },
    async put({ cacheKey, outcome, expiresAtMs }) {
      if (!isStorable(outcome)) return;
      const key = prefix + cacheKey;
      const isFailure = outcome.kind === 'failure';
      await file.call('putAnswer', {
        key,
        slot: isFailure ? 'failure' : 'answer',
        body: encodeOutcome(key, outcome, expiresAtMs),
        bornAtMs: obtainedAtMsOf(outcome),
        expiresAtMs,
      });
    },
  };
}
