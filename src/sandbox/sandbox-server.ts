import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Behaviour, behaviourOf } from './magic-ids.ts';
import { parseCall } from './parse-call.ts';
import { type Blocks, SAMPLE } from './scores.ts';

export interface SandboxOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined;
  /** How long an answer takes, in milliseconds; 300 by default. The real service takes 1 to 60 s. */
  readonly latencyMs?: number | undefined;
}

export interface Sandbox {
  /** Scheme, host and port, without a trailing slash. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** The synthetic upstream: a real HTTP server on loopback that behaves as the vendor documents. Any token is a good one. */
export async function startSandbox({ port = 0, latencyMs = 300 }: SandboxOptions = {}): Promise<Sandbox> {
  const stopping = new AbortController();
  const wait = (ms: number) => delay(ms, undefined, { signal: stopping.signal, ref: false });

  const server = createServer((request, response) => {
    serve(request.url ?? '/', response).catch(() => response.destroy());
  });

  async function serve(url: string, response: ServerResponse): Promise<void> {
    const call = parseCall(URL.parse(url, 'http://localhost') ?? new URL('http://localhost/'));
    switch (call.kind) {
      case 'ping':
        return void response.writeHead(200, { 'content-type': 'text/plain' }).end('pong');
      case 'balance':
        return replyEnvelope(response, 0, null, BALANCE);
      case 'example':
        return replyEnvelope(response, 0, null, exampleOf(call.api));
      case 'unknown-path':
        return void response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found');
      case 'invalid-token':
        return replyEnvelope(response, 100, 'Invalid or Inactive Token');
      case 'invalid-parameters':
        return replyEnvelope(response, 400, 'Invalid Parameters');
      case 'read': {
        const behaviour = behaviourOf(call.kolId, call.industryTag);
        await wait((behaviour.kind === 'answer' ? behaviour.latencyMs : undefined) ?? latencyMs);
        return act(response, behaviour);
      }
    }
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      stopping.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Never grows less: nothing is bought here. */
const BALANCE = { balance: '123.4500', currency: 'CNY' };

function exampleOf(api: string) {
  const checkedAt = new Date().toISOString();
  return { api, checkedAt, synthetic: true, example: envelopeOf(0, null, dataOf(SAMPLE)) };
}

function act(response: ServerResponse, behaviour: Behaviour): void {
  switch (behaviour.kind) {
    case 'answer':
      replyEnvelope(response, 0, null, dataOf(behaviour.blocks));
      break;
    case 'code':
      replyEnvelope(response, behaviour.code, behaviour.message);
      break;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Bad gateway</title>');
      break;
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
      response.write('{"code":0,"data":{"cooperate_index":{"avg_value":75', () => response.destroy());
  }
}

/** Business failures come under HTTP 200 as well: the result is in `code`. */
function replyEnvelope(response: ServerResponse, code: number, message: string | null, data: unknown = null): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(envelopeOf(code, message, data)));
}

function envelopeOf(code: number, message: string | null, data: unknown) {
  return { code, message, data, recordTime: new Date().toISOString(), requestId: randomUUID() };
}

function dataOf(blocks: Partial<Blocks>) {
  return { base_resp: { status_code: 0, status_message: '' }, ...blocks };
}
