import { builder } from './builder.ts';
import { Kol, kolOf, kolOrError } from './kol.ts';

const ID_RULE = '1 to 64 characters of A-Z a-z 0-9 _ -.';

builder.queryType({
  description: 'What can be asked. Naming KOLs is free; their linkIndex is bought once and then remembered.',
  fields: (t) => ({
    kol: t.field({
      type: Kol,
      nullable: true,
      description: 'One KOL. Costs nothing by itself: only linkIndex asks the upstream.',
      args: { id: t.arg.id({ required: true, description: ID_RULE }) },
      resolve: (_root, { id }) => kolOf(id),
    }),
    kols: t.field({
      type: [Kol],
      nullable: { list: false, items: true },
      description: 'Several KOLs, in the order asked; at most MAX_KOLS_PER_REQUEST distinct ones.',
      args: { ids: t.arg.idList({ required: true, description: `${ID_RULE} Duplicates are read once.` }) },
      resolve: (_root, { ids }) => ids.map(kolOrError),
    }),
  }),
});
