import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PACKAGE_FOLDER } from '../../own-files.ts';
import { type PageHandler, type PageOptions, preparePage, servePage } from './page.ts';

/** Made from `src/page` by `npm run build:page`, which npm runs after an install. */
const BUILT_PAGE = new URL('dist/page/index.html', PACKAGE_FOLDER);

/**
 * The page that compares KOLs, from one document that holds its script and style. Where it was never built, a visit
 * is redirected to GraphiQL, by a relative address: a proxy may serve the gateway below a path of its own.
 */
export function createStartPage({ isSandbox, needsKey }: PageOptions, builtPage = BUILT_PAGE): PageHandler {
  if (!existsSync(builtPage))
    return async ({ response }) => void response.writeHead(302, { location: 'graphql' }).end();
  return servePage(async () => {
    const built = await readFile(builtPage, 'utf8');
    const html = built.replace(
      'data-mode="live" data-key="no"',
      `data-mode="${isSandbox ? 'sandbox' : 'live'}" data-key="${needsKey ? 'yes' : 'no'}"`,
    );
    return preparePage({ html, contentSecurityPolicy: policyFor(html) });
  });
}

/** Only the script and the style that are in the document may run: they are named by their hashes. */
function policyFor(html: string): string {
  const hashesOf = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, 'g'))].map(
      ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
    );
  return [
    "default-src 'none'",
    `script-src ${hashesOf('script').join(' ')}`,
    `style-src ${hashesOf('style').join(' ')}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
