import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A fenced block of the README. */
export interface Block {
  /** The heading that it stands under. */
  readonly section: string;
  readonly language: string;
  readonly text: string;
}

/** All of them, in the order of the document. */
export function readBlocks(): readonly Block[] {
  const sections = readFileSync(join(ROOT, 'README.md'), 'utf8').split(/^## /m);
  return sections.flatMap((sectionText) => {
    const section = sectionText.slice(0, sectionText.indexOf('\n'));
    return [...sectionText.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
      section,
      language,
      text,
    }));
  });
}

/** Where each block begins, by the name that the tests know it by. */
export const BEGINNINGS = {
  start: 'npm ci && npm start\n',
  check: 'npm ci && npm test\n',
  firstQuery: 'curl -s http://127.0.0.1:4000/graphql',
  firstAnswer: '{"data":{"kol":{"linkIndex"',
  startForPage: 'CORS_ORIGINS=',
  codegen: '// codegen.ts\n',
  query: '// src/compare.ts\n',
  generate: 'npm install --save-dev @graphql-codegen/cli',
  urql: '// src/main.ts (npm install @urql/core)\n',
  apollo: '// src/main.ts (npm install @apollo/client graphql rxjs)\n',
  startTrusted: 'TRUSTED_DOCUMENTS_FILE=',
  trustedQuery: `curl -s http://127.0.0.1:4000/graphql -H 'content-type: application/json' -d '{ "variables"`,
  startLive: 'JUSTONEAPI_TOKEN_FILE=',
} as const;

export type BlockName = keyof typeof BEGINNINGS;

/** Those that no test here runs, with the reason. */
export const NOT_RUN: Partial<Record<BlockName, string>> = {
  start: '.ci/check-start runs it on a fresh install',
  check: '.ci/run runs it; it is the command that runs this test',
};

/** @returns the text of a block, as it stands in the README */
export function block(name: BlockName): string {
  const beginning = BEGINNINGS[name];
  // The longest beginning that fits: one is another's beginning.
  const others = Object.values(BEGINNINGS).filter((other) => other.length > beginning.length);
  const [found, ...more] = readBlocks().filter(
    ({ text }) => text.startsWith(beginning) && !others.some((other) => text.startsWith(other)),
  );
  if (!found || more.length > 0) throw new Error(`expected one block of the README that begins with ${beginning}`);
  return found.text;
}

/** The variables that a `NAME=value … npm start` sets. */
export function variablesIn(command: string): Record<string, string> {
  const [, assignments] = /^((?:[A-Z_]+=\S+ )+)npm start\n$/.exec(command) ?? [];
  if (assignments === undefined) throw new Error(`expected "NAME=value npm start", got ${command}`);
  return Object.fromEntries(
    assignments
      .trim()
      .split(' ')
      .map((pair) => pair.split('=', 2)),
  );
}

/** A block with the test's gateway in place of the one on port 4000. */
export function withGateway(text: string, origin: string): string {
  if (!text.includes('http://127.0.0.1:4000')) throw new Error(`expected the gateway's address in ${text}`);
  return text.replaceAll('http://127.0.0.1:4000', origin);
}
