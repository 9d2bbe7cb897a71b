import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Exchange } from '../http/exchange.ts';

/** A document for people, with everything that it needs in it. */
export interface Page {
  readonly html: string;
  /** Who may run and load what. No page of ours contacts another host. */
  readonly contentSecurityPolicy: string;
}

export interface PageOptions {
  /** Answers are synthetic. */
  readonly isSandbox: boolean;
  /** Nothing is answered without a client key, so the page asks for one; it is kept for the tab only. */
  readonly needsKey: boolean;
}

export type PageHandler = (exchange: Exchange) => Promise<void>;

/** A page as it is sent. */
export interface PreparedPage {
  readonly html: Uint8Array;
  readonly gzipped: Uint8Array;
  readonly etag: string;
  readonly contentSecurityPolicy: string;
}

/** Makes a page at its first visit; later ones send it again only to who has another. */
export function servePage(prepare: () => Promise<PreparedPage>): PageHandler {
  let ready: Promise<PreparedPage> | undefined;

  return async ({ request, response }) => {
    ready ??= prepare().catch((error: unknown) => {
      ready = undefined; // the next visitor may have more luck
      throw error;
    });
    const { html, gzipped, etag, contentSecurityPolicy } = await ready;
    response.setHeader('etag', etag);
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('vary', 'Accept, Accept-Encoding');
    response.setHeader('content-security-policy', contentSecurityPolicy);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    if (request.headers['if-none-match']?.includes(etag)) {
      response.writeHead(304).end();
      return;
    }
    const isGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const body = isGzip ? gzipped : html;
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': body.byteLength,
      ...(isGzip && { 'content-encoding': 'gzip' }),
    });
    response.end(body);
  };
}

export async function preparePage({ html, contentSecurityPolicy }: Page): Promise<PreparedPage> {
  const bytes = Buffer.from(html);
  return {
    html: bytes,
    gzipped: await promisify(gzip)(bytes),
    etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`,
    contentSecurityPolicy,
  };
}
