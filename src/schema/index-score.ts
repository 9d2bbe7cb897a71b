import type { IndexScore as IndexScoreShape } from '../domain/link-index.ts';
import { builder } from './builder.ts';

export const IndexScore = builder.objectRef<IndexScoreShape>('IndexScore').implement({
  description: 'One index of a KOL. What the upstream leaves out, or sends in a form that means nothing, is null.',
  fields: (t) => ({
    value: t.exposeFloat('value', { nullable: true, description: "The KOL's score, in points from 0 to 100." }),
    avgValue: t.exposeFloat('avgValue', {
      nullable: true,
      description: 'The mean score of comparable KOLs, in points from 0 to 100.',
    }),
    linkRelativeRatio: t.exposeFloat('linkRelativeRatio', {
      nullable: true,
      description: 'Change against the previous period (环比) as a fraction: -0.0738 is -7.38 %.',
    }),
    rank: t.exposeInt('rank', {
      nullable: true,
      description: 'Position among all KOLs, a count from 1; 1 is best. Null when not ranked.',
    }),
    rankPercent: t.exposeFloat('rankPercent', {
      nullable: true,
      description: 'Position as a fraction of all KOLs: 0.0179 is the top 1.79 %. Null when not ranked.',
    }),
  }),
});
