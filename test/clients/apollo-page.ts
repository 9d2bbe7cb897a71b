import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';

globalThis.ask = ({ uri, query, ids }) => {
  const client = new ApolloClient({
    link: new HttpLink({ uri }),
    cache: new InMemoryCache(),
    incrementalHandler: new Defer20220824Handler(),
  });
  client
    .watchQuery({ query: gql(query), variables: { ids }, errorPolicy: 'all', notifyOnNetworkStatusChange: false })
    .subscribe(({ data, error, loading }) => {
      const codes = CombinedGraphQLErrors.is(error)
        ? error.errors.map(({ extensions }) => extensions?.['code'])
        : error && ['NETWORK'];
      tellStep({ isLast: !loading, data, codes: codes ?? [] });
    });
};
