import { builder } from './builder.ts';
import { products } from './data.ts';
import { ProductResearch } from './product-research.ts';
import { User } from './user.ts';

type Product = (typeof products)[number];

const ProductVariation = builder.objectRef<Product['variation']>('ProductVariation').implement({
  fields: (t) => ({ id: t.exposeID('id', { nullable: false }) }),
});

const ProductDimension = builder.objectRef<Product['dimensions']>('ProductDimension').implement({
  directives: { shareable: {} },
  fields: (t) => ({
    size: t.exposeString('size'),
    weight: t.exposeFloat('weight'),
    unit: t.exposeString('unit', { directives: { inaccessible: {} } }),
  }),
});

/** An entity with three keys, of which the last reaches into another object. */
export const Product = builder.objectRef<Product>('Product').implement({
  directives: [
    { name: 'key', args: { fields: 'id' } },
    { name: 'key', args: { fields: 'sku package' } },
    { name: 'key', args: { fields: 'sku variation { id }' } },
    { name: 'custom', args: {} },
  ],
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false }),
    sku: t.exposeString('sku'),
    package: t.exposeString('package'),
    variation: t.expose('variation', { type: ProductVariation }),
    dimensions: t.expose('dimensions', { type: ProductDimension }),
    createdBy: t.expose('createdBy', {
      type: User,
      directives: { provides: { fields: 'totalProductsCreated' } },
    }),
    notes: t.string({ directives: { tag: { name: 'internal' } }, resolve: ({ notes }) => notes }),
    research: t.expose('research', { type: [ProductResearch], nullable: false }),
  }),
});

type ProductKey = { id: string } | { sku: string; package: string } | { sku: string; variation: { id: string } };

export function findProduct(key: ProductKey): Product | undefined {
  return products.find((product) => {
    if ('id' in key) return product.id === key.id;
    if (product.sku !== key.sku) return false;
    return 'package' in key ? product.package === key.package : product.variation.id === key.variation.id;
  });
}
