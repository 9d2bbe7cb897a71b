import type { Socket } from 'node:net';
import type { Behaviour } from './scripted-upstream.ts';
import { CANARY_TOKEN } from './test-gateway.ts';

/** The parts of a response, for upstreams that put them together wrongly. */
export const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
export const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n`;
export const CLOSING = 'connection: close\r\n';
export const withLength = (length: number) => `${HEAD}content-length: ${length}\r\n`;
export const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** The token as the upstream knows it, in every form that it could be echoed in. */
export const ECHO = [
  CANARY_TOKEN,
  encodeURIComponent(CANARY_TOKEN),
  Buffer.from(CANARY_TOKEN).toString('base64'),
  Buffer.from(CANARY_TOKEN).toString('base64url'),
].join(' ');

/** The bytes, and then the end of the connection. */
export function sends(...parts: string[]): Behaviour {
  return (socket) => void socket.end(parts.join(''));
}

/** The bytes, and then a reset of the connection. */
export function resetsAfter(...parts: string[]): Behaviour {
  return (socket) => void socket.write(parts.join(''), () => socket.resetAndDestroy());
}

/** The bytes, and then nothing more. */
export function stallsAfter(...parts: string[]): Behaviour {
  return (socket) => void socket.write(parts.join(''));
}

/** The bytes, and then one more at a time for ever. */
export function dripsAfter(...parts: string[]): Behaviour {
  return (socket) => {
    socket.write(parts.join(''));
    const dripping = setInterval(() => socket.write('7'), 10);
    socket.on('close', () => clearInterval(dripping));
  };
}

/** The first bytes, and then the others again and again, as fast as they are read, until the other side leaves. */
export function pours(first: string, more: string): Behaviour {
  return (socket: Socket) => {
    socket.write(first);
    const pour = () => {
      while (socket.writable && socket.write(more));
    };
    socket.on('drain', pour);
    pour();
  };
}

/**
 * The whole response, and one more that nobody asked for; the connection stays open.
 *
 * @param moment when the other one comes: in the same breath, or as soon as the connection is used again
 */
export function strays(body: string, strayBody: string, moment: 'at once' | 'late'): Behaviour {
  const response = `${withLength(body.length)}\r\n${body}`;
  const stray = `${withLength(strayBody.length)}\r\n${strayBody}`;
  return (socket) => {
    socket.write(moment === 'at once' ? response + stray : response);
    if (moment === 'late') socket.prependOnceListener('data', () => socket.write(stray));
  };
}
