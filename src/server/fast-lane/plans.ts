import { type DocumentNode, getOperationAST, Kind, type OperationDefinitionNode, visit } from 'graphql';
import { LRUCache } from 'lru-cache';
import { analyseOperation } from '../graphql/document-analysis.ts';
import { INTROSPECTION_FIELDS, ROUTER_FIELDS } from '../graphql/operation-checks.ts';
import { type CoerceVariables, type Variables, variablesCoercer } from './arguments.ts';
import type { ParsedRequest } from './parse-request.ts';
import { literalBytes, type Plan, planOf } from './plan.ts';
import { NotPlannable, type Switches } from './selection.ts';

/** A plan, and what it is to be given: variables as their declared types make them. */
export interface FoundPlan {
  readonly plan: Plan;
  readonly variables: Variables;
}

/** The plans of the operations that were asked for lately. */
export interface Plans {
  /** @returns undefined where there is no plan yet, or cannot be one, or where GraphQL refuses the variables */
  find(parsed: ParsedRequest): FoundPlan | undefined;
  /** To be called with what yoga has answered: it is valid, and within every limit on documents. */
  learn(parsed: ParsedRequest, document: DocumentNode): void;
  /** What all of it takes in memory, rounded up. */
  bytes(): number;
}

/** For all documents together: some 2,000 of 400 characters. */
const MAX_BYTES = 50_000_000;
/** For one document, so that it cannot take the place of all others. Beyond it, its plans are made anew. */
const MAX_DOCUMENT_BYTES = 5_000_000;
/** Of each character: the text is kept here, the text that was parsed as long as names in plans are slices of it; each may be UTF-16. */
const CHARACTER_BYTES = 4;
const DOCUMENT_BYTES = 1000;
/** Of an operation besides its plans. */
const OPERATION_BYTES = 1000;
/** Of the coercion of each variable. */
const VARIABLE_BYTES = 700;
const NO_PLAN_BYTES = 100;
/** Each doubles the plans of its operation. */
const MAX_SWITCHES = 4;
/** What some clients may not ask for. An operation in which it stands is refused to them, also where it is skipped. */
const FOR_SOME = [...INTROSPECTION_FIELDS, ...ROUTER_FIELDS];

interface PlannedDocument {
  readonly operations: Map<string | undefined, PlannedOperation>;
  /** The variables by which selections are skipped or included. */
  readonly switches: ReadonlySet<string>;
  readonly bytes: number;
}

interface PlannedOperation {
  readonly coerce: CoerceVariables;
  /** Those of its document that it declares. */
  readonly switches: readonly string[];
  /** By the way in which the switches are set; undefined for what cannot be planned. */
  readonly plans: Map<number, Plan | undefined>;
}

/** Where no variables are good, there is never a plan. */
const UNPLANNABLE: PlannedOperation = { coerce: () => undefined, switches: [], plans: new Map() };

/** @param maxFields what a KOL may bring, so that as many KOLs as a request may name are within the limit on answers */
export function createPlans(maxFields: number): Plans {
  const documents = new LRUCache<string, PlannedDocument>({
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_DOCUMENT_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  return {
    find({ text, operationName, variables: sent }) {
      const operation = documents.get(text)?.operations.get(operationName);
      const variables = operation?.coerce(sent);
      if (!operation || !variables) return undefined;
      const way = wayOf(operation.switches, variables);
      const plan = way === undefined ? undefined : operation.plans.get(way);
      return plan && { plan, variables };
    },
    learn({ text, operationName, variables: sent }, document) {
      const planned = documents.get(text) ?? plannedDocument(text, document);
      const known = planned.operations.get(operationName);
      const operationNode = getOperationAST(document, operationName);
      if (!operationNode) return;
      const operation = known ?? plannedOperation(planned, document, operationNode, maxFields);
      let bytes = planned.bytes + (known ? 0 : operationBytes(operationNode));
      planned.operations.set(operationName, operation);

      const variables = operation.coerce(sent);
      const way = variables && wayOf(operation.switches, variables);
      if (variables && way !== undefined && !operation.plans.has(way)) {
        const switches = Object.fromEntries(operation.switches.map((name) => [name, variables[name] as boolean]));
        const plan = unlessNotPlannable(() => planOf(document, operationNode, switches satisfies Switches));
        operation.plans.set(way, plan);
        bytes += plan?.bytes ?? NO_PLAN_BYTES;
      }
      // Always in another object: a cache weighs what it holds once.
      if (bytes > planned.bytes) documents.set(text, { ...planned, bytes });
    },
    bytes: () => documents.calculatedSize,
  };
}

/** @returns undefined where a switch is neither on nor off */
function wayOf(switches: readonly string[], variables: Variables): number | undefined {
  let way = 0;
  for (const name of switches) {
    const value = variables[name];
    if (typeof value !== 'boolean') return undefined;
    way = 2 * way + Number(value);
  }
  return way;
}

function plannedDocument(text: string, document: DocumentNode): PlannedDocument {
  const switches = new Set<string>();
  visit(document, {
    Directive({ arguments: given = [] }) {
      for (const { value } of given) if (value.kind === Kind.VARIABLE) switches.add(value.name.value);
    },
  });
  const bytes = DOCUMENT_BYTES + CHARACTER_BYTES * text.length;
  return { operations: new Map(), switches, bytes };
}

function plannedOperation(
  { switches }: PlannedDocument,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  maxFields: number,
): PlannedOperation {
  const { variableDefinitions = [], directives = [] } = operation;
  const own = variableDefinitions.map(({ variable }) => variable.name.value).filter((name) => switches.has(name));
  const isOdd = operation.operation !== 'query' || directives.length > 0 || own.length > MAX_SWITCHES;
  const analysis = analyseOperation(document, operation.name?.value);
  if (isOdd || !analysis || FOR_SOME.some((name) => analysis.fields.has(name))) return UNPLANNABLE;
  const fieldCount = analysis.roots.reduce((sum, { fieldsPerElement }) => sum + fieldsPerElement, 0);
  if (fieldCount > maxFields) return UNPLANNABLE;
  const coerce = unlessNotPlannable(() => variablesCoercer(variableDefinitions));
  return coerce ? { coerce, switches: own, plans: new Map() } : UNPLANNABLE;
}

function operationBytes({ variableDefinitions = [] }: OperationDefinitionNode): number {
  return variableDefinitions.reduce(
    (sum, { defaultValue }) => sum + VARIABLE_BYTES + (defaultValue ? literalBytes(defaultValue) : 0),
    OPERATION_BYTES,
  );
}

function unlessNotPlannable<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotPlannable) return undefined;
    throw error;
  }
}
