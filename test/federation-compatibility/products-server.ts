import { useApolloInlineTrace } from '@graphql-yoga/plugin-apollo-inline-trace';
import { createYoga } from 'graphql-yoga';
import { startLoopbackServer } from './loopback-server.ts';
import { productsSchema } from './products-schema.ts';

/** The subgraph under test. Of yoga's plugins it has one that the product lacks: the test of ftv1 asks for its trace. */
export function startProductsServer(port: number): Promise<AsyncDisposable> {
  const yoga = createYoga({
    schema: productsSchema,
    graphqlEndpoint: '/',
    plugins: [useApolloInlineTrace()],
    logging: false,
    cors: false,
    multipart: false,
    graphiql: false,
    landingPage: false,
    batching: false,
  });
  return startLoopbackServer(port, yoga);
}
