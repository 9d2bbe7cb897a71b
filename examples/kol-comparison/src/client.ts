import { Client, fetchExchange } from 'urql';

/**
 * Deliberately without a cache exchange: the gateway remembers what is paid for and says how fresh it is; a second
 * cache would only hide that. A client key goes into `fetchOptions`. By POST, so that no ids stand in access logs.
 */
export const client = new Client({ url: '/graphql', exchanges: [fetchExchange], preferGetMethod: false });
