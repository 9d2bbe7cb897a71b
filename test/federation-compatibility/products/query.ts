import { builder } from './builder.ts';
import { DeprecatedProduct, findDeprecatedProduct } from './deprecated-product.ts';
import { findProduct, Product } from './product.ts';

builder.queryType({
  fields: (t) => ({
    product: t.field({
      type: Product,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, key) => findProduct(key),
    }),
    deprecatedProduct: t.field({
      type: DeprecatedProduct,
      deprecationReason: 'Use product query instead',
      args: { sku: t.arg.string({ required: true }), package: t.arg.string({ required: true }) },
      resolve: (_root, key) => findDeprecatedProduct(key),
    }),
  }),
});
