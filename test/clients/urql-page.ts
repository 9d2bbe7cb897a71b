import { Client, fetchExchange } from '@urql/core';

globalThis.ask = ({ uri, query, ids, accept }) => {
  const client = new Client({
    url: uri,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    ...(accept !== undefined && { fetchOptions: { headers: { accept } } }),
  });
  client.query(query, { ids }).subscribe(({ data, error, hasNext }) => {
    const codes = error?.networkError ? ['NETWORK'] : error?.graphQLErrors.map(({ extensions }) => extensions['code']);
    tellStep({ isLast: !hasNext, data, codes: codes ?? [] });
  });
};
