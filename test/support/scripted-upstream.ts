import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A call as the upstream saw it. */
export interface ReceivedCall {
  readonly path: string;
  readonly parameters: URLSearchParams;
  /** The request line and the header lines as they came. */
  readonly head: string;
}

/** What the upstream does with a call: anything that can be done to a socket. */
export type Behaviour = (socket: Socket, call: ReceivedCall) => void;

export interface ScriptedUpstream extends AsyncDisposable {
  readonly baseUrl: string;
  /** Each is money. */
  readonly calls: readonly ReceivedCall[];
  /** Settles when so many calls have come. */
  received(count: number): Promise<void>;
  /** Lets every held answer go, now and later. */
  release(): void;
}

/**
 * A real server on raw sockets, for what node:http cannot send. The n-th call gets the n-th behaviour;
 * the last one serves all that follow.
 */
export async function startScriptedUpstream(...script: [Behaviour, ...Behaviour[]]): Promise<ScriptedUpstream> {
  const calls: ReceivedCall[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        const url = new URL(head.split(' ', 2)[1] ?? '/', 'http://upstream');
        const call = { path: url.pathname, parameters: url.searchParams, head };
        const behaviour = script[Math.min(calls.length, script.length - 1)] as Behaviour;
        calls.push(call);
        server.emit('call');
        behaviour(socket, call);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async received(count) {
      while (calls.length < count) await once(server, 'call');
    },
    release: () => {
      for (const hold of script) if (hold instanceof Function && 'release' in hold) (hold.release as () => void)();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole HTTP response, after which the connection is closed. */
export function httpResponse(status: number, body: string | Uint8Array, headers: Record<string, string> = {}): Buffer {
  const bytes = Buffer.from(body);
  const lines = { 'content-type': 'application/json', 'content-length': String(bytes.byteLength), ...headers };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${head.join('')}connection: close\r\n\r\n`), bytes]);
}

export function replies(status: number, body: string | Uint8Array, headers?: Record<string, string>): Behaviour {
  return (socket) => void socket.end(httpResponse(status, body, headers));
}

/** A business code under HTTP 200, as the vendor fails. */
export function failsWith(code: number): Behaviour {
  return replies(200, JSON.stringify({ code, message: 'said by the upstream', data: null, recordTime: null }));
}

export interface SampleBlock {
  avg_value?: unknown;
  link_relative_ratio?: unknown;
  rank?: unknown;
  rank_percent?: unknown;
  value?: unknown;
}

/** An envelope whose scores tell which KOL and industry was asked for. */
export function envelopeFor(kolId: string, industryTag = ''): { code: number; data: Record<string, unknown> } {
  const seed = [...`${kolId}/${industryTag}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  const block = (offset: number): SampleBlock => ({
    avg_value: 50 + offset,
    link_relative_ratio: -0.01 * offset,
    rank: String(seed + offset + 1),
    rank_percent: 0.001 * (offset + 1),
    value: seed / 100 + offset,
  });
  return {
    code: 0,
    data: {
      base_resp: { status_code: 0, status_message: '' },
      cooperate_index: block(0),
      cp_index: block(1),
      link_convert_index: block(2),
      link_shopping_index: block(3),
      link_spread_index: block(4),
      link_star_index: block(5),
    },
  };
}

/** The star value of `envelopeFor`. */
export function starOf(kolId: string, industryTag = ''): number {
  return (envelopeFor(kolId, industryTag).data['link_star_index'] as { value: number }).value;
}

/** Answers every KOL with its own scores, on either endpoint. */
export const answers: Behaviour = (socket, { parameters }) => {
  const kolId = parameters.get('kolId') ?? parameters.get('oAuthorId') ?? '';
  socket.end(httpResponse(200, JSON.stringify(envelopeFor(kolId, parameters.get('industryTag') ?? ''))));
};

/** Holds each call until `release`, then does what `then` does. */
export function held(then: Behaviour = answers): Behaviour {
  const waiting: (() => void)[] = [];
  let isReleased = false;
  const behaviour: Behaviour = (socket, call) => {
    if (isReleased) then(socket, call);
    else waiting.push(() => then(socket, call));
  };
  return Object.assign(behaviour, {
    release() {
      isReleased = true;
      for (const go of waiting.splice(0)) go();
    },
  });
}
