import type { IncomingMessage } from 'node:http';

/**
 * Turns a request target in absolute form (`GET http://host/path HTTP/1.1`), as clients send it that take us for their
 * proxy, into a path; its host takes the place of the Host header. Any other target stays as it is.
 *
 * @see RFC 9112, section 3.2.2
 */
export function useOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/')) return;
  const target = URL.parse(url);
  if (target === null || !/^https?:$/.test(target.protocol)) return; // nothing is found there
  request.url = target.pathname + target.search;
  request.headers.host = target.host;
}
