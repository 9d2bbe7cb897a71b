import { formOf } from '../domain/parse-json.ts';
import { SUCCESS_CODE } from '../domain/verdicts.ts';
import { hasUsableData, readData } from './envelope.ts';
import { type Gap, gapsIn, isJsonObject, type JsonObject } from './index-scores.ts';
import type { WholeResponse } from './whole-response.ts';

/** How the vendor's published example of an endpoint's answer compares with what is read of a real one. */
export type ExampleComparison =
  | {
      readonly kind: 'compared';
      /** What is read and not there, or there in a form that means nothing; empty where all is as expected. */
      readonly gaps: readonly Gap[];
      /** When the vendor checked the example, as ISO 8601; undefined where it does not say. */
      readonly checkedAt: string | undefined;
      /** Whether the vendor says that it made the example up. */
      readonly isSynthetic: boolean;
    }
  | {
      readonly kind: 'unreadable';
      /** What was expected and what came, in our words. */
      readonly reason: string;
    };

const EXPECTED = 'expected code 0 with data.example, an envelope of code 0';
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** Total: any response gives a comparison, and no text of the response is in it, for it may echo a secret. */
export function compareExample(response: WholeResponse): ExampleComparison {
  const published = readData(response);
  if (published.data === undefined) return unreadable(published.came);
  const { example, checkedAt, synthetic } = published.data;
  if (!isJsonObject(example)) return unreadable(`data.example ${formOf(example)}`);
  const { code } = example;
  // The example of a failure says nothing about the data.
  if (Number.isInteger(code) && code !== SUCCESS_CODE) return unreadable(`data.example of code ${code}`);
  return {
    kind: 'compared',
    gaps: gapsOf(example),
    checkedAt: isoTime(checkedAt),
    isSynthetic: synthetic === true,
  };
}

/** By the same readers as a real answer, so that the two cannot drift apart. */
function gapsOf({ code, data }: JsonObject): readonly Gap[] {
  return [
    ...(Number.isInteger(code) ? [] : [{ path: 'code', form: formOf(code) }]),
    ...(isJsonObject(data) ? gapsOfData(data) : [{ path: 'data', form: formOf(data) }]),
  ];
}

function gapsOfData(data: JsonObject): readonly Gap[] {
  return [...(hasUsableData(data) ? [] : [{ path: 'data.base_resp.status_code', form: 'not 0' }]), ...gapsIn(data)];
}

/** Printed anew, so that it is a time and nothing else. */
function isoTime(text: unknown): string | undefined {
  if (typeof text !== 'string' || !ISO_8601.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}

function unreadable(came: string): ExampleComparison {
  return { kind: 'unreadable', reason: `${EXPECTED}; got ${came}` };
}
