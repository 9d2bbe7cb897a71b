import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { type Operation, operations } from './operations.ts';

/** A request as it goes over the wire. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Received {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const ACCEPTS = [
  undefined,
  undefined,
  '*/*',
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json,application/json;q=0.9',
  'application/json, text/plain, */*',
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
  'multipart/mixed;deferSpec=20220824,application/json',
  'image/png',
  'application/json;charset=utf-16',
  'Application/JSON;q=0.5, text/html;q=0',
  'multipart/mixed;q=0, */*',
  'application/json;q=0',
];
const TYPES = [
  ...Array<string>(8).fill('application/json'),
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'application/graphql+json',
  'Application/Json ; charset=utf8',
  'text/plain',
  'application/json; charset=latin1',
];

const extras = fc.oneof(
  { arbitrary: fc.constant({}), weight: 12 },
  {
    arbitrary: fc.constantFrom<Record<string, string>>(
      { prefer: 'dry-run' },
      { prefer: 'wait=1' },
      { 'x-account': '1' },
      { 'x-account': '0' },
      { origin: 'https://app.example' },
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { authorization: 'Bearer another' },
      { 'x-api-key': 'key-of-web' },
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'identity' },
      { 'if-none-match': '*' },
      { accept: 'text/html' },
    ),
    weight: 4,
  },
);

const changes = fc.oneof(
  { arbitrary: fc.constant((body: object): unknown => body), weight: 15 },
  { arbitrary: fc.constant((body: object): unknown => ({ ...body, more: 1 })), weight: 1 },
  { arbitrary: fc.constant((body: object): unknown => [body]), weight: 1 },
  { arbitrary: fc.constant((body: object): unknown => ({ ...body, extensions: {} })), weight: 1 },
  { arbitrary: fc.constant((body: object): unknown => ({ ...body, extensions: null })), weight: 1 },
);

/** So many bytes that the same request, sent again, may be answered by what is ready. */
export const LONG_BYTES = 1000;

const lengthenings = fc.constantFrom(
  (operation: Operation): Operation => operation,
  (operation) => ({ ...operation, query: `${operation.query}\n# ${'-'.repeat(LONG_BYTES)}` }),
  (operation) => ({ ...operation, query: `${' '.repeat(LONG_BYTES)}${operation.query}` }),
);

const usualForm = {
  isGet: fc.constant(false),
  accept: fc.constantFrom(undefined, '*/*'),
  type: fc.constant('application/json'),
  extra: fc.constant({}),
  change: fc.constant((body: object): unknown => body),
  cut: fc.constant(1),
};
const anyForm = {
  isGet: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
  accept: fc.constantFrom(...ACCEPTS),
  type: fc.constantFrom(...TYPES),
  extra: extras,
  change: changes,
  cut: fc.integer({ min: 0, max: 60 }),
};

/** A request, and the same one with other variables or for another operation. */
export const requests: fc.Arbitrary<readonly [Sent, Sent]> = fc
  .tuple(
    fc.tuple(operations, lengthenings).map(([operation, lengthen]) => lengthen(operation)),
    fc.oneof(fc.record(usualForm), fc.record(anyForm)),
  )
  .map(([{ otherwise, ...operation }, { isGet, accept, type, extra, change, cut }]) => {
    const headers = { authorization: 'Bearer key-of-web', ...(accept && { accept }), 'x-request-id': 'same', ...extra };
    const sentFor = (asked: Asked): Sent => {
      if (isGet) return { method: 'GET', path: `/graphql?${queryOf(asked)}`, headers, body: undefined };
      const json = JSON.stringify(change(asked));
      const body = cut === 0 ? json.slice(0, -1) : json;
      return { method: 'POST', path: '/graphql', headers: { 'content-type': type, ...headers }, body };
    };
    return [sentFor(operation), sentFor({ ...operation, ...otherwise })];
  });

type Asked = Omit<Operation, 'otherwise'>;

function queryOf({ query, variables, operationName }: Asked): string {
  const parameters = new URLSearchParams({ query });
  if (variables !== undefined) parameters.set('variables', JSON.stringify(variables));
  if (typeof operationName === 'string') parameters.set('operationName', operationName);
  return parameters.toString();
}

/** What differs from one moment, or one connection, to the next. */
const OF_THE_MOMENT = ['date', 'connection', 'keep-alive'];
const agent = new Agent({ keepAlive: true, maxSockets: 2 });

export async function send(origin: string, { method, path, headers, body }: Sent): Promise<Received> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  // The same from each gateway: a refusal names it.
  const host = 'localhost:4000';
  const outgoing = request(origin + path, { method, headers: { host, ...headers, ...length }, agent });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const kept = Object.entries(response.headers).filter(([name]) => !OF_THE_MOMENT.includes(name));
  return { status: response.statusCode, headers: Object.fromEntries(kept), body: await text(response) };
}
