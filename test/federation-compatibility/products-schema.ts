import { DirectiveLocation, GraphQLDirective } from 'graphql';
import { builder } from './products/builder.ts';
import './products/inventory.ts';
import './products/query.ts';

/** The newest version that the suite knows, and the lowest with @interfaceObject. */
const FEDERATION = 'https://specs.apollo.dev/federation/v2.3';
const CUSTOM_DIRECTIVE = 'https://myspecs.dev/myCustomDirective/v1.0';

/** The products subgraph as the suite's `products.graphql` describes it. */
export const productsSchema = builder.toSubGraphSchema({
  linkUrl: FEDERATION,
  composeDirectives: ['@custom'],
  directives: [new GraphQLDirective({ name: 'custom', locations: [DirectiveLocation.OBJECT] })],
  schemaDirectives: { link: { url: CUSTOM_DIRECTIVE, import: ['@custom'] } },
});
