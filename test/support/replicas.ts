import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { CANARY_TOKEN, type GraphResult } from './test-gateway.ts';

const SHIFTED_CLOCK = new URL('shifted-clock.ts', import.meta.url).href;
const STAR_OF = `query ($id: ID!, $acceptCache: Boolean!) {
  kol(id: $id) { linkIndex(acceptCache: $acceptCache) { star { value } fetchedAt freshness } }
}`;

/** One KOL's star value as a reader got it, or why not. */
export interface Read {
  readonly status: number;
  readonly value?: number;
  readonly freshness?: string;
  readonly fetchedAtMs?: number;
  readonly code?: string;
  /** Of a pause: the error that began it. */
  readonly reason?: string;
}

export interface ReadOptions {
  /** False forces a purchase. */
  readonly acceptCache?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A real process of the product. */
export interface Replica extends AsyncDisposable {
  readonly origin: string;
  readonly pid: number;
  /** Sends an operation, and reads the GraphQL result. */
  query<Data>(query: string, variables?: object, init?: RequestInit): Promise<GraphResult<Data>>;
  read(id: string, options?: ReadOptions): Promise<Read>;
  /** The samples of `/metrics`, by name and labels as they are printed. */
  metrics(): Promise<ReadonlyMap<string, number>>;
  /** Today's ledger, as `/account` tells it. */
  account(): Promise<{ readonly billed: number; readonly unknown: number; readonly open: number }>;
  /** The HTTP status of `/readyz`; 0 when nobody answers within two seconds. */
  readyz(): Promise<number>;
  pause(): void;
  resume(): void;
  /** By SIGKILL. Settles when it is gone. */
  kill(): Promise<void>;
  /** By SIGTERM. @returns the exit code */
  stop(): Promise<number>;
  /** Its exit code, when it is gone. */
  readonly ended: Promise<number>;
  /** Everything it has written. */
  logText(): string;
}

export interface ReplicaOptions {
  readonly upstream: { readonly baseUrl: string };
  /** `CACHE_STORE`. */
  readonly store: string;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** How wrong its clock is, in milliseconds. */
  readonly clockOffsetMs?: number;
  /** Told what it has written so far, whenever it writes. */
  readonly onOutput?: (output: string) => void;
}

/** Settles when it listens. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { upstream, store, env = {}, clockOffsetMs, onOutput } = options;
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['bin/kol-gateway.js'], {
    env: {
      ...{ PATH, HOME, PORT: '0', CACHE_STORE: store, JUSTONEAPI_TOKEN: CANARY_TOKEN },
      JUSTONEAPI_BASE_URL: upstream.baseUrl,
      ...(clockOffsetMs && { NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`, CLOCK_OFFSET_MS: String(clockOffsetMs) }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
      onOutput?.(output);
    });
  const ended = once(child, 'close').then(([code]) => code as number);
  const refused = ended.then((code) => Promise.reject(new Error(`exit code ${code}: ${output}`)));
  refused.catch(() => {});
  const listening = () => /http:\/\/127\.0\.0\.1:\d+(?=\/graphql)/.exec(output)?.[0];
  while (!listening()) await Promise.race([once(child.stdout, 'data'), refused]);
  const origin = listening() ?? '';

  async function kill(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }

  async function post(query: string, variables: object, init: RequestInit = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
    return fetch(`${origin}/graphql`, { method: 'POST', body: JSON.stringify({ query, variables }), ...init, headers });
  }

  return {
    origin,
    pid: child.pid ?? 0,
    query: async (query, variables = {}, init) => (await post(query, variables, init)).json() as never,
    async read(id, { acceptCache = true, headers = {} } = {}) {
      const response = await post(STAR_OF, { id, acceptCache }, { headers: { ...headers } });
      return readIn(response.status, (await response.json()) as Stars);
    },
    async metrics() {
      const text = await (await fetch(`${origin}/metrics`)).text();
      const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
    },
    account: async () => (await fetch(`${origin}/account`)).json() as never,
    readyz: () =>
      fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
        ({ status }) => status,
        () => 0,
      ),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    ended,
    logText: () => output,
    [Symbol.asyncDispose]: kill,
  };
}

/** How often Redis did not do what this replica asked of it. */
export async function storeErrors(replica: Replica): Promise<number> {
  const samples = [...(await replica.metrics())];
  const ofRedis = samples.filter(([name]) => /^kol_gateway_store_errors_total\{.*store="redis"/.test(name));
  return ofRedis.reduce((sum, [, count]) => sum + count, 0);
}

type Stars = GraphResult<{
  kol: { linkIndex: { star: { value: number } | null; fetchedAt: string; freshness: string } | null } | null;
}>;

function readIn(status: number, { data, errors }: Stars): Read {
  const index = data?.kol?.linkIndex;
  const extensions = errors?.[0]?.extensions;
  return {
    status,
    ...(index?.star && {
      value: index.star.value,
      freshness: index.freshness,
      fetchedAtMs: Date.parse(index.fetchedAt),
    }),
    ...(extensions && { code: extensions.code }),
    ...(extensions?.['reason'] !== undefined && { reason: String(extensions['reason']) }),
  };
}

export interface Replicas extends AsyncDisposable, Iterable<Replica> {
  readonly all: readonly Replica[];
  /** The one at the index, counted round: request after request goes to one after the other. */
  at(index: number): Replica;
  /** Everyone at once. */
  readEverywhere(id: string, options?: ReadOptions): Promise<readonly Read[]>;
}

/** So many processes with the same settings, except for what `each` says of one. */
export async function startReplicas(
  count: number,
  options: ReplicaOptions,
  each: (index: number) => Partial<ReplicaOptions> = () => ({}),
): Promise<Replicas> {
  const starting = Array.from({ length: count }, (_, index) => startReplica({ ...options, ...each(index) }));
  const all = await Promise.all(starting);
  return {
    all,
    at: (index) => all[index % all.length] as Replica,
    readEverywhere: (id, readOptions) => Promise.all(all.map((replica) => replica.read(id, readOptions))),
    [Symbol.iterator]: () => all[Symbol.iterator](),
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((replica) => replica[Symbol.asyncDispose]()));
    },
  };
}

/** How many ended how: by error code, or with a value. */
export function endsOf(reads: readonly Read[]): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const { code, value } of reads) {
    const end = code ?? (value === undefined ? 'nothing' : 'a value');
    ends[end] = (ends[end] ?? 0) + 1;
  }
  return ends;
}
