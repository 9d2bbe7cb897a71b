import { type DocumentNode, GraphQLError, Lexer, type ParseOptions, parse, Source, TokenKind } from 'graphql';

/** 50 KOLs by alias, each with its industry and every score, are 3,452 tokens; GraphiQL's introspection is 182. */
const MAX_TOKENS = 5000;
/** Introspection without fragments nests 15 braces, our own fields 4. The parser recurses, and overflows the stack at 4,000. */
const MAX_BRACKETS = 32;
/** A name can be repeated in each of 100 error messages. */
const MAX_NAME_LENGTH = 255;

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Parses what is no longer and no deeper than a query of ours needs to be. Reads the tokens once before: GraphQL's
 * parser can limit their number, and nothing else.
 *
 * @throws GraphQLError as for any syntax error
 */
export function parseWithinLimits(text: string | Source, options?: ParseOptions): DocumentNode {
  const source = typeof text === 'string' ? new Source(text) : text;
  const lexer = new Lexer(source);
  let tokens = 0;
  let brackets = 0;

  function refuseOver(count: number, most: number, what: string): void {
    if (count <= most) return;
    const message = `Syntax Error: ${count} ${what}: expected at most ${most}.`;
    throw new GraphQLError(message, { source, positions: [lexer.token.start] });
  }

  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    tokens += 1;
    refuseOver(tokens, MAX_TOKENS, 'tokens or more');
    if (OPENING.has(token.kind)) brackets += 1;
    else if (CLOSING.has(token.kind)) brackets -= 1;
    refuseOver(brackets, MAX_BRACKETS, 'brackets within brackets or more');
    if (token.kind === TokenKind.NAME) {
      refuseOver(token.end - token.start, MAX_NAME_LENGTH, 'characters in a name');
    }
  }
  return parse(source, options);
}
