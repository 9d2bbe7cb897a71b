import { DirectiveLocation, GraphQLDirective } from 'graphql';
import { toSubgraphSchema } from '../../src/schema/federation.ts';
import { builder } from './products/builder.ts';
import { findDeprecatedProduct } from './products/deprecated-product.ts';
import { findInventory } from './products/inventory.ts';
import { findProduct } from './products/product.ts';
import { findResearch } from './products/product-research.ts';
import { findUser } from './products/user.ts';
import './products/query.ts';

/** The newest version that the suite knows, and the lowest with @interfaceObject. */
const FEDERATION = 'https://specs.apollo.dev/federation/v2.3';
const IMPORTED = [
  '@composeDirective',
  '@extends',
  '@external',
  '@inaccessible',
  '@interfaceObject',
  '@key',
  '@override',
  '@provides',
  '@requires',
  '@shareable',
  '@tag',
];
const CUSTOM_DIRECTIVE = 'https://myspecs.dev/myCustomDirective/v1.0';

/** The products subgraph as the suite's `products.graphql` describes it. */
export const productsSchema = toSubgraphSchema(
  builder.toSchema({
    directives: [new GraphQLDirective({ name: 'custom', locations: [DirectiveLocation.OBJECT] })],
    schemaDirectives: [
      { name: 'link', args: { url: FEDERATION, import: IMPORTED } },
      { name: 'link', args: { url: CUSTOM_DIRECTIVE, import: ['@custom'] } },
      { name: 'composeDirective', args: { name: '@custom' } },
    ],
  }),
  {
    DeprecatedProduct: findDeprecatedProduct,
    Inventory: findInventory,
    Product: findProduct,
    ProductResearch: findResearch,
    User: findUser,
  },
);
