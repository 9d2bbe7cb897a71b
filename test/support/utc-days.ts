import { daysIn } from '../../src/domain/zone-days.ts';

/** The days of the default of `BUDGET_TIME_ZONE`. */
export const UTC_DAYS = daysIn('UTC');

/** The UTC day of a time, as YYYY-MM-DD. */
export function utcDayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
