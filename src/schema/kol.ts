import type { LinkIndexAnswer, LinkIndexKey, LinkIndexOutcome } from '../domain/link-index.ts';
import { builder } from './builder.ts';
import { forbidden, toGraphQLError } from './errors.ts';
import { parseIndustryTag, parseKolId } from './input.ts';
import { LinkIndex } from './link-index.ts';

/** @throws GraphQLError when the read failed. */
function answerOf(outcome: LinkIndexOutcome, key: LinkIndexKey): LinkIndexAnswer | null {
  switch (outcome.kind) {
    case 'answer':
      return outcome;
    case 'no-data':
      return null;
    case 'failure':
      throw toGraphQLError(outcome.error, key);
  }
}

export const Kol = builder.objectRef<{ readonly id: string }>('Kol').implement({
  description: 'A creator (key opinion leader) on Xingtu, the marketplace of Douyin.',
  directives: { key: { fields: 'id' } },
  fields: (t) => ({
    id: t.exposeID('id', { description: "The KOL's id on Xingtu." }),
    linkIndex: t.field({
      type: LinkIndex,
      nullable: true,
      description:
        'The six link indices. What is not cached is bought from the upstream, which may take a minute. Null without an error: the KOL has no such data.',
      args: {
        industryTag: t.arg.string({
          description:
            "Scores the KOL within one industry, named by the upstream's tag. Omitted, null or empty: all industries.",
        }),
        acceptCache: t.arg.boolean({
          required: true,
          defaultValue: true,
          description:
            'False buys a new answer each time it is asked, and stores it, so that a later read with true has it. True takes what is already paid for.',
        }),
      },
      resolve: ({ id }, { industryTag, acceptCache }, { linkIndexes, mayForce }) => {
        const key = { kolId: id, industryTag: parseIndustryTag(industryTag, id) };
        if (!acceptCache && !mayForce)
          throw forbidden('acceptCache: false needs a client key with the scope "fresh".', key);
        const outcome = linkIndexes.load(key, acceptCache);
        return outcome instanceof Promise ? outcome.then((settled) => answerOf(settled, key)) : answerOf(outcome, key);
      },
    }),
  }),
});

/** A KOL by its id alone: nothing is asked, so nothing is bought. @throws GraphQLError `BAD_USER_INPUT` */
export function kolOf(id: string): { readonly id: string } {
  return { id: parseKolId(id) };
}

/**
 * A bad id takes its own place in a list and harms no other: GraphQL turns an Error value into a null with an error.
 */
export function kolOrError(id: string): { readonly id: string } {
  try {
    return kolOf(id);
  } catch (error) {
    return error as never;
  }
}
