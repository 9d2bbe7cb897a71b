/** Longer is not believed, in seconds: a mistake of the upstream's must not stop us for a day. */
const MAX_SECONDS = 3600;

/** `Date.parse` alone takes "1.5" for a day in 2001. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * The seconds to wait that a `Retry-After` header asks for, as a number or as a date; undefined where it is neither.
 * @see RFC 9110, section 10.2.3
 */
export function retryAfterSecondsOf(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d+$/.test(header) && !HTTP_DATE.test(header)) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(MAX_SECONDS, Math.max(0, Math.ceil(seconds)));
}
