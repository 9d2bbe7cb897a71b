import { type DocumentNode, Kind, parse, visit } from 'graphql';
import { LRUCache } from 'lru-cache';
import { type Plan, planOf } from './plan.ts';
import type { Question } from './question.ts';
import type { Switches } from './selection.ts';

/** The plans of the documents that were asked for lately. */
export interface Plans {
  /** @returns undefined where there is none, because it was not learnt yet or cannot be */
  find(question: Question): Plan | undefined;
  /** To be called with what yoga has answered: it is valid, and within every limit on documents. */
  learn(question: Question): void;
}

/** Characters of documents; a plan takes a multiple of its document. */
const MAX_CHARACTERS = 1_000_000;
/** Each doubles the plans of its document. */
const MAX_SWITCHES = 4;

interface PlannedDocument {
  readonly document: DocumentNode;
  /** The variables by which selections are skipped or included: a plan for each way in which they are set. */
  readonly switches: readonly string[];
  /** By operation and switches; `false` for what cannot be planned. */
  readonly plans: Map<string, Plan | false>;
}

/** @param maxFields what a KOL may bring, so that as many KOLs as a request may name are within the limit on answers */
export function createPlans(maxFields: number): Plans {
  const documents = new LRUCache<string, PlannedDocument>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_planned, text) => text.length + 1,
  });

  return {
    find(question) {
      const planned = documents.get(question.text);
      const name = planned && caseOf(question, planned.switches);
      return (name !== undefined && planned?.plans.get(name)) || undefined;
    },
    learn(question) {
      const planned = documents.get(question.text) ?? plannedDocument(question.text);
      documents.set(question.text, planned);
      const { document, switches, plans } = planned;
      const name = caseOf(question, switches);
      if (name === undefined || plans.has(name) || switches.length > MAX_SWITCHES) return;
      const values = Object.fromEntries(switches.map((each) => [each, question.variables[each] as boolean]));
      plans.set(name, planOf(document, question.operationName, values satisfies Switches, maxFields) ?? false);
    },
  };
}

/** @returns undefined where a switch is neither on nor off */
function caseOf({ operationName = '*', variables }: Question, switches: readonly string[]): string | undefined {
  let name = operationName;
  for (const each of switches) {
    const value = variables[each];
    if (typeof value !== 'boolean') return undefined;
    name += value ? '+' : '-';
  }
  return name;
}

function plannedDocument(text: string): PlannedDocument {
  const document = parse(text, { noLocation: true });
  const switches = new Set<string>();
  visit(document, {
    Directive({ arguments: given = [] }) {
      for (const { value } of given) if (value.kind === Kind.VARIABLE) switches.add(value.name.value);
    },
  });
  return { document, switches: [...switches], plans: new Map() };
}
