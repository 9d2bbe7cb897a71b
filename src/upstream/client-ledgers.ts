import type { DaySpending, Ledger } from './ledger.ts';

/** A ledger for each client that has led a purchase: what it spent of its own limit. */
export interface ClientLedgers {
  of(client: string): Ledger;
  /** What each client has spent today, by its name. */
  today(): Readonly<Record<string, DaySpending>>;
  close(): Promise<void>;
}

/** @param open opens the ledger of a client; what it spent before, where that is kept, is in it */
export function createClientLedgers(open: (client: string) => Ledger): ClientLedgers {
  const ledgers = new Map<string, Ledger>();

  return {
    of(client) {
      const ledger = ledgers.get(client) ?? open(client);
      ledgers.set(client, ledger);
      return ledger;
    },
    today: () => Object.fromEntries([...ledgers].map(([client, ledger]) => [client, ledger.today()])),
    async close() {
      await Promise.all([...ledgers.values()].map((ledger) => ledger.close()));
    },
  };
}

const CLIENT_PART = ' client ';

/** The scope under which a file keeps a client's spending, beside that of the account. A client's name holds no space. */
export function clientScopeOf(scope: string, client: string): string {
  return `${scope}${CLIENT_PART}${client}`;
}

/** A call that a client led is reserved twice: for the account, and for the client. */
export function isClientScope(scope: string): boolean {
  return scope.includes(CLIENT_PART);
}
