import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VERDICTS } from '../../src/domain/verdicts.ts';
import { codeIn, readmeTable } from '../support/readme-table.ts';
import { type GraphResult, startTestGateway } from '../support/test-gateway.ts';

/** Words in capitals that are no error codes: directive locations, and an HTTP method. */
const OTHER_WORDS = new Set(['OBJECT', 'SCHEMA', 'OPTIONS']);

/** The codes that the edge and the schema write themselves. */
function codesOfSources(): string[] {
  const texts = globSync('src/{server,schema}/**/*.ts').map((path) => readFileSync(path, 'utf8'));
  const words = texts.flatMap((text) => [...text.matchAll(/'([A-Z][A-Z_]{5,})'/g)].map(([, word = '']) => word));
  return words.filter((word) => !OTHER_WORDS.has(word));
}

/** The codes that come from the GraphQL server, by requests that lead to them. */
async function codesOfLibraries(): Promise<string[]> {
  await using gateway = await startTestGateway();
  const bodies = [
    { query: '{' },
    { query: '{ nothing }' },
    { query: 'query A { __typename }', operationName: 'B' },
    { query: 'query A { __typename } query B { __typename }' },
    {},
  ];
  const results = await Promise.all(bodies.map(async (body) => (await gateway.post(body)).json()));
  return (results as GraphResult<unknown>[]).map(({ errors }) => errors?.[0]?.extensions.code ?? 'none');
}

test('the table of errors has every code that can be answered, and no other', async () => {
  const libraries = await codesOfLibraries();
  expect(libraries).toEqual([
    ...['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'],
    ...['OPERATION_RESOLUTION_FAILURE', 'OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST'],
  ]);
  const verdicts = Object.values(VERDICTS).map(({ errorCode }) => errorCode);
  const answered = new Set([...codesOfSources(), ...libraries, ...verdicts]);
  const listed = readmeTable('Errors').flatMap(([codes = '']) => codeIn(codes));
  expect(listed.toSorted()).toEqual([...answered].sort());
});
