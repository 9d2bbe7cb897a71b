import { builder } from './builder.ts';
import { jane } from './data.ts';

const external = { directives: { external: {} } };

/** A user of the users subgraph, which gives away `name` and lends what is external. */
export const User = builder.objectRef<typeof jane>('User').implement({
  directives: { key: { fields: 'email' }, extends: {} }, // else the key could not be external
  fields: (t) => ({
    email: t.exposeID('email', { nullable: false, ...external }),
    name: t.exposeString('name', { directives: { override: { from: 'users' } } }),
    totalProductsCreated: t.exposeInt('totalProductsCreated', external),
    yearsOfEmployment: t.exposeInt('yearsOfEmployment', { nullable: false, ...external }),
    averageProductsCreatedPerYear: t.int({
      directives: { requires: { fields: 'totalProductsCreated yearsOfEmployment' } },
      resolve: ({ totalProductsCreated, yearsOfEmployment }) =>
        totalProductsCreated === null ? null : Math.round(totalProductsCreated / yearsOfEmployment),
    }),
  }),
});

/** What a router sends along for @requires goes before our own figures. */
export function findUser(representation: { email: string }): typeof jane | null {
  return representation.email === jane.email ? { ...jane, ...representation } : null;
}
