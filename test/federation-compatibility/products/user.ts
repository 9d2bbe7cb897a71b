import { builder } from './builder.ts';
import { jane } from './data.ts';

/** A user of the users subgraph, which gives away `name` and lends what is external. */
export const User = builder.externalRef('User', builder.selection<{ email: string }>('email'), (reference) =>
  // What a router sends along for @requires goes before our own figures.
  reference.email === jane.email ? { ...jane, ...reference } : null,
);

User.implement({
  externalFields: (t) => ({
    email: t.id({ nullable: false }),
    totalProductsCreated: t.int(),
    yearsOfEmployment: t.int({ nullable: false }),
  }),
  fields: (t) => ({
    name: t.exposeString('name', { override: { from: 'users' } }),
    averageProductsCreatedPerYear: t.int({
      requires: builder.selection<{ totalProductsCreated: number | null; yearsOfEmployment: number }>(
        'totalProductsCreated yearsOfEmployment',
      ),
      resolve: ({ totalProductsCreated, yearsOfEmployment }) =>
        totalProductsCreated === null ? null : Math.round(totalProductsCreated / yearsOfEmployment),
    }),
  }),
});
