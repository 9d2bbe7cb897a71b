import type { Logger } from './logger.ts';

/** How a read of the account's balance ended. */
interface BalanceOutcomeLike {
  readonly kind: 'balance' | 'refused' | 'unreadable';
  /** Of a failure: what was expected and what came. */
  readonly reason?: string;
}

const WARNINGS = {
  refused: 'the upstream refuses the token where its balance is asked for',
  unreadable: 'the balance at the upstream could not be read',
};

/** One line when reads begin to fail, and one when they succeed; whoever calls it tells nothing in between. */
export function logBalanceChange(log: Logger, { kind, reason }: BalanceOutcomeLike): void {
  if (kind === 'balance') log.info('the balance at the upstream was read');
  else log.warn({ reason }, WARNINGS[kind]);
}
