import type { EndpointName, LinkIndexKey, ReadOptions } from '../domain/link-index.ts';
import { INDUSTRY_TAGS } from './industry-tags.ts';

/** One of the vendor's two ways to the same body. */
export interface Endpoint {
  readonly name: EndpointName;
  readonly path: string;
  /** The tags it knows, where the vendor lists them. */
  readonly industryTags?: ReadonlySet<string>;
  /** Its word for "all industries", which means the same as no tag. */
  readonly allIndustriesTag?: string;
  /** The query parameters of a read, without the token. */
  readonly parametersOf: (key: LinkIndexKey, options: ReadOptions) => Readonly<Record<string, string>>;
}

const kolLinkInfo: Endpoint = {
  name: 'kol-link-info',
  path: '/api/douyin-xingtu/get-kol-link-info/v1',
  parametersOf: ({ kolId, industryTag }, { acceptCache }) => ({
    kolId,
    ...(industryTag !== '' && { industryTag }),
    acceptCache: String(acceptCache),
  }),
};

/** The successor of the deprecated endpoint; the same body, no `acceptCache`, and `ALL` is its word for "all industries". */
const authorLinkInfo: Endpoint = {
  name: 'author-link-info',
  path: '/api/douyin-xingtu/gw/api/data_sp/get_author_link_info/v1',
  industryTags: INDUSTRY_TAGS,
  allIndustriesTag: 'ALL',
  parametersOf: ({ kolId, industryTag }) => ({
    oAuthorId: kolId,
    ...(industryTag !== '' && industryTag !== 'ALL' && { industryTag }),
  }),
};

export const ENDPOINTS: Readonly<Record<EndpointName, Endpoint>> = {
  'kol-link-info': kolLinkInfo,
  'author-link-info': authorLinkInfo,
};

/** Free of charge, needs no token. */
export const PING_PATH = '/ping';

/**
 * The account's balance; needs the token. Second-hand: the vendor's own MCP server and integrators call it, its documents
 * do not name it, and nothing says that it is free of charge.
 */
export const BALANCE_PATH = '/user/get-balance';

/**
 * The vendor's published example of an endpoint's answer; needs no token. Second-hand: the vendor's own MCP server calls
 * it, its documents do not name it.
 */
export const EXAMPLE_PATH = '/status/api-example/detail';
