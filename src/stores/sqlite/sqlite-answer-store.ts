import type { AnswerStore, StoredOutcome } from '../../cache/answer-store.ts';
import { bornAtMsOf } from '../../domain/link-index.ts';
import { decodeOutcome, encodeOutcome } from '../../domain/stored-outcome.ts';
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
        const outcome = decodeOutcome(key, body);
        return outcome ? [{ cacheKey: key.slice(prefix.length), outcome, expiresAtMs }] : [];
      });
    },
    async put({ cacheKey, outcome, expiresAtMs }) {
      const key = prefix + cacheKey;
      const body = encodeOutcome(key, outcome);
      if (body === undefined) return;
      const isFailure = outcome.kind === 'failure';
      await file.call('putAnswer', {
        key,
        slot: isFailure ? 'failure' : 'answer',
        body,
        bornAtMs: bornAtMsOf(outcome),
        expiresAtMs,
      });
    },
  };
}
