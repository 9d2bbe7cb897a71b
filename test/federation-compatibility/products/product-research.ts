import { builder } from './builder.ts';
import { research } from './data.ts';

type Research = (typeof research)[number];

const CaseStudy = builder.objectRef<Research['study']>('CaseStudy').implement({
  fields: (t) => ({
    caseNumber: t.exposeID('caseNumber', { nullable: false }),
    description: t.exposeString('description'),
  }),
});

/** An entity whose key lies within another object. */
export const ProductResearch = builder.objectRef<Research>('ProductResearch').implement({
  directives: { key: { fields: 'study { caseNumber }' } },
  fields: (t) => ({
    study: t.expose('study', { type: CaseStudy, nullable: false }),
    outcome: t.string({ resolve: ({ outcome }) => outcome }),
  }),
});

export function findResearch({ study }: { study: { caseNumber: string } }): Research | undefined {
  return research.find((each) => each.study.caseNumber === study.caseNumber);
}
