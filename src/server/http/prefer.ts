/** What a request prefers, as far as we know of it. */
export interface Preferences {
  /** The longest that it waits for the upstream, in milliseconds. */
  readonly waitMs: number;
  /** Whether it asks what it would cost, and wants nothing bought. */
  readonly isDryRun: boolean;
  /** What is done as it prefers, for the header `Preference-Applied`; empty where that is nothing. */
  readonly applied: string;
}

const TOKEN = /[!#$%&'*+.^_`|~\w-]+/.source;
const QUOTED = /"(?:[^"\\]|\\.)*"/.source;
/** What stands between two commas that are not quoted. A quoted string that does not end takes the rest of the header. */
const ELEMENT = /(?:[^",]|"(?:[^"\\]|\\.?)*(?:"|$))+/gs;
/** A preference up to its parameters. No two runs of white space meet, so that a long one takes linear time. */
const PREFERENCE = new RegExp(`^[ \\t]*(${TOKEN})[ \\t]*(?:=[ \\t]*(?:(${TOKEN}|${QUOTED})[ \\t]*)?)?(?:;|$)`, 's');

/**
 * Reads `Prefer`, of several headers of this name as of one list. `wait=SECONDS` bounds the wait for the upstream;
 * `dry-run` buys nothing, whatever its value: what was not bought by mistake can still be bought.
 *
 * @param maxWaitMs the wait where the request asks for none, for more, or for something that is no number of seconds
 * @see RFC 7240, section 2 for the grammar, section 4.3 for `wait`
 */
export function readPreferences(prefer: string | string[] | undefined, maxWaitMs: number): Preferences {
  if (prefer === undefined) return { waitMs: maxWaitMs, isDryRun: false, applied: '' };
  const values = parsePreferences(String(prefer));
  const seconds = values.get('wait') ?? '';
  const hasWait = /^\d+$/.test(seconds);
  const waitMs = hasWait ? Math.min(maxWaitMs, Number(seconds) * 1000) : maxWaitMs;
  const isDryRun = values.has('dry-run');
  const applied = [...(hasWait ? [`wait=${waitMs / 1000}`] : []), ...(isDryRun ? ['dry-run'] : [])];
  return { waitMs, isDryRun, applied: applied.join(', ') };
}

/** The response header that says what was done as the request prefers; none where that is nothing. */
export function appliedHeader({ applied }: Preferences): Record<string, string> {
  return applied === '' ? {} : { 'preference-applied': applied };
}

/**
 * Preferences by their name in lower case, each with its value; an empty one is none.
 *
 *     Prefer     = 1#preference
 *     preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] )
 *     parameter  = token [ BWS "=" BWS word ]
 *     word       = token / quoted-string
 *
 * The first of two with the same name counts. Parameters are skipped: none of the preferences that we know has any. What
 * is no preference by this grammar is skipped alone, but that `name=` is taken for `name=""`.
 */
export function parsePreferences(header: string): ReadonlyMap<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const [element] of header.matchAll(ELEMENT)) {
    const [, name, word = ''] = PREFERENCE.exec(element) ?? [];
    if (name === undefined || values.has(name.toLowerCase())) continue;
    const value = word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/gs, '$1') : word;
    values.set(name.toLowerCase(), value === '' ? undefined : value);
  }
  return values;
}
