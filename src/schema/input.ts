import { badUserInput } from './errors.ts';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const RULE = 'expected 1 to 64 characters of A-Z a-z 0-9 _ -';

/** @throws GraphQLError `BAD_USER_INPUT` when no KOL can have this id, so that it never reaches the upstream. */
export function parseKolId(id: string): string {
  if (NAME.test(id)) return id;
  throw badUserInput(`Bad KOL id ${quote(id)}: ${RULE}.`);
}

/**
 * An omitted, null or empty tag means "all industries" and is one key: `''`.
 * @throws GraphQLError `BAD_USER_INPUT` when it cannot be a tag; it names the KOL that was asked for.
 */
export function parseIndustryTag(tag: string | null | undefined, kolId: string): string {
  if (tag === undefined || tag === null || tag === '') return '';
  if (NAME.test(tag)) return tag;
  throw badUserInput(`Bad industry tag ${quote(tag)}: ${RULE}.`, { kolId });
}

/** What came, as JSON text that is safe to print, cut short. */
function quote(text: string): string {
  const characters = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return JSON.stringify(characters.toWellFormed());
}
