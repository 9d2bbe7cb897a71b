import type { DocumentNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { GraphqlCall } from '../http/reply.ts';
import { hideSuggestions } from './hide-suggestions.ts';
import { limitCost } from './limit-cost.ts';
import { measureDocument } from './measure-document.ts';
import { parseWithinLimits } from './parse-within-limits.ts';
import { refuseMalformedParams } from './refuse-malformed-params.ts';
import { refuseUnknownOperations } from './refuse-unknown-operations.ts';

export interface LimitQueriesOptions {
  /** How many KOLs a request may name. */
  readonly maxKols: number;
  /** Who may read the schema over the wire, so that error messages may tell its names too. */
  readonly mayIntrospect: (call: GraphqlCall) => boolean;
  /** Told of every document that is refused. */
  readonly onInvalid: (document: DocumentNode) => void;
}

type GatewayPlugin = Plugin<{ call: GraphqlCall }>;

/**
 * Refuses what would take long to read, to check or to answer, each before it does. The parts stand in the order in
 * which a request meets them.
 */
export function limitQueries({ maxKols, mayIntrospect, onInvalid }: LimitQueriesOptions): GatewayPlugin[] {
  return [refuseMalformedParams(), limitDocuments(onInvalid), limitCost(maxKols), hideSuggestions(mayIntrospect)];
}

/** What is found out about a document once, when yoga meets its text for the first time. */
function limitDocuments(onInvalid: LimitQueriesOptions['onInvalid']): GatewayPlugin {
  return {
    onParse({ setParseFn }) {
      setParseFn(parseWithinLimits);
    },
    onValidate({ params, setResult, addValidationRule }) {
      addValidationRule(refuseUnknownOperations);
      const { refusal } = measureDocument(params.documentAST);
      if (refusal) setResult([refusal]);
      return ({ valid }) => {
        if (!valid) onInvalid(params.documentAST);
      };
    },
  };
}
