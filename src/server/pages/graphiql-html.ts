import type { Page, PageOptions } from './page.ts';

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

/** GraphiQL with everything it needs in one document of 9 MB. */
export async function renderGraphiqlPage({ isSandbox, needsKey }: PageOptions): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const notice = isSandbox
    ? 'Sandbox: these scores are synthetic, and nothing is bought.'
    : 'Live: every linkIndex that is not cached is bought from the upstream.';
  const document = renderGraphiQL({
    title: isSandbox ? 'kol-gateway (sandbox)' : 'kol-gateway',
    defaultQuery: isSandbox ? SANDBOX_QUERY : LIVE_QUERY,
    ...(needsKey && { defaultHeaders: '{ "x-api-key": "" }' }),
  });
  const html = document.replace(
    '<div id="root">',
    () => `${noticeHtml(needsKey ? `${notice} ${KEY_NOTICE}` : notice)}<div id="root">`,
  );
  return { html, contentSecurityPolicy: CONTENT_SECURITY_POLICY };
}

const KEY_NOTICE = 'Put your client key into the Headers tab, then reload the schema.';

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
