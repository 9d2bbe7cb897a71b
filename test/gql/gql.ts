/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query StarOf($id: ID!) {\n    kol(id: $id) {\n      id\n      linkIndex {\n        star {\n          value\n          rank\n        }\n        freshness\n      }\n    }\n  }\n": typeof types.StarOfDocument,
    "\n  query StarsOf($ids: [ID!]!, $industryTag: String, $acceptCache: Boolean! = true) {\n    kols(ids: $ids) {\n      id\n      linkIndex(industryTag: $industryTag, acceptCache: $acceptCache) {\n        star {\n          value\n        }\n      }\n    }\n  }\n": typeof types.StarsOfDocument,
    "\n  query AllOf($id: ID!) {\n    kol(id: $id) {\n      linkIndex {\n        cooperate {\n          ...Score\n        }\n        cp {\n          ...Score\n        }\n        convert {\n          ...Score\n        }\n        shopping {\n          ...Score\n        }\n        spread {\n          ...Score\n        }\n        star {\n          ...Score\n        }\n        fetchedAt\n        freshness\n      }\n    }\n  }\n\n  fragment Score on IndexScore {\n    value\n    avgValue\n    linkRelativeRatio\n    rank\n    rankPercent\n  }\n": typeof types.AllOfDocument,
    "\n  query IdsOnly($ids: [ID!]!) {\n    kols(ids: $ids) {\n      id\n    }\n  }\n": typeof types.IdsOnlyDocument,
};
const documents: Documents = {
    "\n  query StarOf($id: ID!) {\n    kol(id: $id) {\n      id\n      linkIndex {\n        star {\n          value\n          rank\n        }\n        freshness\n      }\n    }\n  }\n": types.StarOfDocument,
    "\n  query StarsOf($ids: [ID!]!, $industryTag: String, $acceptCache: Boolean! = true) {\n    kols(ids: $ids) {\n      id\n      linkIndex(industryTag: $industryTag, acceptCache: $acceptCache) {\n        star {\n          value\n        }\n      }\n    }\n  }\n": types.StarsOfDocument,
    "\n  query AllOf($id: ID!) {\n    kol(id: $id) {\n      linkIndex {\n        cooperate {\n          ...Score\n        }\n        cp {\n          ...Score\n        }\n        convert {\n          ...Score\n        }\n        shopping {\n          ...Score\n        }\n        spread {\n          ...Score\n        }\n        star {\n          ...Score\n        }\n        fetchedAt\n        freshness\n      }\n    }\n  }\n\n  fragment Score on IndexScore {\n    value\n    avgValue\n    linkRelativeRatio\n    rank\n    rankPercent\n  }\n": types.AllOfDocument,
    "\n  query IdsOnly($ids: [ID!]!) {\n    kols(ids: $ids) {\n      id\n    }\n  }\n": types.IdsOnlyDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StarOf($id: ID!) {\n    kol(id: $id) {\n      id\n      linkIndex {\n        star {\n          value\n          rank\n        }\n        freshness\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StarOfDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query StarsOf($ids: [ID!]!, $industryTag: String, $acceptCache: Boolean! = true) {\n    kols(ids: $ids) {\n      id\n      linkIndex(industryTag: $industryTag, acceptCache: $acceptCache) {\n        star {\n          value\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').StarsOfDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AllOf($id: ID!) {\n    kol(id: $id) {\n      linkIndex {\n        cooperate {\n          ...Score\n        }\n        cp {\n          ...Score\n        }\n        convert {\n          ...Score\n        }\n        shopping {\n          ...Score\n        }\n        spread {\n          ...Score\n        }\n        star {\n          ...Score\n        }\n        fetchedAt\n        freshness\n      }\n    }\n  }\n\n  fragment Score on IndexScore {\n    value\n    avgValue\n    linkRelativeRatio\n    rank\n    rankPercent\n  }\n"): typeof import('./graphql.ts').AllOfDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query IdsOnly($ids: [ID!]!) {\n    kols(ids: $ids) {\n      id\n    }\n  }\n"): typeof import('./graphql.ts').IdsOnlyDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
