import { graphql } from './gql/gql.ts';

/** Each KOL's indices arrive when they are there, so that a slow one holds up no other. */
export const COMPARE = graphql(/* GraphQL */ `
  query CompareKols($ids: [ID!]!) {
    kols(ids: $ids) {
      id
      ... @defer {
        linkIndex {
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
          star {
            ...Score
          }
          fetchedAt
          freshness
        }
      }
    }
  }

  fragment Score on IndexScore {
    value
    avgValue
    linkRelativeRatio
    rank
    rankPercent
  }
`);
