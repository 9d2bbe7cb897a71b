import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Patience, startHttpServer } from '../../src/server/http/http-server.ts';

/** A test ends only when its connection is closed, and no other time-out closes it before the test's own. */
const SHORT = 100;
/** In which a client that is not slow has sent its request, on a busy machine too. */
const LONGER = 250;
/** In which a busy machine lets a client take something. */
const TAKING = 2000;
const EVER = 600_000;
const HEAD = '/ HTTP/1.1\r\nhost: localhost\r\n';
const TIMED_OUT = /^(?:HTTP\/1\.1 408 |$)/;
const MUCH = Buffer.alloc(50_000_000);

/** Answers a request as soon as its body is there. */
const echo: RequestListener = (request, response) => {
  request.on('end', () => response.end()).resume();
};

/** A server that waits `patience`, and for everything else for ever. */
async function startServer(patience: Partial<Patience>, listener = echo) {
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    patience: { headersMs: EVER, requestMs: EVER, takingMs: EVER, checkedEveryMs: 10, ...patience },
    listener,
  });
  return {
    origin: server.origin,
    open: () => connect(Number(new URL(server.origin).port), '127.0.0.1'),
    async [Symbol.asyncDispose]() {
      server.destroy();
      await server.close();
    },
  };
}

/** What comes until the connection is closed, while a few more bytes are sent time and again. */
async function readWhileSending(socket: Socket, more: string): Promise<string> {
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {}); // who still sends may lose the answer to the reset
  const timer = setInterval(() => socket.write(more), 5);
  await new Promise((resolve) => socket.on('close', resolve));
  clearInterval(timer);
  return received;
}

test.each([
  ['nothing', '', ''],
  ['half a line', 'POST / HT', ''],
  ['one header after the other', `GET ${HEAD}`, 'x-more: 1\r\n'],
])('a client that sends %s in place of its headers is cut off', async (_what, first, more) => {
  await using server = await startServer({ headersMs: SHORT });
  const socket = server.open();
  socket.write(first);
  expect(await readWhileSending(socket, more)).toMatch(TIMED_OUT);
});

test.each([
  ['none of its body', 'content-length: 10\r\n\r\n', ''],
  ['its body byte by byte', 'content-length: 100000\r\n\r\n', 'x'],
  ['one chunk after the other', 'transfer-encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
])('a client that sends %s is cut off', async (_what, rest, more) => {
  await using server = await startServer({ headersMs: SHORT, requestMs: SHORT });
  const socket = server.open();
  socket.write(`POST ${HEAD}${rest}`);
  expect(await readWhileSending(socket, more)).toMatch(TIMED_OUT);
});

test('a client that takes no more of its answer is cut off', async () => {
  const answered = Promise.withResolvers<ServerResponse>();
  await using server = await startServer({ takingMs: SHORT }, (_request, response) => {
    answered.resolve(response.end(MUCH));
  });
  const socket = server.open();
  socket.on('error', () => {});
  socket.write(`GET ${HEAD}\r\n`);
  const response = await answered.promise;
  await once(response, 'close');
  expect(response.writableFinished).toBe(false);
  socket.destroy();
});

test('a client that takes its answer slowly gets the whole of it', async () => {
  await using server = await startServer({ takingMs: TAKING }, (_request, response) => {
    response.end(MUCH);
  });
  const response = await fetch(server.origin);
  const startedMs = performance.now();
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    // Longer than the server waits for it to take anything, and in small pauses.
    if (performance.now() - startedMs < 1.5 * TAKING) await pass(20);
  }
  expect(sizeBytes).toBe(MUCH.byteLength);
});

test('an answer that takes long to work out is waited for', async () => {
  await using server = await startServer({ takingMs: LONGER }, (_request, response) => {
    setTimeout(() => response.end('late'), 3 * LONGER);
  });
  expect(await (await fetch(server.origin)).text()).toBe('late');
});

test('so is one to a request that was sent before the first was answered', async () => {
  await using server = await startServer({ takingMs: LONGER }, (request, response) => {
    if (request.url === '/first') response.end('first');
    else setTimeout(() => response.end('second'), 3 * LONGER);
  });
  const socket = server.open();
  socket.write(`GET /first${HEAD.slice(1)}\r\nGET /second${HEAD.slice(1)}connection: close\r\n\r\n`);
  expect(await readWhileSending(socket, '')).toMatch(/first.*second$/s);
});
