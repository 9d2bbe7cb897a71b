import { memoize1 } from '@graphql-tools/utils';
import { type DocumentNode, GraphQLError, Kind, type OperationDefinitionNode, visit } from 'graphql';
import { measureSelections, type RootField } from './measure-selections.ts';
import { overLimit } from './over-limit.ts';

/** 50 KOLs by alias, and as many again for what is asked of them. */
const MAX_ALIASES = 100;
const MAX_DIRECTIVES = 50;
/** `@skip`, `@include`, and `@defer` or `@stream`; the same one twice is an error in itself. */
const MAX_DIRECTIVES_AT_ONE_PLACE = 4;

export type Measured =
  | { readonly refusal: GraphQLError }
  | { readonly refusal: undefined; readonly roots: ReadonlyMap<OperationDefinitionNode, readonly RootField[]> };

/**
 * Measures a document before GraphQL's own rules see it, some of which take a time that grows with the square of what
 * is counted here. Once for each document: yoga remembers them by their text.
 */
export const measureDocument = memoize1((document: DocumentNode): Measured => {
  try {
    countNodes(document);
    return { refusal: undefined, roots: measureSelections(document) };
  } catch (error) {
    if (error instanceof GraphQLError) return { refusal: error };
    throw error;
  }
});

/** @throws GraphQLError for more than the limit */
function countNodes(document: DocumentNode): void {
  let aliases = 0;
  let directives = 0;
  visit(document, {
    enter(node) {
      if (node.kind === Kind.FIELD && node.alias) aliases += 1;
      const here = 'directives' in node ? (node.directives?.length ?? 0) : 0;
      directives += here;
      if (here > MAX_DIRECTIVES_AT_ONE_PLACE) {
        throw overLimit(`${here} directives at one place`, MAX_DIRECTIVES_AT_ONE_PLACE, node);
      }
    },
  });
  if (aliases > MAX_ALIASES) throw overLimit(`${aliases} aliases`, MAX_ALIASES);
  if (directives > MAX_DIRECTIVES) throw overLimit(`${directives} directives`, MAX_DIRECTIVES);
}
