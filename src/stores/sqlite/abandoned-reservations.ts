import { isClientScope } from '../../upstream/ledger/ledger.ts';
import { untilDone } from '../../upstream/until-done.ts';
import type { ReservationRow } from './spending.ts';
import type { SqliteFile } from './sqlite-file.ts';

/**
 * Counts as unknown, which is as spent, what processes that ended left open in a file. A file has one process at a time, so
 * every reservation that is open before the first one of this process is theirs.
 *
 * @param onSettled called with each such call
 * @returns what does it, once; after a failure it is tried again when it is asked for again
 */
export function createAbandonedSettling(
  file: SqliteFile,
  onSettled: (reservation: ReservationRow) => void,
): () => Promise<void> {
  return untilDone(async () => {
    // A call that a client led is reserved for the client as well.
    for (const reservation of await file.call('settleOpen'))
      if (!isClientScope(reservation.scope)) onSettled(reservation);
  });
}
