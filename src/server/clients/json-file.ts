import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/** Editors on Windows put one in front of UTF-8. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Reads a small JSON file that an operator has written.
 *
 * @param expected its form, for a person
 * @throws JsonFileError
 */
export function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  expected: string,
): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8').replace(BYTE_ORDER_MARK, ''));
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'it is no JSON' : String((error as NodeJS.ErrnoException).code);
    throw new JsonFileError(expected, problem);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new JsonFileError(expected, `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

/** Says what was expected and where; never what stands there, nor the path, which may be a secret put into the wrong place. */
export class JsonFileError extends Error {
  override readonly name = 'JsonFileError';

  constructor(expected: string, problem: string) {
    super(`expected a readable JSON file ${expected} (${problem})`);
  }
}
