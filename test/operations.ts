import { graphql } from './gql/gql.ts';

export const STAR_OF = graphql(/* GraphQL */ `
  query StarOf($id: ID!) {
    kol(id: $id) {
      id
      linkIndex {
        star {
          value
          rank
        }
        freshness
      }
    }
  }
`);

export const STARS_OF = graphql(/* GraphQL */ `
  query StarsOf($ids: [ID!]!, $industryTag: String, $acceptCache: Boolean! = true) {
    kols(ids: $ids) {
      id
      linkIndex(industryTag: $industryTag, acceptCache: $acceptCache) {
        star {
          value
        }
      }
    }
  }
`);

export const ALL_OF = graphql(/* GraphQL */ `
  query AllOf($id: ID!) {
    kol(id: $id) {
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

  fragment Score on IndexScore {
    value
    avgValue
    linkRelativeRatio
    rank
    rankPercent
  }
`);

export const IDS_ONLY = graphql(/* GraphQL */ `
  query IdsOnly($ids: [ID!]!) {
    kols(ids: $ids) {
      id
    }
  }
`);
