/** One day of a time zone: `beginMs <= instant < endMs`, in milliseconds since the epoch. */
export interface ZoneDay {
  /** Its date, as YYYY-MM-DD. */
  readonly name: string;
  readonly beginMs: number;
  /** The begin of the next day. */
  readonly endMs: number;
}

/** The two days around the midnight that is nearest to a time. The store's clock, where there is one, chooses between them. */
export interface NearestDays {
  /** The day that ends at `midnightMs`, as YYYY-MM-DD. */
  readonly before: string;
  /** The day that begins at `midnightMs`, as YYYY-MM-DD. */
  readonly after: string;
  /** Milliseconds since the epoch. */
  readonly midnightMs: number;
}

/** The days of a time zone. Looking up a time of the same day as the last one only compares numbers. */
export interface ZoneDays {
  /** Its IANA name, as it was given. */
  readonly timeZone: string;
  /** The day of a time. */
  at(atMs: number): ZoneDay;
  nearestTo(atMs: number): NearestDays;
  /** From a time to the begin of the next day, in milliseconds; always above 0. */
  msToNext(atMs: number): number;
}

const DAY_MS = 86_400_000;

/**
 * A day begins at the first moment at which the zone's calendar shows its date, or a later one. So days have no gap
 * and no overlap, and no date comes twice: also where midnight is skipped (the day begins at the change), where clocks
 * are set back across midnight (the hour that is repeated belongs to the new day), and where the zone skips a date.
 *
 * The rules of the zones are those of ICU in Node.js. Temporal would do, but Node.js 24 does not have it.
 *
 * @param timeZone an IANA name, case-insensitive
 * @throws RangeError when there is no such zone
 */
export function daysIn(timeZone: string): ZoneDays {
  const offsetMsAt = createOffsets(timeZone);
  let last: { readonly day: ZoneDay; readonly atBegin: NearestDays; readonly atEnd: NearestDays } | undefined;

  /** @param localMs midnight as the zone's clocks show it, counted as if it were UTC */
  function beginOf(localMs: number): number {
    const [before, after] = [offsetMsAt(localMs - DAY_MS), offsetMsAt(localMs + DAY_MS)];
    const firstMs = localMs - Math.max(before, after);
    const secondMs = localMs - Math.min(before, after);
    for (const beginMs of [firstMs, secondMs]) if (beginMs + offsetMsAt(beginMs) === localMs) return beginMs;
    // No clock of the zone shows this midnight. The day begins at the change that skips it.
    let [earlyMs, lateMs] = [firstMs, secondMs];
    while (lateMs - earlyMs > 1) {
      const middleMs = Math.floor((earlyMs + lateMs) / 2);
      if (middleMs + offsetMsAt(middleMs) < localMs) earlyMs = middleMs;
      else lateMs = middleMs;
    }
    return lateMs;
  }

  function dayOf(atMs: number): ZoneDay {
    const dateMs = Math.floor((atMs + offsetMsAt(atMs)) / DAY_MS) * DAY_MS;
    const nextMs = beginOf(dateMs + DAY_MS);
    if (atMs < nextMs) return { name: nameOf(dateMs), beginMs: beginOf(dateMs), endMs: nextMs };
    return { name: nameOf(dateMs + DAY_MS), beginMs: nextMs, endMs: beginOf(dateMs + 2 * DAY_MS) };
  }

  function around(atMs: number) {
    if (last && atMs >= last.day.beginMs && atMs < last.day.endMs) return last;
    const day = dayOf(atMs);
    const { name, beginMs, endMs } = day;
    last = {
      day,
      atBegin: { before: dayOf(beginMs - 1).name, after: name, midnightMs: beginMs },
      atEnd: { before: name, after: dayOf(endMs).name, midnightMs: endMs },
    };
    return last;
  }

  return {
    timeZone,
    at: (atMs) => around(atMs).day,
    nearestTo(atMs) {
      const { day, atBegin, atEnd } = around(atMs);
      return atMs - day.beginMs < day.endMs - atMs ? atBegin : atEnd;
    },
    msToNext: (atMs) => around(atMs).day.endMs - atMs,
  };
}

/** The day of a time that is near the midnight between the two. */
export function chooseDay({ before, after, midnightMs }: NearestDays, nowMs: number): string {
  return nowMs < midnightMs ? before : after;
}

/** Whether it is the IANA name of a zone that this Node.js knows. An offset such as `+08:00` is none. */
export function isTimeZone(text: string): boolean {
  return /^[a-z]/i.test(text) && resolve(text) !== undefined;
}

/** Whether two names stand for the same zone, as `Asia/Shanghai` and `PRC` do. */
export function isSameTimeZone(one: string, other: string): boolean {
  return (resolve(one) ?? one) === (resolve(other) ?? other);
}

function resolve(timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function nameOf(dateMs: number): string {
  return new Date(dateMs).toISOString().slice(0, 10);
}

/** By how much the zone's clocks are ahead of UTC at a time, in milliseconds. */
function createOffsets(timeZone: string): (atMs: number) => number {
  const numeric = 'numeric';
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    ...{ timeZone, hourCycle: 'h23', year: numeric, month: numeric, day: numeric },
    ...{ hour: numeric, minute: numeric, second: numeric },
  });
  return (atMs) => {
    const shown = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0;
    const localMs = Date.UTC(
      part('year'),
      part('month') - 1,
      part('day'),
      part('hour'),
      part('minute'),
      part('second'),
    );
    return localMs - Math.floor(atMs / 1000) * 1000;
  };
}
