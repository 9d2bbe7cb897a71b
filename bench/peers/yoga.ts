import { createServer } from 'node:http';
import SchemaBuilder from '@pothos/core';
import type DataLoader from 'dataloader';
import { createYoga } from 'graphql-yoga';
import { INDEX_NAMES, type IndexScore, type LinkIndex } from '../workloads/scores.ts';
import { createLinkIndexLoader } from './remembered-loader.ts';

/** graphql-yoga and Pothos as they come. */
interface Context {
  readonly linkIndices: DataLoader<string, LinkIndex>;
}

const builder = new SchemaBuilder<{ Context: Context; DefaultFieldNullability: true }>({});

const IndexScoreType = builder.objectRef<IndexScore>('IndexScore').implement({
  fields: (t) => ({
    value: t.exposeFloat('value'),
    avgValue: t.exposeFloat('avgValue'),
    linkRelativeRatio: t.exposeFloat('linkRelativeRatio'),
    rank: t.exposeInt('rank'),
    rankPercent: t.exposeFloat('rankPercent'),
  }),
});

const LinkIndexType = builder.objectRef<LinkIndex>('LinkIndex').implement({
  fields: (t) => {
    const indexField = (name: keyof LinkIndex) => t.field({ type: IndexScoreType, resolve: (index) => index[name] });
    return Object.fromEntries(Object.values(INDEX_NAMES).map((name) => [name, indexField(name)]));
  },
});

const KolType = builder.objectRef<{ readonly id: string }>('Kol').implement({
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false }),
    linkIndex: t.field({ type: LinkIndexType, resolve: ({ id }, _, { linkIndices }) => linkIndices.load(id) }),
  }),
});

builder.queryType({
  fields: (t) => ({
    kol: t.field({
      type: KolType,
      args: { id: t.arg.id({ required: true }) },
      resolve: (_, { id }) => ({ id: String(id) }),
    }),
    kols: t.field({
      type: [KolType],
      nullable: { list: false, items: true },
      args: { ids: t.arg.idList({ required: true }) },
      resolve: (_, { ids }) => ids.map((id) => ({ id: String(id) })),
    }),
  }),
});

const yoga = createYoga<object, Context>({
  schema: builder.toSchema(),
  context: () => ({ linkIndices: createLinkIndexLoader() }),
});
createServer(yoga).listen(Number(process.env['PORT']), '127.0.0.1');
