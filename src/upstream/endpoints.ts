import type { EndpointName, LinkIndexKey, ReadOptions } from '../domain/link-index.ts';

/** The tags of the successor endpoint, as the vendor lists them. No table leads from the old values to these, so none is invented. */
const INDUSTRY_TAGS: ReadonlySet<string> = new Set(
  `ALL ELECTRONICS_AND_APPLIANCES SHOPPING FOOD_AND_BEVERAGE CLOTHING_AND_ACCESSORIES HEALTHCARE_AND_MEDICAL
  MEDICAL_INSTITUTIONS HOME_AND_BUILDING_MATERIALS LOCAL_SERVICES BUSINESS_SERVICES CULTURE_SPORTS_ENTERTAINMENT
  BEAUTY_SERVICES REAL_ESTATE EDUCATION_AND_TRAINING TRAVEL_AND_TOURISM PUBLIC_SERVICES GAMES RETAIL
  TRANSPORTATION_EQUIPMENT AUTOMOTIVE AGRICULTURE_FORESTRY_FISHERY CHEMICAL_AND_ENERGY ELECTRONICS_AND_ELECTRICAL
  MACHINERY_EQUIPMENT MEDIA_AND_INFORMATION LOGISTICS TELECOMMUNICATIONS FINANCIAL_SERVICES CATERING_SERVICES
  SOFTWARE_TOOLS FRANCHISING_AND_INVESTMENT BEAUTY_AND_COSMETICS MOTHER_BABY_AND_PET DAILY_CHEMICALS PHYSICAL_BOOKS
  SOCIAL_AND_COMMUNICATION CULTURAL_SUPPLIES SPORTS_OUTDOOR`.split(/\s+/),
);

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

/** Which of the vendor's endpoints is asked. */
export interface EndpointChoice {
  current(): Endpoint;
  /** The endpoint that was asked is gone. @returns whether another one is asked from now on */
  isGone(endpoint: Endpoint): boolean;
}

/**
 * @param name `auto` starts on the deprecated endpoint and moves to its successor, once and for the life of the process
 * @param onMoved called when it has moved
 */
export function createEndpointChoice(name: EndpointName | 'auto', onMoved?: () => void): EndpointChoice {
  let current = ENDPOINTS[name === 'auto' ? 'kol-link-info' : name];
  const successor = ENDPOINTS['author-link-info'];

  return {
    current: () => current,
    isGone(endpoint) {
      if (name !== 'auto' || endpoint === successor) return false;
      if (current !== successor) {
        current = successor;
        onMoved?.();
      }
      return true;
    },
  };
}
