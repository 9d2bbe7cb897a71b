import { graphql } from './gql/gql.ts';

/** The ids come at once, the indices of each KOL as soon as they are there: what is cached does not wait for the rest. */
export const COMPARISON = graphql(/* GraphQL */ `
  query Comparison($ids: [ID!]!) {
    kols(ids: $ids) {
      id
      ... @defer {
        linkIndex {
          ...Indices
        }
      }
    }
  }

  fragment Indices on LinkIndex {
    star {
      ...Score
    }
    cooperate {
      ...Score
    }
    cp {
      ...Score
    }
    convert {
      ...Score
    }
    shopping {
      ...Score
    }
    spread {
      ...Score
    }
    fetchedAt
    freshness
  }

  fragment Score on IndexScore {
    value
    avgValue
    rankPercent
  }
`);
