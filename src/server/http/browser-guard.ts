import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Refusal } from './exchange.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host name or address, with or without IPv6 brackets, means this machine only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(name);
  return family === 0
    ? name === 'localhost' || name.endsWith('.localhost')
    : loopback.check(name, family === 4 ? 'ipv4' : 'ipv6');
}

export interface BrowserGuardOptions {
  /** The host that the server listens on. */
  readonly host: string;
  /** Exact origins whose pages may ask. */
  readonly corsOrigins: readonly string[];
}

export interface BrowserGuard {
  /**
   * On a loopback host, refuses names that are not: a page whose own name was pointed at 127.0.0.1 (DNS
   * rebinding) would otherwise be same-origin with us. No browser leaves the header out; health checks over HTTP/1.0 do.
   */
  refuseForeignHost(headers: IncomingHttpHeaders): Refusal | undefined;
  /**
   * Refuses what a page of another site makes a browser send. Decided by headers that browsers set and
   * pages cannot, so that no custom header is needed and curl stays simple.
   */
  refuseCrossSite(headers: IncomingHttpHeaders): Refusal | undefined;
}

export function createBrowserGuard({ host, corsOrigins }: BrowserGuardOptions): BrowserGuard {
  const allowedOrigins = new Set(corsOrigins);
  const knownHosts = new Set([host.toLowerCase(), ...corsOrigins.map((origin) => new URL(origin).hostname)]);
  const isLoopback = isLoopbackHost(host);
  /** The last good one: a client sends the same at every request. */
  let goodHost: string | undefined;

  return {
    refuseForeignHost(headers) {
      if (!isLoopback || headers.host === undefined || headers.host === goodHost) return undefined;
      const name = parseHost(headers.host)?.hostname;
      if (name === undefined || !(isLoopbackHost(name) || knownHosts.has(name)))
        return forbidden('the Host is neither this machine nor that of an origin in CORS_ORIGINS', headers);
      goodHost = headers.host;
      return undefined;
    },

    refuseCrossSite(headers) {
      const { origin, 'sec-fetch-site': site } = headers;
      if (origin !== undefined) {
        if (allowedOrigins.has(withoutDefaultPort(origin)) || isOwnOrigin(origin, headers.host)) return undefined;
        return forbidden('the Origin is not in CORS_ORIGINS, and differs from the Host', headers);
      }
      return site === undefined || site === 'same-origin' || site === 'none'
        ? undefined
        : forbidden(`a cross-site request without an Origin (Sec-Fetch-Site ${quote(String(site))})`, headers);
    },
  };
}

/** An origin as browsers write it. @see the URL standard, section "Origin" */
export function withoutDefaultPort(origin: string): string {
  return origin.replace(/^(https:\/\/[^/]*):443$|^(http:\/\/[^/]*):80$/, '$1$2');
}

/** @returns null where the header is not a host with or without a port */
function parseHost(hostHeader = '', protocol = 'http:'): URL | null {
  return /^[\w.:[\]-]+$/.test(hostHeader) ? URL.parse(`${protocol}//${hostHeader}`) : null;
}

/**
 * Behind a proxy that ends TLS, our own scheme is not the browser's. So the Host is read with the scheme of the Origin,
 * whose default port is the same as none.
 */
function isOwnOrigin(origin: string, hostHeader: string | undefined): boolean {
  const url = URL.parse(origin);
  return url !== null && url.origin !== 'null' && url.origin === parseHost(hostHeader, url.protocol)?.origin;
}

/** A header as it came, cut short; Node lets no line break into one. */
function quote(header: string | undefined): string {
  return header === undefined ? 'missing' : JSON.stringify(header.slice(0, MAX_QUOTED));
}

/** The longest name of a host has 253 characters. */
const MAX_QUOTED = 300;

function forbidden(reason: string, { origin, host }: IncomingHttpHeaders): Refusal {
  const values = `Origin ${quote(origin)}, Host ${quote(host)}`;
  const message = `Not allowed: ${reason}. ${values}. A proxy in front must pass on the Host that the browser sent.`;
  return { httpStatus: 403, code: 'FORBIDDEN', message };
}
