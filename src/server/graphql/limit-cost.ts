import { type ArgumentNode, type ExecutionArgs, getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { badUserInput } from '../../schema/errors.ts';
import type { GraphqlCall } from '../http/reply.ts';
import { measureDocument } from './measure-document.ts';

/** About 50 ms of work on one thread, in which nobody else is answered. */
const MAX_COST = 25_000;
/** A KOL with every score is 40 fields. */
const COST_PER_KOL = 50;

/**
 * Refuses a request as a whole when its answer would have too many fields, in whatever way: lists are counted with the
 * elements that this request gives them, duplicates included.
 *
 * @param maxKols how many KOLs a request may name: so many with every score are never too much
 */
export function limitCost(maxKols: number): Plugin<{ call: GraphqlCall }> {
  const maxCost = maxCostOf(maxKols);

  return {
    onExecute({ args, setResultAndStopExecution }) {
      const cost = costOf(args);
      if (cost <= maxCost) return;
      const refusal = badUserInput(`The answer would have ${cost} fields: expected at most ${maxCost}.`);
      refusal.extensions['http'] = { status: 400, spec: true };
      setResultAndStopExecution({ errors: [refusal] });
    },
  };
}

/** How many fields an answer may have. */
export function maxCostOf(maxKols: number): number {
  return Math.max(MAX_COST, maxKols * COST_PER_KOL);
}

function costOf({ document, operationName, variableValues }: ExecutionArgs): number {
  const measured = measureDocument(document);
  const operation = getOperationAST(document, operationName);
  if (measured.refusal || !operation) return 0;
  let cost = 0;
  for (const { node, fieldsPerElement } of measured.roots.get(operation) ?? []) {
    const lengths = node.arguments?.map((argument) => lengthOf(argument, operation, variableValues ?? {})) ?? [];
    cost += fieldsPerElement * Math.max(1, ...lengths);
  }
  return cost;
}

/** How many elements an argument has; one where it is no list. */
function lengthOf(
  { value }: ArgumentNode,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variableValues: Readonly<Record<string, unknown>>,
): number {
  if (value.kind === Kind.LIST) return value.values.length;
  if (value.kind !== Kind.VARIABLE) return 1;
  const given = variableValues[value.name.value];
  if (given !== undefined) return Array.isArray(given) ? given.length : 1;
  const declared = variableDefinitions.find(({ variable }) => variable.name.value === value.name.value);
  return declared?.defaultValue?.kind === Kind.LIST ? declared.defaultValue.values.length : 1;
}
