/** Where a Redis or Valkey is, and how it is organised. */
export interface RedisLocation {
  readonly kind: 'single' | 'cluster' | 'sentinel';
  /** Of the server, of seeds of the cluster, or of the sentinels. */
  readonly nodes: readonly RedisNode[];
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** The name under which the sentinels know the master. */
  readonly sentinelName: string | undefined;
  readonly sentinelPassword: string | undefined;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

const OPTIONS = new Set(['sentinel', 'sentinelPassword', 'cluster']);
/** No part of a URL holds a space. */
const CONTRADICTION = ' ';
const [DEFAULT_PORT, DEFAULT_SENTINEL_PORT] = [6379, 26379];

/**
 * Reads `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. Several, separated by commas, are the
 * seeds of a Cluster, or with `?sentinel=NAME` its Sentinels; a Cluster behind one address says `?cluster=true`.
 *
 * @returns undefined for anything else
 */
export function parseRedisLocation(text: string): RedisLocation | undefined {
  const scheme = /^rediss?:\/\//.exec(text)?.[0];
  if (scheme === undefined) return undefined;
  const urls = text.split(',').map((each) => URL.parse(each.includes('://') ? each : scheme + each));
  const [first] = urls;
  if (!first || !urls.every((url) => url !== null && isGood(url, first.protocol))) return undefined;
  const all = urls as URL[];
  const agreed = (read: (url: URL) => string | null) => agreedIn(all.map(read));
  const parameter = (name: string) => agreed(({ searchParams }) => searchParams.get(name));
  const [username, password] = [agreed((url) => url.username), agreed((url) => url.password)];
  const [sentinelName, sentinelPassword] = [parameter('sentinel'), parameter('sentinelPassword')];
  const database = agreed(({ pathname }) => pathname.replace(/^\//, '')) ?? '0';
  if ([username, password, sentinelName, sentinelPassword, database].includes(CONTRADICTION)) return undefined;
  const isCluster = parameter('cluster') === 'true' || (all.length > 1 && sentinelName === undefined);
  if (!/^\d{1,5}$/.test(database) || (isCluster && (database !== '0' || sentinelName !== undefined))) return undefined;
  const defaultPort = sentinelName === undefined ? DEFAULT_PORT : DEFAULT_SENTINEL_PORT;
  return {
    kind: isCluster ? 'cluster' : sentinelName === undefined ? 'single' : 'sentinel',
    nodes: all.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? defaultPort : Number(port),
    })),
    isTls: first.protocol === 'rediss:',
    username: username && decodeURIComponent(username),
    password: password && decodeURIComponent(password),
    database: Number(database),
    sentinelName,
    sentinelPassword,
  };
}

/** Where it is, for a person; without its password. */
export function describeRedis({ kind, nodes, isTls }: RedisLocation): string {
  const scheme = isTls ? 'rediss' : 'redis';
  return `${scheme} ${kind === 'single' ? '' : `${kind} `}${nodes.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
}

function isGood(url: URL, protocol: string): boolean {
  if (url.protocol !== protocol || url.hostname === '' || url.hash !== '') return false;
  if (![...url.searchParams.keys()].every((name) => OPTIONS.has(name))) return false;
  if (!['', 'true'].includes(url.searchParams.get('cluster') ?? '')) return false;
  return url.searchParams.get('sentinel') !== '' && isDecodable(url.username) && isDecodable(url.password);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** What those say that say anything; undefined where none does. */
function agreedIn(said: readonly (string | null)[]): string | undefined {
  const values = new Set(said.filter((each) => each !== null && each !== ''));
  const [value] = values;
  return values.size > 1 ? CONTRADICTION : (value ?? undefined);
}
