import { builder } from './builder.ts';
import { inventories } from './data.ts';
import { DeprecatedProduct } from './deprecated-product.ts';

type Inventory = (typeof inventories)[number];

/** An interface of the inventory subgraph, to all of whose types we add a field without knowing them. */
builder.objectRef<Inventory>('Inventory').implement({
  directives: { key: { fields: 'id' }, interfaceObject: {} },
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false }),
    deprecatedProducts: t.expose('deprecatedProducts', { type: [DeprecatedProduct], nullable: false }),
  }),
});

export function findInventory({ id }: { id: string }): Inventory | undefined {
  return inventories.find((inventory) => inventory.id === id);
}
