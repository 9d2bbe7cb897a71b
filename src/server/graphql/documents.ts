import {
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  Lexer,
  type ParseOptions,
  parse,
  Source,
  TokenKind,
  type ValidationContext,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { analyseDocument } from './document-analysis.ts';

/** 50 KOLs by alias, each with its industry and every score, are 3,452 tokens; GraphiQL's introspection is 182. */
const MAX_TOKENS = 5000;
/** Introspection without fragments nests 15 braces, our own fields 4. The parser recurses, and overflows the stack at 4,000. */
const MAX_BRACKETS = 32;
/** A name can be repeated in each of 100 error messages. */
const MAX_NAME_LENGTH = 255;

/** Of parsed documents in all: some 3,000 of 200 characters. Yoga's own caches count documents, however large. */
const MAX_BYTES = 100_000_000;
/** Of each token, comments included: itself, its node, its place, and what the analysis has of it. */
const TOKEN_BYTES = 650;
/** Of each character: as the text, and in the values of its tokens, each perhaps in UTF-16. */
const CHARACTER_BYTES = 4;
/** Of each character of a string with escapes, which the parser joins one by one. */
const UNESCAPED_CHARACTER_BYTES = 40;
const DOCUMENT_BYTES = 2000;

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Parses, analyses and remembers documents within limits, each once while it is remembered. Only valid documents are
 * remembered: an invalid one is parsed and checked at each request, and a client that wants to cause that work could
 * send another document each time. See docs/decisions/017-limits-of-our-own.md.
 */
export function createDocuments() {
  const documentCache = new LRUCache<string, DocumentNode>({ maxSize: MAX_BYTES, sizeCalculation: bytesOf });
  const plugin: Plugin = {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits);
    },
    onValidate({ params, setResult, addValidationRule }) {
      const document = params.documentAST;
      addValidationRule(existingOperationTypes);
      const { refusal } = analyseDocument(document);
      if (refusal) setResult([refusal]);
      return ({ valid }) => {
        // Yoga keeps the errors of a document with it, and their stacks hold everything that graphql checked it with.
        if (!valid && document.loc) documentCache.delete(document.loc.source.body);
      };
    },
  };
  return {
    plugin,
    parserAndValidationCache: { documentCache, errorCache: { get: () => undefined, set() {} } },
  };
}

/**
 * Parses what is no longer and no deeper than a query of ours needs to be. Reads the tokens before the parser does, which
 * can limit their number only.
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

/**
 * A mutation or a subscription where there is none. GraphQL 16 finds out in the execution, and gives the error no code.
 * @see GraphQL specification of September 2025, section 5.2.1 "Operation Type Existence"
 */
function existingOperationTypes(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (context.getSchema().getRootType(node.operation)) return;
      context.reportError(new GraphQLError(`There is no ${node.operation} here: expected a query.`, { nodes: node }));
    },
  };
}

function bytesOf({ loc }: DocumentNode, text: string): number {
  let bytes = DOCUMENT_BYTES + CHARACTER_BYTES * text.length;
  for (let token = loc?.startToken ?? null; token; token = token.next) {
    bytes += TOKEN_BYTES;
    if (token.kind === TokenKind.STRING) bytes += unescapedBytes(token.value, token);
  }
  return bytes;
}

/** What a string that was parsed takes besides the document's text. @param place of it in the document, quotes included */
export function unescapedBytes(text: string, { start, end }: { start: number; end: number }): number {
  return text.length + 2 === end - start ? 0 : UNESCAPED_CHARACTER_BYTES * text.length;
}
