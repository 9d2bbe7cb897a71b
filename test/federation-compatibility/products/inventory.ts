import { builder } from './builder.ts';
import { inventories } from './data.ts';
import { DeprecatedProduct } from './deprecated-product.ts';

/** An interface of the inventory subgraph, to all of whose types we add a field without knowing them. */
const Inventory = builder.objectRef<(typeof inventories)[number]>('Inventory').implement({
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false }),
    deprecatedProducts: t.expose('deprecatedProducts', { type: [DeprecatedProduct], nullable: false }),
  }),
});

builder.asEntity(Inventory, {
  key: builder.selection<{ id: string }>('id'),
  interfaceObject: true,
  resolveReference: ({ id }) => inventories.find((inventory) => inventory.id === id),
});
