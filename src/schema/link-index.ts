import type { IndexName, LinkIndexAnswer } from '../domain/link-index.ts';
import { builder } from './builder.ts';
import './date-time.ts';
import { Freshness } from './freshness.ts';
import { IndexScore } from './index-score.ts';

export const LinkIndex = builder.objectRef<LinkIndexAnswer>('LinkIndex');

LinkIndex.implement({
  description: 'The six link indices of a KOL, as bought together in one call to the upstream.',
  fields: (t) => {
    const index = (name: IndexName, description: string) =>
      t.field({ type: IndexScore, nullable: true, description, resolve: ({ scores }) => scores[name] });
    return {
      cooperate: index('cooperate', 'Cooperation index (合作指数): how well the KOL works with brands.'),
      cp: index('cp', 'Cost-performance index (性价比指数): what the KOL gives for the money.'),
      convert: index('convert', 'Conversion index (转化指数): how well viewers turn into customers.'),
      shopping: index('shopping', 'Product-seeding index (种草指数): how well the KOL makes people want to buy.'),
      spread: index('spread', 'Spread index (传播指数): how far the KOL reaches.'),
      star: index('star', 'Xingtu index (星图指数): the overall score.'),
      fetchedAt: t.field({
        type: 'DateTime',
        description: 'When the upstream gave this answer, in UTC.',
        resolve: ({ fetchedAtMs }) => new Date(fetchedAtMs),
      }),
      freshness: t.field({
        type: Freshness,
        description: 'Whether the answer is within its fresh lifetime.',
        resolve: ({ freshness }) => freshness,
      }),
    };
  },
});
