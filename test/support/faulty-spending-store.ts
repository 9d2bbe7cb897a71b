import type { Settlement, SpendingStore } from '../../src/upstream/ledger/spending-store.ts';

/** Refuses before anything is done; does it and loses the reply; or does nothing until `release`. */
export type SpendingStoreFault = 'none' | 'refuses' | 'loses-replies' | 'late';

/** Books that fail when they are told to, and count what is asked of them. */
export interface FaultySpendingStore extends SpendingStore {
  fault: SpendingStoreFault;
  /** Every call so far, in order; a settlement call has what it settles. */
  readonly calls: readonly SpendingStoreCall[];
  /** Calls that have no reply yet. */
  readonly underWay: number;
  /** Lets go what is late, and is late no more. */
  release(): void;
}

export interface SpendingStoreCall {
  readonly name: keyof SpendingStore;
  readonly settlements: readonly Settlement[];
}

export function createFaultySpendingStore(spendingStore: SpendingStore): FaultySpendingStore {
  const calls: SpendingStoreCall[] = [];
  let gate = Promise.withResolvers<void>();
  let underWay = 0;

  async function through<Reply>(call: SpendingStoreCall, run: () => Promise<Reply>): Promise<Reply> {
    calls.push(call);
    underWay += 1;
    return carryOut(self.fault, run).finally(() => {
      underWay -= 1;
    });
  }

  async function carryOut<Reply>(fault: SpendingStoreFault, run: () => Promise<Reply>): Promise<Reply> {
    if (fault === 'refuses') throw new Error('refused');
    if (fault === 'late') await gate.promise;
    const reply = await run();
    if (fault === 'loses-replies') throw new Error('the reply was lost');
    return reply;
  }

  const self: FaultySpendingStore = {
    fault: 'none',
    calls,
    get underWay() {
      return underWay;
    },
    release() {
      self.fault = 'none';
      gate.resolve();
      gate = Promise.withResolvers();
    },
    today: (days) => through({ name: 'today', settlements: [] }, () => spendingStore.today(days)),
    reserve: (request) => through({ name: 'reserve', settlements: [] }, () => spendingStore.reserve(request)),
    settle: (settlement, known) =>
      through({ name: 'settle', settlements: [settlement] }, () => spendingStore.settle(settlement, known)),
    settleMany: (day, settlements, known) =>
      through({ name: 'settleMany', settlements }, () => spendingStore.settleMany(day, settlements, known)),
    raise: (spent) => through({ name: 'raise', settlements: [] }, () => spendingStore.raise(spent)),
  };
  return self;
}

/** Books in memory that book each settlement once, as far as its id tells. */
export function createMemorySpendingStore(day: () => string): SpendingStore & {
  spendingOn(day: string): { billed: number; unknown: number; open: number };
} {
  const days = new Map<string, { billed: number; unknown: number; open: number }>();
  const [open, settled] = [new Map<string, string>(), new Set<string>()];
  const spendingOn = (ofDay: string) => days.get(ofDay) ?? { billed: 0, unknown: 0, open: 0 };

  function settle({ id, day: ofDay, billed, unknown }: Settlement): void {
    if (settled.has(id)) return;
    settled.add(id);
    const spending = spendingOn(ofDay);
    const wasOpen = Number(open.delete(id));
    days.set(ofDay, {
      billed: spending.billed + billed,
      unknown: spending.unknown + unknown,
      open: spending.open - wasOpen,
    });
  }

  const settleMany: SpendingStore['settleMany'] = async (ofDay, settlements) => {
    for (const settlement of settlements) settle(settlement);
    return spendingOn(ofDay);
  };

  return {
    spendingOn,
    today: async () => ({ day: day(), spending: spendingOn(day()) }),
    async reserve({ id, budget = Number.POSITIVE_INFINITY }) {
      const spending = spendingOn(day());
      const isGranted = !settled.has(id) && spending.billed + spending.unknown + spending.open < budget;
      if (isGranted) {
        open.set(id, day());
        days.set(day(), { ...spending, open: spending.open + 1 });
      }
      return { day: day(), isGranted, spending: spendingOn(day()) };
    },
    settle: (settlement, known) => settleMany(settlement.day, [settlement], known),
    settleMany,
    raise: async () => {},
  };
}
