import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Exchange } from './reply.ts';

/** Works without `unsafe-eval`, and no other host is ever contacted. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline' blob:",
  'worker-src blob:',
  "style-src 'unsafe-inline'",
  'font-src data:',
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Page {
  readonly html: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

export type PageHandler = (exchange: Exchange) => Promise<void>;

/** GraphiQL with everything it needs in one document of 9 MB, which is made and compressed at the first visit. */
export function createGraphiqlPage({ isSandbox }: { readonly isSandbox: boolean }): PageHandler {
  let page: Promise<Page> | undefined;

  return async ({ request, response }) => {
    page ??= renderPage(isSandbox);
    const { html, gzipped, etag } = await page;
    response.setHeader('etag', etag);
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('vary', 'Accept, Accept-Encoding');
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
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

async function renderPage(isSandbox: boolean): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const notice = isSandbox
    ? 'Sandbox: these scores are synthetic, and nothing is bought.'
    : 'Live: every linkIndex that is not cached is bought from the upstream.';
  const document = renderGraphiQL({
    title: isSandbox ? 'kol-gateway (sandbox)' : 'kol-gateway',
    defaultQuery: isSandbox ? SANDBOX_QUERY : LIVE_QUERY,
  });
  const html = Buffer.from(document.replace('<div id="root">', () => `${noticeHtml(notice)}<div id="root">`));
  return {
    html,
    gzipped: await promisify(gzip)(html),
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
  };
}

function noticeHtml(notice: string): string {
  return `<style>body{display:flex;flex-direction:column;height:100dvh}#root{flex:1;min-height:0;height:auto}#root .graphiql-container{height:100%}#mode{margin:0;padding:4px 16px;font:13px system-ui;background:#fff3c4;color:#3d3000}</style><p id="mode" role="status">${notice}</p>`;
}

const SANDBOX_QUERY = `# Sandbox: these scores are synthetic.
# Press play (Ctrl-Enter). Any id works;
# sandbox-301 and other magic ids of the
# README show every error state.
query Sandbox {
  kol(id: "sandbox-sample") {
    id
    linkIndex {
      star { value rank rankPercent }
      cooperate { value }
      cp { value }
      convert { value }
      shopping { value }
      spread { value }
      fetchedAt
      freshness
    }
  }
}
`;

const LIVE_QUERY = `# Live: a linkIndex that is not cached is
# bought. This query is free; put in a KOL's
# id and take the inner "#" signs away to buy
# its scores. It may take up to a minute.
query Live {
  kol(id: "1") {
    id
    # linkIndex {
    #   star { value rank rankPercent }
    #   fetchedAt
    #   freshness
    # }
  }
}
`;
