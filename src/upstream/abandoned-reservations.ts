import type { ReservationRow } from '../sqlite/spending.ts';
import type { SqliteFile } from '../sqlite/sqlite-file.ts';

export interface AbandonedOptions {
  readonly file: SqliteFile;
  readonly scope: string;
  /** This process, whose reservations are its own business. */
  readonly owner: { readonly name: string; readonly pid: number };
  /** Whether a process of this machine lives. */
  readonly isAlive: (pid: number) => boolean;
  /** No call takes longer, in milliseconds: an older reservation is abandoned even if its process id lives on in another process. */
  readonly maxCallMs: number;
  readonly clock: () => number;
}

/** The calls that a process had reserved when it died: named questions, each perhaps billed. */
export async function findAbandoned(options: AbandonedOptions): Promise<readonly ReservationRow[]> {
  return (await abandonedRows(options)).filter(({ scope }) => scope === options.scope);
}

/** A call that a client led is reserved twice: for the account, and for the client. */
async function abandonedRows(options: AbandonedOptions): Promise<readonly ReservationRow[]> {
  const { file, scope, owner, isAlive, maxCallMs, clock } = options;
  const others = await file.call('reservationsOfOthers', scope, owner.name);
  // In a container the next process has the number of the last one.
  const isDead = (pid: number) => pid === owner.pid || !isAlive(pid);
  return others.filter(({ pid, atMs }) => isDead(pid) || clock() - atMs > maxCallMs);
}

/** Counts them as unknown, which is as spent. @returns those of the account */
export async function settleAbandoned(options: AbandonedOptions): Promise<readonly ReservationRow[]> {
  const abandoned = await abandonedRows(options);
  for (const reservation of abandoned) {
    await options.file.call('abandon', reservation);
  }
  return abandoned.filter(({ scope }) => scope === options.scope);
}
