import type { Config } from '../config/config.ts';

/** What bounds the spending, in one line for a person: also what was not set, for a limit that is missing is to be seen. */
export function spendingLimitsOf({ upstream, workers }: Config): string {
  const { dailyBudget, budgetTimeZone, maxAttempts, maxConcurrent, maxPerSecond, balanceIntervalMs } = upstream;
  return [
    dailyBudget === undefined ? 'no daily budget' : `daily budget ${dailyBudget} calls`,
    // Also without a daily budget: the limits of clients count by the same days.
    ...(budgetTimeZone === 'UTC' ? [] : [`days of ${budgetTimeZone}`]),
    `at most ${maxConcurrent * workers} calls in flight`,
    maxPerSecond === undefined ? 'no limit per second' : `at most ${maxPerSecond} per second`,
    `${maxAttempts} ${maxAttempts === 1 ? 'attempt' : 'attempts'} per answer`,
    ...(balanceIntervalMs === undefined ? [] : [`balance read every ${balanceIntervalMs / 1000} s`]),
  ].join(', ');
}
