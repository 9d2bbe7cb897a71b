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
    "\n  query Comparison($ids: [ID!]!) {\n    kols(ids: $ids) {\n      id\n      ... @defer {\n        linkIndex {\n          ...Indices\n        }\n      }\n    }\n  }\n\n  fragment Indices on LinkIndex {\n    star {\n      ...Score\n    }\n    cooperate {\n      ...Score\n    }\n    cp {\n      ...Score\n    }\n    convert {\n      ...Score\n    }\n    shopping {\n      ...Score\n    }\n    spread {\n      ...Score\n    }\n    fetchedAt\n    freshness\n  }\n\n  fragment Score on IndexScore {\n    value\n    avgValue\n    rankPercent\n  }\n": typeof types.ComparisonDocument,
};
const documents: Documents = {
    "\n  query Comparison($ids: [ID!]!) {\n    kols(ids: $ids) {\n      id\n      ... @defer {\n        linkIndex {\n          ...Indices\n        }\n      }\n    }\n  }\n\n  fragment Indices on LinkIndex {\n    star {\n      ...Score\n    }\n    cooperate {\n      ...Score\n    }\n    cp {\n      ...Score\n    }\n    convert {\n      ...Score\n    }\n    shopping {\n      ...Score\n    }\n    spread {\n      ...Score\n    }\n    fetchedAt\n    freshness\n  }\n\n  fragment Score on IndexScore {\n    value\n    avgValue\n    rankPercent\n  }\n": types.ComparisonDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Comparison($ids: [ID!]!) {\n    kols(ids: $ids) {\n      id\n      ... @defer {\n        linkIndex {\n          ...Indices\n        }\n      }\n    }\n  }\n\n  fragment Indices on LinkIndex {\n    star {\n      ...Score\n    }\n    cooperate {\n      ...Score\n    }\n    cp {\n      ...Score\n    }\n    convert {\n      ...Score\n    }\n    shopping {\n      ...Score\n    }\n    spread {\n      ...Score\n    }\n    fetchedAt\n    freshness\n  }\n\n  fragment Score on IndexScore {\n    value\n    avgValue\n    rankPercent\n  }\n"): typeof import('./graphql.ts').ComparisonDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
