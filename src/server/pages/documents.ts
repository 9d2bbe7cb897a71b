import { readFile } from 'node:fs/promises';
import { PACKAGE_FOLDER } from '../../own-files.ts';
import type { Exchange } from '../http/exchange.ts';

/** What is served, under the names that it has in the package so that its links work, and nothing else: no dot but that of the ending, so that no other folder can be named. */
const KINDS = [
  { name: /^\/(?:README|CHANGELOG|CONTRIBUTING|docs\/(?:[\w-]+\/)*[\w-]+)\.md$/, type: 'text/html; charset=utf-8' },
  { name: /^\/(?:LICENSE|schema\.graphql)$/, type: 'text/plain; charset=utf-8' },
  { name: /^\/docs\/screenshots\/[\w-]+\.png$/, type: 'image/png' },
  { name: /^\/docs\/[\w-]+\.svg$/, type: 'image/svg+xml' },
];

const STYLE =
  ':root{color-scheme:light dark}body{max-width:860px;margin:24px auto;padding:0 20px;font:16px/1.55 system-ui,sans-serif}code,pre{font-size:14px}pre,table{overflow-x:auto}pre{padding:10px;border:1px solid #8886;border-radius:6px}table{display:block;border-collapse:collapse}td,th{padding:3px 8px;border:1px solid #8886;text-align:left}img{max-width:100%}';

export interface DocumentsOptions {
  /** Whether the schema may be read; where introspection is off it is not shown here either. */
  readonly isSchemaPublic: boolean;
}

/** The documents that the start page links to. @returns whether there is one of this name, which then is answered */
export type DocumentHandler = (exchange: Exchange, path: string) => Promise<boolean>;

export function createDocuments({ isSchemaPublic }: DocumentsOptions): DocumentHandler {
  return async ({ response }, path) => {
    const kind = KINDS.find(({ name }) => name.test(path));
    if (!kind || (path === '/schema.graphql' && !isSchemaPublic)) return false;
    const bytes = await readFile(new URL(`.${path}`, PACKAGE_FOLDER)).catch(() => undefined);
    if (bytes === undefined) return false;
    const body = path.endsWith('.md') ? await htmlOf(path, bytes.toString()) : bytes;
    response.writeHead(200, {
      'content-type': kind.type,
      'content-length': Buffer.byteLength(body),
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    response.end(body);
    return true;
  };
}

/** Headings get the ids that links into documents name. What renders is loaded by the first visit, and not by the start. */
async function htmlOf(path: string, text: string): Promise<string> {
  const [{ Marked }, { gfmHeadingId }] = await Promise.all([import('marked'), import('marked-gfm-heading-id')]);
  const markdown = new Marked(gfmHeadingId());
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>kol-gateway: ${path.slice(1)}</title><link rel="icon" href="data:,"><style>${STYLE}</style><main>${markdown.parse(text)}</main></html>`;
}
