import { INDEX_NAMES } from '../workloads/scores.ts';

const INDICES = Object.values(INDEX_NAMES).map((name) => `${name}: IndexScore`);

/** The graph of every peer that takes its schema as text: the gateway's, without what the workloads do not ask for. */
export const TYPE_DEFS = `
  type Query {
    kol(id: ID!): Kol
    kols(ids: [ID!]!): [Kol]!
  }
  type Kol {
    id: ID!
    linkIndex: LinkIndex
  }
  type LinkIndex {
    ${INDICES.join('\n    ')}
  }
  type IndexScore {
    value: Float
    avgValue: Float
    linkRelativeRatio: Float
    rank: Int
    rankPercent: Float
  }
`;
