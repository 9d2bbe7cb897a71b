import { INDUSTRY_TAGS } from './industry-tags.ts';

/** Written down apart from the gateway's own table on purpose: a mistake in one shows against the other. */
const KOL_LINK_INFO = '/api/douyin-xingtu/get-kol-link-info/v1';
const AUTHOR_LINK_INFO = '/api/douyin-xingtu/gw/api/data_sp/get_author_link_info/v1';

const BALANCE = '/user/get-balance';
const EXAMPLE = '/status/api-example/detail';

const PLATFORMS = ['SHORT_VIDEO', 'LIVE_STREAMING', 'PICTURE_TEXT', 'SHORT_DRAMA'];

/** What a URL asks of the vendor. */
export type Call =
  | { readonly kind: 'read'; readonly kolId: string; readonly industryTag: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'balance' }
  | { readonly kind: 'example'; readonly api: string }
  | { readonly kind: 'invalid-token' }
  | { readonly kind: 'invalid-parameters' }
  | { readonly kind: 'unknown-path' };

export function parseCall({ pathname, searchParams }: URL): Call {
  if (pathname === '/ping') return { kind: 'ping' };
  if (pathname === EXAMPLE) return parseExample(searchParams);
  if (![KOL_LINK_INFO, AUTHOR_LINK_INFO, BALANCE].includes(pathname)) return { kind: 'unknown-path' };
  if (!searchParams.get('token')) return { kind: 'invalid-token' };
  if (pathname === BALANCE) return { kind: 'balance' };
  return pathname === KOL_LINK_INFO ? parseKolLinkInfo(searchParams) : parseAuthorLinkInfo(searchParams);
}

/** Needs no token. */
function parseExample(parameters: URLSearchParams): Call {
  const api = parameters.get('api');
  return api === KOL_LINK_INFO || api === AUTHOR_LINK_INFO ? { kind: 'example', api } : { kind: 'invalid-parameters' };
}

function parseKolLinkInfo(parameters: URLSearchParams): Call {
  const kolId = parameters.get('kolId');
  const isValid = ['true', 'false'].includes(parameters.get('acceptCache') ?? 'false');
  return kolId && isValid
    ? { kind: 'read', kolId, industryTag: parameters.get('industryTag') ?? '' }
    : { kind: 'invalid-parameters' };
}

function parseAuthorLinkInfo(parameters: URLSearchParams): Call {
  const kolId = parameters.get('oAuthorId');
  const industryTag = parameters.get('industryTag') ?? 'ALL';
  const isValid = INDUSTRY_TAGS.has(industryTag) && PLATFORMS.includes(parameters.get('platform') ?? 'SHORT_VIDEO');
  // Both endpoints score "all industries" the same.
  return kolId && isValid
    ? { kind: 'read', kolId, industryTag: industryTag === 'ALL' ? '' : industryTag }
    : { kind: 'invalid-parameters' };
}
