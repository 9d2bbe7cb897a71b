import type { DatabaseSync } from 'node:sqlite';

/** A row as it is stored; what its body means is not known here. */
export interface AnswerRow {
  readonly key: string;
  /** A key has one row per slot. */
  readonly slot: string;
  readonly body: string;
  readonly bornAtMs: number;
  readonly expiresAtMs: number;
}

/** So many at a time, that sweeping a large file never keeps others waiting. */
const SWEEP_ROWS = 1000;

/** The statements on stored answers. */
export function prepareAnswers(database: DatabaseSync) {
  const select = database.prepare(
    'SELECT key, slot, body, born_at_ms AS bornAtMs, expires_at_ms AS expiresAtMs FROM answers WHERE key = ? ORDER BY born_at_ms',
  );
  // One process writes, and in the order in which it buys: the last is the newest, also after a clock was set back.
  const upsert = database.prepare(
    `INSERT INTO answers (key, slot, body, born_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key, slot) DO UPDATE SET body = excluded.body, born_at_ms = excluded.born_at_ms, expires_at_ms = excluded.expires_at_ms`,
  );
  const sweep = database.prepare(
    `DELETE FROM answers WHERE (key, slot) IN (SELECT key, slot FROM answers WHERE expires_at_ms <= ? LIMIT ${SWEEP_ROWS})`,
  );
  return {
    getAnswers: (keys: readonly string[]) => keys.flatMap((key) => select.all(key) as unknown as AnswerRow[]),
    putAnswer: ({ key, slot, body, bornAtMs, expiresAtMs }: AnswerRow): void => {
      upsert.run(key, slot, body, bornAtMs, expiresAtMs);
    },
    /** @returns how many rows went */
    sweepAnswers: (nowMs: number): number => Number(sweep.run(nowMs).changes),
  };
}
