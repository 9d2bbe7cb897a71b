import { memoize1 } from '@graphql-tools/utils';
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  separateOperations,
  visit,
} from 'graphql';

/** What an operation asks for, the fragments that it spreads included. */
export interface OperationParts {
  /** Every field by its name; of several with one name the last. */
  readonly fields: ReadonlyMap<string, FieldNode>;
  readonly directives: readonly DirectiveNode[];
}

/**
 * The parts of the operation that runs. What other operations of its document ask for is no reason to refuse it.
 *
 * @param document already validated
 * @returns undefined where the document has no such operation
 */
export function partsOfOperation(document: DocumentNode, operationName?: string | null): OperationParts | undefined {
  const operation = getOperationAST(document, operationName);
  return operation ? partsByOperation(document)[operation.name?.value ?? ''] : undefined;
}

/** Once for each document: yoga remembers documents by their text. */
const partsByOperation = memoize1((document: DocumentNode): Readonly<Record<string, OperationParts>> => {
  const separated = Object.entries(separateOperations(document));
  return Object.fromEntries(separated.map(([name, own]) => [name, collectParts(own)]));
});

function collectParts(document: DocumentNode): OperationParts {
  const fields = new Map<string, FieldNode>();
  const directives: DirectiveNode[] = [];
  visit(document, {
    Field: (node) => void fields.set(node.name.value, node),
    Directive: (node) => void directives.push(node),
  });
  return { fields, directives };
}
