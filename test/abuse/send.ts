import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Abuse, Sent } from './abuse.ts';

export interface Received {
  readonly status: number;
  /** The first error's; undefined where there is none. */
  readonly code: string | undefined;
  readonly text: string;
  /** Of every answer on the connection; none, and a `status` of 0, when it was cut. */
  readonly statuses: readonly number[];
}

/** To a client that takes `application/json` only, the mistakes of GraphQL come under HTTP 200. */
const ACCEPT = { accept: 'application/graphql-response+json' };

export function send(origin: string, sent: Abuse['sent']): Promise<Received> {
  return 'bytes' in sent ? sendBytes(origin, sent.bytes) : sendRequest(origin, sent);
}

/** With whatever Host, Origin and method, which `fetch` would not send. */
async function sendRequest(origin: string, { method = 'GET', path = '/graphql', headers = {}, body }: Sent) {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const outgoing = request(origin, { method, path, headers: { ...ACCEPT, ...length, ...headers }, agent: false });
  outgoing.on('error', () => {}); // once the response is there, a connection that breaks is no matter
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const received = await text(response);
  outgoing.destroy();
  const { statusCode: status = 0 } = response;
  return { status, code: codeIn(received), text: received, statuses: [status] };
}

async function sendBytes(origin: string, bytes: string | Buffer): Promise<Received> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {}); // cut off in the middle of what is refused
  socket.end(bytes);
  await new Promise((resolve) => socket.on('close', resolve));
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  const [, body = ''] = /\r\n\r\n(\{.*?\})(?:HTTP\/1|$)/s.exec(received) ?? [];
  return { status: statuses[0] ?? 0, code: codeIn(body), text: received, statuses };
}

function codeIn(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined;
  return (JSON.parse(body) as { errors?: { extensions: { code: string } }[] }).errors?.[0]?.extensions.code;
}
