import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseDay, daysIn, isSameTimeZone, isTimeZone } from '../../src/domain/zone-days.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When clocks were or will be changed in an unusual way. */
const CHANGES = [
  ['Africa/Cairo', '2026-04-23T22:00:00Z'],
  ['Africa/Cairo', '2026-10-29T21:00:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2019-02-17T02:00:00Z'],
  ['America/St_Johns', '2010-11-07T02:31:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ['Asia/Beirut', '2026-03-28T22:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Pacific/Chatham', '2026-04-04T14:00:00Z'],
  ['Pacific/Kwajalein', '1993-08-21T12:00:00Z'],
] as const;

/** Zones that crossed the date line to the west, and so skipped a date, since 1970. */
const SKIPPED_A_DATE = ['Apia', 'Enderbury', 'Fakaofo', 'Kiritimati', 'Kwajalein'].map((name) => `Pacific/${name}`);

/** In every zone that this Node.js knows, and half of the time within two days of an unusual change. */
const anyTime = fc.oneof(
  fc.record({
    timeZone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
    atMs: fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1) }),
  }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }))
    .map(([[timeZone, change], ms]) => ({ timeZone, atMs: Date.parse(change) + ms })),
);

/** What the clocks of a zone show, by another way than the code under test. */
function dateShownIn(timeZone: string, atMs: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(atMs);
}

/** What is used of it. Node.js 24 does not have it, and so not its types either. */
interface Temporal {
  readonly PlainDate: {
    from(date: string): { toZonedDateTime(timeZone: string): { readonly epochMilliseconds: number } };
  };
}

const iso = (ms: number) => new Date(ms).toISOString();

describe('a day of a time zone', () => {
  test('holds its instant, ends where the next one begins, and is followed by the next date', () => {
    fc.assert(
      fc.property(anyTime, ({ timeZone, atMs }) => {
        const days = daysIn(timeZone);
        const day = days.at(atMs);
        expect(day.beginMs).toBeLessThanOrEqual(atMs);
        expect(atMs).toBeLessThan(day.endMs);
        for (const insideMs of [day.beginMs, day.endMs - 1]) expect(days.at(insideMs)).toEqual(day);
        const next = days.at(day.endMs);
        expect(next.beginMs).toBe(day.endMs);
        expect(days.at(day.beginMs - 1).endMs).toBe(day.beginMs);
        const datesOn = (Date.parse(next.name) - Date.parse(day.name)) / DAY_MS;
        expect(SKIPPED_A_DATE.includes(timeZone) ? [1, 2] : [1]).toContain(datesOn);
        expect(dateShownIn(timeZone, day.beginMs)).toBe(day.name);
        // Not always that of the last moment: clocks may be set back across midnight.
        expect(dateShownIn(timeZone, day.beginMs - 1) < day.name).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('is found again, whatever was asked before', () => {
    fc.assert(
      fc.property(
        anyTime,
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 5 }),
        (time, hours) => {
          const { timeZone, atMs } = time;
          const days = daysIn(timeZone);
          for (const hour of hours)
            expect(days.at(atMs + hour * HOUR_MS)).toEqual(daysIn(timeZone).at(atMs + hour * HOUR_MS));
        },
      ),
      { numRuns: 50 },
    );
  });

  test.skipIf(!('Temporal' in globalThis))('begins where Temporal lets it begin', () => {
    const { PlainDate } = Reflect.get(globalThis, 'Temporal') as Temporal;
    fc.assert(
      fc.property(anyTime, ({ timeZone, atMs }) => {
        const { name, beginMs } = daysIn(timeZone).at(atMs);
        expect(beginMs).toBe(PlainDate.from(name).toZonedDateTime(timeZone).epochMilliseconds);
      }),
      { numRuns: 300 },
    );
  });

  test('is chosen between the two around the nearest midnight as it is found directly', () => {
    fc.assert(
      fc.property(anyTime, fc.integer({ min: -10 * HOUR_MS, max: 10 * HOUR_MS }), ({ timeZone, atMs }, offMs) => {
        const days = daysIn(timeZone);
        const nearest = days.nearestTo(atMs);
        expect(chooseDay(nearest, atMs)).toBe(days.at(atMs).name);
        // By a clock that is hours off, too: within half of the shortest day.
        expect(chooseDay(nearest, atMs + offMs)).toBe(days.at(atMs + offMs).name);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['UTC', '2026-01-02T12:00:00.000Z', '2026-01-02', '2026-01-02T00:00:00.000Z', 24],
    ['Asia/Shanghai', '2026-01-02T15:59:59.999Z', '2026-01-02', '2026-01-01T16:00:00.000Z', 24],
    ['Asia/Shanghai', '2026-01-02T16:00:00.000Z', '2026-01-03', '2026-01-02T16:00:00.000Z', 24],
    ['Asia/Kathmandu', '2026-01-02T12:00:00.000Z', '2026-01-02', '2026-01-01T18:15:00.000Z', 24],
    ['Europe/Berlin', '2026-03-29T12:00:00.000Z', '2026-03-29', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00.000Z', '2026-10-25', '2026-10-24T22:00:00.000Z', 25],
    ['Australia/Lord_Howe', '2026-04-05T00:00:00.000Z', '2026-04-05', '2026-04-04T13:00:00.000Z', 24.5],
    // Midnight does not exist: clocks go from 23:59:59 to 01:00:00.
    ['America/Sao_Paulo', '2018-11-04T12:00:00.000Z', '2018-11-04', '2018-11-04T03:00:00.000Z', 23],
    ['Africa/Cairo', '2026-04-24T12:00:00.000Z', '2026-04-24', '2026-04-23T22:00:00.000Z', 23],
    // The change that skips midnight comes before it: clocks go from 23:29:59 to 00:30:00.
    ['America/Toronto', '1919-03-31T12:00:00.000Z', '1919-03-31', '1919-03-31T04:30:00.000Z', 23.5],
    // Midnight exists twice: clocks go from 23:59:59 back to 23:00:00.
    ['Africa/Cairo', '2026-10-29T20:30:00.000Z', '2026-10-29', '2026-10-28T21:00:00.000Z', 25],
    // At 00:01 clocks go back to 23:01 of the day before, which is over by then.
    ['America/St_Johns', '2010-11-07T02:45:00.000Z', '2010-11-07', '2010-11-07T02:30:00.000Z', 25],
    // 2011-12-30 was skipped.
    ['Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29', '2011-12-29T10:00:00.000Z', 24],
    ['Pacific/Apia', '2011-12-30T10:00:00.000Z', '2011-12-31', '2011-12-30T10:00:00.000Z', 24],
    // 1969-09-30 came twice.
    ['Pacific/Kwajalein', '1969-10-01T00:00:00.000Z', '1969-09-30', '1969-09-29T13:00:00.000Z', 47],
  ])('of %s at %s is %s, begins at %s and has %d hours', (timeZone, at, name, begin, hours) => {
    const day = daysIn(timeZone).at(Date.parse(at));
    expect([day.name, iso(day.beginMs), (day.endMs - day.beginMs) / HOUR_MS]).toEqual([name, begin, hours]);
    expect(daysIn(timeZone).msToNext(Date.parse(at))).toBe(day.endMs - Date.parse(at));
  });

  test('is asked of Intl once, and compared by numbers from then on', () => {
    const days = daysIn('Asia/Shanghai');
    const first = days.at(Date.UTC(2026, 0, 2));
    for (let atMs = first.beginMs; atMs < first.endMs; atMs += HOUR_MS) expect(days.at(atMs)).toBe(first);
    const atMorning = days.nearestTo(first.beginMs);
    expect(days.nearestTo(first.beginMs + HOUR_MS)).toBe(atMorning);
    expect(days.nearestTo(first.endMs - 1)).toEqual({
      before: first.name,
      after: '2026-01-03',
      midnightMs: first.endMs,
    });
  });
});

describe('the name of a time zone', () => {
  test.each(['UTC', 'Asia/Shanghai', 'asia/shanghai', 'PRC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+12'])(
    '%s is one',
    (name) => expect(isTimeZone(name)).toBe(true),
  );

  test.each(['', '+08:00', 'UTC+8', 'Shanghai', 'Asia/Shanghai ', 'Mars/Olympus_Mons', 'CST-8'])('%j is none', (name) =>
    expect(isTimeZone(name)).toBe(false),
  );

  test.each([
    ['PRC', 'Asia/Shanghai', true],
    ['asia/kolkata', 'Asia/Calcutta', true],
    ['Etc/UTC', 'UTC', true],
    ['UTC', 'Asia/Shanghai', false],
    ['Unknown/Zone', 'Unknown/Zone', true],
    ['Unknown/Zone', 'UTC', false],
  ])('%s and %s stand for the same zone: %s', (one, other, isSame) => expect(isSameTimeZone(one, other)).toBe(isSame));

  test('that does not exist is refused where it is given', () => {
    expect(() => daysIn('Mars/Olympus_Mons')).toThrow(RangeError);
  });
});
