import { builder } from './builder.ts';
import { deprecatedProducts } from './data.ts';
import { User } from './user.ts';

export interface DeprecatedProductKey {
  sku: string;
  package: string;
}

/** An entity whose key has two fields. */
export const DeprecatedProduct = builder.objectRef<(typeof deprecatedProducts)[number]>('DeprecatedProduct').implement({
  fields: (t) => ({
    sku: t.exposeString('sku', { nullable: false }),
    package: t.exposeString('package', { nullable: false }),
    reason: t.exposeString('reason'),
    createdBy: t.expose('createdBy', { type: User }),
  }),
});

builder.asEntity(DeprecatedProduct, {
  key: builder.selection<DeprecatedProductKey>('sku package'),
  resolveReference: findDeprecatedProduct,
});

export function findDeprecatedProduct(key: DeprecatedProductKey): (typeof deprecatedProducts)[number] | undefined {
  return deprecatedProducts.find((product) => product.sku === key.sku && product.package === key.package);
}
