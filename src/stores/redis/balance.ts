import { isBalance } from '../../upstream/account/balance.ts';
import type { BalanceReading, BalanceTurn, SharedBalance } from '../../upstream/account/balance-reader.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export type BalanceUpdate = readonly ['balance', account: string, reading: string];

export interface RedisBalanceOptions {
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  /** How often one of the replicas reads, in milliseconds. */
  readonly intervalMs: number;
  /** Whose balance it is: another token may be of another account. */
  readonly account: () => string;
  /** By how much the server's clock is ahead of this machine's, in milliseconds. */
  readonly clockOffsetMs: () => number;
}

export interface RedisBalance extends SharedBalance {
  /** Takes a message of the channel that it publishes to. */
  onMessage(update: BalanceUpdate): void;
}

/** Longer than the longest interval, so that a reading is there until the next one; in milliseconds. */
const KEPT_MS = 30 * 86_400_000;

/** One reader for all replicas: a turn is a key that ends by Redis' own clock. */
export function createRedisBalance(options: RedisBalanceOptions): RedisBalance {
  const { link, keys, intervalMs, account, clockOffsetMs } = options;
  let listener: ((reading: BalanceReading) => void) | undefined;

  return {
    clockOffsetMs,
    async takeTurn(): Promise<BalanceTurn> {
      const names = [keys.balanceTurn(account()), keys.balance(account())];
      const reply = (await link.script('kolgwBalanceTurn', names, intervalMs)) as readonly [number, number, string];
      const [isTaken, leftMs, kept] = reply;
      return { isOurs: isTaken === 1, nextInMs: leftMs < 0 ? intervalMs : leftMs, last: parseReading(kept) };
    },
    async share({ readAtMs, amount, currency }) {
      const text = `${readAtMs} ${amount} ${currency}`;
      const update = JSON.stringify(['balance', account(), text] satisfies BalanceUpdate);
      await link.script('kolgwBalance', [keys.balance(account())], text, KEPT_MS, keys.updates, update);
    },
    listen(each) {
      listener = each;
    },
    onMessage([, ofAccount, text]) {
      const reading = ofAccount === account() ? parseReading(text) : undefined;
      if (reading) listener?.(reading);
    },
  };
}

/** @returns undefined for what no replica writes: a store is not believed */
function parseReading(text: unknown): BalanceReading | undefined {
  const [time = '', amount = '', currency = '', surplus] = String(text).split(' ');
  if (surplus !== undefined || !/^\d{1,15}$/.test(time) || !isBalance(amount, currency)) return undefined;
  return { readAtMs: Number(time), amount, currency };
}
