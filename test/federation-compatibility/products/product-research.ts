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
  fields: (t) => ({
    study: t.expose('study', { type: CaseStudy, nullable: false }),
    outcome: t.string({ resolve: ({ outcome }) => outcome }),
  }),
});

builder.asEntity(ProductResearch, {
  key: builder.selection<{ study: { caseNumber: string } }>('study { caseNumber }'),
  resolveReference: ({ study }) => research.find((each) => each.study.caseNumber === study.caseNumber),
});
