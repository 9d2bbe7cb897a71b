import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ALL_OF } from '../operations.ts';
import { SECRETS, WRITTEN, type Writing } from './canary-secrets.ts';

/** A place where something of ours comes out. */
export interface Surface<Source> {
  readonly name: string;
  /** Everything that is to be seen there. */
  readonly collect: (source: Source) => Promise<string> | string;
  /** By what it is known that this is the place, and that something is there. */
  readonly shows: readonly RegExp[];
  /** How a secret would be written there. */
  readonly written: Writing;
}

/** A gateway that has lived through faults of its upstream. */
export interface Reachable {
  readonly origin: string;
  /** KOLs that the upstream does wrong by. */
  readonly kolIds: readonly string[];
  /** Ends what is remembered of them, so that they are bought anew. */
  readonly anHourLater?: () => Promise<void>;
}

type Headers = Readonly<Record<string, string>>;

/** The right secrets, as a router with a client key sends them. */
export const RIGHT: Headers = {
  authorization: `Bearer ${SECRETS.opsKey}`,
  'router-authorization': SECRETS.routerSecret,
};

export const SCORES = 'linkIndex { star { value rank } cp { value } fetchedAt freshness }';
const ALL = `query All($ids: [ID!]!) { kols(ids: $ids) { id ${SCORES} } }`;
const DEFERRED = `query Deferred($ids: [ID!]!) { kols(ids: $ids) { id ... @defer { ${SCORES} } } }`;
const STREAMED = `query Streamed($ids: [ID!]!) { kols(ids: $ids) @stream(initialCount: 0) { id ${SCORES} } }`;
const ENTITIES = `query($kols: [_Any!]!) { _entities(representations: $kols) { ... on Kol { id ${SCORES} } } }`;

/** KOLs that are bought together. */
const AT_A_TIME = 60;

/** Status, headers and body of an answer. */
export async function textOf(response: Response): Promise<string> {
  return `${headOf(response)}\n${await response.text()}`;
}

export function headOf({ status, statusText, headers }: Response): string {
  return [`HTTP ${status} ${statusText}`, ...[...headers].map(([name, value]) => `${name}: ${value}`)].join('\n');
}

/** Sends a GraphQL request with the right secrets, unless others are given. */
export function post({ origin }: Reachable, body: unknown, headers: Headers = RIGHT): Promise<Response> {
  return fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export function get({ origin }: Reachable, path: string, headers: Headers = RIGHT): Promise<Response> {
  return fetch(`${origin}${path}`, { headers });
}

/** Sends what `fetch` keeps to itself, such as a Host header. @returns the answer as it came over the wire */
export async function sendRaw({ origin }: Reachable, method: string, headers: Headers): Promise<string> {
  const outgoing = request(`${origin}/graphql`, { method, headers, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return `HTTP ${response.statusCode}\n${response.rawHeaders.join('\n')}\n${await text(response)}`;
}

/** What is answered about all KOLs, each bought anew where the clock can be moved. */
async function bought(gateway: Reachable, query: string, headers: Headers = {}): Promise<string> {
  let seen = '';
  for (let next = 0; next < gateway.kolIds.length; next += AT_A_TIME) {
    await gateway.anHourLater?.();
    const ids = gateway.kolIds.slice(next, next + AT_A_TIME);
    seen += await textOf(await post(gateway, { query, variables: { ids } }, { ...RIGHT, ...headers }));
  }
  return seen;
}

/** What every gateway answers, whatever becomes of its upstream. */
export const ANSWERS: readonly Surface<Reachable>[] = [
  {
    name: 'a GraphQL answer with all its errors',
    collect: (gateway) => bought(gateway, ALL),
    shows: [/"errors":\[/, /"code":"UPSTREAM_/],
    written: WRITTEN.inJson,
  },
  {
    name: 'the headers of an answer',
    async collect(gateway) {
      const response = await post(gateway, { query: ALL_OF.toString(), variables: { id: gateway.kolIds[0] } });
      await response.body?.cancel();
      return headOf(response);
    },
    shows: [/^HTTP 200/, /x-billed-calls: \d/, /x-request-id: /],
    written: WRITTEN.plainly,
  },
  {
    name: 'the parts of a multipart answer',
    collect: (gateway) => bought(gateway, DEFERRED, { accept: 'multipart/mixed' }),
    shows: [/"incremental":\[/, /"code":"UPSTREAM_/, /"billedCalls":/],
    written: WRITTEN.inJson,
  },
  {
    name: 'server-sent events',
    collect: (gateway) => bought(gateway, STREAMED, { accept: 'text/event-stream' }),
    shows: [/event: next/, /"incremental":\[/, /event: complete/],
    written: WRITTEN.inJson,
  },
  {
    name: 'extensions.account',
    collect: async (gateway) =>
      textOf(await post(gateway, { query: ALL, variables: { ids: gateway.kolIds } }, { ...RIGHT, 'x-account': '1' })),
    shows: [/"extensions":\{"account":\[/, /"source":"[a-z]+"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'entities for a router',
    collect: async (gateway) =>
      textOf(
        await post(gateway, {
          query: ENTITIES,
          variables: { kols: gateway.kolIds.map((id) => ({ __typename: 'Kol', id })) },
        }),
      ),
    shows: [/"_entities":\[/],
    written: WRITTEN.inJson,
  },
  {
    name: 'a dry run',
    collect: async (gateway) =>
      textOf(
        await post(
          gateway,
          { query: ALL, variables: { ids: ['never-asked', ...gateway.kolIds] } },
          { ...RIGHT, prefer: 'dry-run' },
        ),
      ),
    shows: [/x-would-buy: [1-9]/, /"code":"WOULD_BUY"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'GET /account',
    collect: async (gateway) => textOf(await get(gateway, '/account')),
    shows: [/"billed":\d+/, /"clients":/],
    written: WRITTEN.inJson,
  },
  {
    name: 'GET /metrics',
    collect: async (gateway) => textOf(await get(gateway, '/metrics')),
    shows: [/process_cpu_seconds_total/, /kol_gateway_upstream_attempts_total\{/],
    written: WRITTEN.inJson,
  },
  {
    name: 'GET /livez and /readyz',
    collect: async (gateway) =>
      (await textOf(await get(gateway, '/livez'))) + (await textOf(await get(gateway, '/readyz'))),
    shows: [/"alive"/, /"ready"/],
    written: WRITTEN.inJson,
  },
];
