import type { Timers } from '../../domain/time.ts';
import type { Balance, BalanceOutcome } from './balance.ts';

export interface BalanceReading extends Balance {
  /** When it was read, in milliseconds since the epoch. */
  readonly readAtMs: number;
}

/** For operators, with the time as ISO 8601. */
export function toldReading({ amount, currency, readAtMs }: BalanceReading) {
  return { amount, currency, readAt: new Date(readAtMs).toISOString() };
}

/** One look at whose turn it is to read. */
export interface BalanceTurn {
  /** Whether this process reads; no other does until the next turn. */
  readonly isOurs: boolean;
  /** When the next turn begins, in milliseconds from now. */
  readonly nextInMs: number;
  /** What was read last by anybody, as far as that is kept. */
  readonly last: BalanceReading | undefined;
}

/** What replicas of one store share, so that one of them reads for all. */
export interface SharedBalance {
  /** Takes the turn, unless another process has it. @throws when the store fails */
  takeTurn(): Promise<BalanceTurn>;
  /** Publishes a reading to the others. @throws when the store does not take it */
  share(reading: BalanceReading): Promise<void>;
  /** Calls back with what the others publish, from now on. */
  listen(listener: (reading: BalanceReading) => void): void;
  /** By how much the store's clock is ahead of this machine's, in milliseconds: readings are in the store's time. */
  readonly clockOffsetMs: () => number;
}

export interface BalanceReaderOptions {
  /** How often it is read, in milliseconds. */
  readonly intervalMs: number;
  /** Asks the vendor, once. */
  readonly read: () => Promise<BalanceOutcome>;
  /** Undefined where no other process has the store: then every turn is ours. */
  readonly shared: SharedBalance | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds since whenever; never set back. */
  readonly steadyMs: () => number;
  readonly timers: Timers;
  /** Called with the first read, and with each that ends differently from the one before: a balance, refused or unreadable. */
  readonly onChange: (outcome: BalanceOutcome) => void;
  /** Called when the store did not do something. */
  readonly onStoreError: (error: unknown) => void;
}

export interface BalanceReader {
  /** What was read last; undefined until it was read for the first time. A failed read changes nothing of it. */
  readonly last: BalanceReading | undefined;
  /** The token has changed, and with it perhaps the account: forgets what was read, and reads at once. */
  restart(): void;
  /** Reads no more, and ignores what an open read brings. */
  stop(): void;
}

/** After how long an unavailable store is asked for the turn again, in milliseconds; less where the interval is shorter. */
const STORE_RETRY_MS = 60_000;

/**
 * Reads the account's balance at the start and then once in each interval. It stands beside the paid calls: no budget, no
 * breaker and no queue knows of it.
 *
 * Nothing says that the read is free. So a failed one is not repeated before the next turn, and while a shared store is unavailable
 * no replica reads: each for itself would multiply the calls.
 */
export function startBalanceReader(options: BalanceReaderOptions): BalanceReader {
  const { intervalMs, read, shared, clock, steadyMs, timers, onChange, onStoreError } = options;
  const alone: BalanceTurn = { isOurs: true, nextInMs: intervalMs, last: undefined };
  let last: BalanceReading | undefined;
  let state: BalanceOutcome['kind'] | undefined;
  let cancelNext: (() => void) | undefined;
  /** Changes when what is under way is of no use any more. */
  let round = Symbol('round');

  function learn(reading: BalanceReading | undefined): void {
    if (reading && (last === undefined || reading.readAtMs > last.readAtMs)) last = reading;
  }

  function noteOutcome(outcome: BalanceOutcome): void {
    if (outcome.kind !== state) onChange(outcome);
    state = outcome.kind;
  }

  async function takeTurn(current: symbol): Promise<void> {
    const isCurrent = () => current === round;
    const noteStoreError = (error: unknown) => void (isCurrent() && onStoreError(error));
    let nextAtMs = steadyMs() + Math.min(intervalMs, STORE_RETRY_MS);
    try {
      const turn = shared ? await shared.takeTurn().catch(noteStoreError) : alone;
      if (!turn || !isCurrent()) return;
      nextAtMs = steadyMs() + turn.nextInMs;
      learn(turn.last);
      if (!turn.isOurs) return;
      const outcome = await read();
      if (!isCurrent()) return;
      noteOutcome(outcome);
      if (outcome.kind !== 'balance') return;
      last = { ...outcome.balance, readAtMs: clock() + (shared?.clockOffsetMs() ?? 0) };
      await shared?.share(last).catch(noteStoreError);
    } finally {
      if (isCurrent()) cancelNext = timers.after(nextAtMs - steadyMs(), begin);
    }
  }

  function begin(): void {
    void takeTurn(round);
  }

  function end(): void {
    round = Symbol('round');
    cancelNext?.();
  }

  shared?.listen(learn);
  begin();

  return {
    get last() {
      return last;
    },
    restart() {
      end();
      last = undefined;
      begin();
    },
    stop: end,
  };
}
