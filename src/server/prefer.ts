/**
 * The longest that a request waits for the upstream, in milliseconds: what its `Prefer: wait=SECONDS` asks for, and
 * `maxWaitMs` where it asks for nothing, for more, or for something that is no number.
 *
 * @see RFC 7240, section 4.3
 */
export function waitMsOf(prefer: string | string[] | undefined, maxWaitMs: number): number {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(String(prefer ?? ''))?.[1];
  return seconds === undefined ? maxWaitMs : Math.min(maxWaitMs, Number(seconds) * 1000);
}

/** Whether the request asks what it would cost, and wants nothing bought: `Prefer: dry-run`. */
export function isDryRun(prefer: string | string[] | undefined): boolean {
  return /(?:^|[,;\s])dry-run\s*(?:[,;]|$)/i.test(String(prefer ?? ''));
}
