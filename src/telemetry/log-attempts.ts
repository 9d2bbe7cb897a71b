import type { Logger } from './logger.ts';

/** What an attempt at a paid call tells about itself. */
interface AttemptLike {
  readonly endpoint: string;
  readonly outcome: string;
  readonly billed: string;
  readonly durationMs: number;
  readonly reason?: string;
}

/** One line per call that may have cost money. */
export function logAttempt(log: Logger, attempt: AttemptLike): void {
  const isGood = attempt.outcome === 'ok' || attempt.outcome === 'no_data';
  log[isGood ? 'info' : 'warn'](attempt, isGood ? 'upstream answered' : 'upstream failed');
}
