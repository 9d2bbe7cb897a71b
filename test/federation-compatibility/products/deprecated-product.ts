import { builder } from './builder.ts';
import { deprecatedProducts } from './data.ts';
import { User } from './user.ts';

/** An entity whose key has two fields. */
export const DeprecatedProduct = builder.objectRef<(typeof deprecatedProducts)[number]>('DeprecatedProduct').implement({
  directives: { key: { fields: 'sku package' } },
  fields: (t) => ({
    sku: t.exposeString('sku', { nullable: false }),
    package: t.exposeString('package', { nullable: false }),
    reason: t.exposeString('reason'),
    createdBy: t.expose('createdBy', { type: User }),
  }),
});

export function findDeprecatedProduct(key: {
  sku: string;
  package: string;
}): (typeof deprecatedProducts)[number] | undefined {
  return deprecatedProducts.find((product) => product.sku === key.sku && product.package === key.package);
}
