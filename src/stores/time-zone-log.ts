import { isSameTimeZone } from '../domain/zone-days.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Says in the log what other time zones than ours mean for the budgets. */
export interface TimeZoneLog {
  /** @param before the zone by which the store's days were counted until this start; undefined for a new store */
  noteStored(before: string | undefined): void;
  /** @param zones those of all replicas that are there; said once, until they change */
  noteReplicas(zones: readonly string[]): void;
}

/** @param timeZone the IANA name of this process's zone */
export function createTimeZoneLog(timeZone: string, log: Logger): TimeZoneLog {
  let lastOthers = '';

  return {
    noteStored(before) {
      if (before === undefined || isSameTimeZone(before, timeZone)) return;
      log.warn(
        { timeZoneBefore: before, timeZone },
        'BUDGET_TIME_ZONE has changed: days are kept by their date, so at most one further daily budget can be spent',
      );
    },
    noteReplicas(zones) {
      const otherTimeZones = zones.filter((zone) => !isSameTimeZone(zone, timeZone)).sort();
      const others = otherTimeZones.join();
      if (others === lastOthers) return;
      lastOthers = others;
      if (others === '') log.info({ timeZone }, 'all replicas have the same BUDGET_TIME_ZONE now');
      else
        log.error(
          { timeZone, otherTimeZones },
          'replicas have different values of BUDGET_TIME_ZONE: each spends the budget of its own day; give all of them the same',
        );
    },
  };
}
