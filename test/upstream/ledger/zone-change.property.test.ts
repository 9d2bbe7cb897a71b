import fc from 'fast-check';
import { expect, test } from 'vitest';
import { daysIn } from '../../../src/domain/zone-days.ts';
import { openLedger, spend } from '../../support/ledger-contract.ts';
import { createTestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;

const anyZone = fc.oneof(
  fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
  fc.constantFrom('UTC', 'Asia/Shanghai', 'Etc/GMT+12', 'Pacific/Kiritimati'),
);

/** How many of its dates a zone begins or goes on with, from one hour to another. */
function datesIn(timeZone: string, fromMs: number, hours: number): number {
  const days = daysIn(timeZone);
  return new Set(Array.from({ length: hours }, (_, hour) => days.at(fromMs + hour * HOUR_MS).name)).size;
}

test('a change of the time zone lets at most one daily budget more be spent than the better of the two zones alone', async () => {
  const { file, path } = openLedger();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyZone, { minLength: 2, maxLength: 2 }),
      fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) }),
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
      async (zones, fromMs, [hoursBefore, hoursAfter]) => {
        const clock = createTestClock(fromMs);
        runs += 1;
        const scope = `run ${runs}`;
        let spentCount = 0;
        for (const [phase, hours] of [hoursBefore, hoursAfter].entries()) {
          const days = daysIn(zones[phase] ?? '');
          const { ledger } = openLedger({ path, clock, scope, days, dailyBudget: 1, through: () => file });
          await ledger.load();
          for (let hour = 0; hour < hours; hour += 1) {
            while (await spend(ledger)) spentCount += 1;
            clock.advanceMs(HOUR_MS);
          }
        }
        const alone = zones.map((timeZone) => datesIn(timeZone, fromMs, hoursBefore + hoursAfter));
        expect(spentCount).toBeLessThanOrEqual(Math.max(...alone) + 1);
        expect(spentCount).toBeGreaterThan(0);
      },
    ),
    { numRuns: 60 },
  );
});
