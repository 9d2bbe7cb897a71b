import type { IncomingHttpHeaders } from 'node:http';
import { isLoopbackHost } from './loopback.ts';
import type { Refusal } from './reply.ts';

export interface BrowserGuardOptions {
  /** The host that the server listens on. */
  readonly host: string;
  /** Exact origins whose pages may ask. */
  readonly corsOrigins: readonly string[];
}

export interface BrowserGuard {
  /**
   * On a loopback host, refuses names that are not: a page whose own name was pointed at 127.0.0.1 (DNS
   * rebinding) would otherwise be same-origin with us.
   */
  refuseForeignHost(headers: IncomingHttpHeaders): Refusal | undefined;
  /**
   * Refuses what a page of somebody else's makes a browser send. Decided by headers that browsers set and
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
      if (!isLoopback || (goodHost !== undefined && headers.host === goodHost)) return undefined;
      const name = hostNameOf(headers.host);
      if (name === null || !(isLoopbackHost(name) || knownHosts.has(name)))
        return forbidden('The Host header names neither this machine nor a configured host.');
      goodHost = headers.host;
      return undefined;
    },

    refuseCrossSite(headers) {
      const { origin } = headers;
      if (origin !== undefined) {
        return allowedOrigins.has(origin) || isOwnOrigin(origin, headers.host)
          ? undefined
          : forbidden('Cross-site request: its origin is not in CORS_ORIGINS.');
      }
      const site = headers['sec-fetch-site'];
      return site === undefined || site === 'same-origin' || site === 'none'
        ? undefined
        : forbidden('Cross-site request without an origin.');
    },
  };
}

function hostNameOf(hostHeader = ''): string | null {
  const isHostAndPort = /^[\w.:[\]-]+$/.test(hostHeader);
  return isHostAndPort ? (URL.parse(`http://${hostHeader}`)?.hostname ?? null) : null;
}

/** The scheme is left out: behind a proxy that ends TLS we don't know it. */
function isOwnOrigin(origin: string, hostHeader: string | undefined): boolean {
  const url = URL.parse(origin);
  return url !== null && url.host !== '' && url.host === hostHeader?.toLowerCase();
}

function forbidden(message: string): Refusal {
  return { httpStatus: 403, code: 'FORBIDDEN', message };
}
