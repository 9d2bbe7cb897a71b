import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { VERDICTS, type Verdict, type VerdictName } from '../../src/domain/verdicts.ts';
import { en } from '../../src/page/words/en.ts';
import { zh } from '../../src/page/words/zh.ts';

const TABLE: readonly (readonly [VerdictName, Verdict])[] = Object.entries(VERDICTS).map(
  ([name, verdict]) => [name as VerdictName, verdict] as const,
);

/** The names of the verdicts of which this is true. */
function those(isTrue: (verdict: Verdict) => boolean): readonly VerdictName[] {
  return TABLE.filter(([, verdict]) => isTrue(verdict)).map(([name]) => name);
}

describe('the table of verdicts', () => {
  test('repeats only what is known to be unbilled, and never what this gateway refused', () => {
    const repeated = those(({ repeat }) => repeat !== 'never').map((name) => VERDICTS[name]);
    expect(repeated.filter(({ billed, wasAttempted }) => billed !== 'no' || !wasAttempted)).toEqual([]);
  });

  test('remembers what was or may have been billed, and of the rest only refused parameters', () => {
    const billed = those((verdict) => verdict.billed !== 'no');
    expect([...those(({ rememberFor }) => rememberFor !== 'none')].sort()).toEqual(
      [...billed, 'bad-parameters'].sort(),
    );
    expect(those(({ rememberFor }) => rememberFor === 'minute')).toEqual(['outcome-unknown']);
  });

  test('bills, blames and remembers nothing for a call that was not made', () => {
    const refusals = those(({ wasAttempted }) => !wasAttempted).map((name) => VERDICTS[name]);
    const expected = { billed: 'no', blames: 'call', rememberFor: 'none', repeat: 'never' };
    for (const verdict of refusals) expect(verdict, verdict.errorCode).toMatchObject(expected);
  });

  test('lets only an answer about the key itself override a stale answer', () => {
    expect(those(({ overridesStale }) => overridesStale)).toEqual(['bad-parameters', 'unknown-industry-tag']);
  });
});

/** Files that may name an error code, each with the reason. */
const NAMING_FILES: Readonly<Record<string, string>> = {
  'src/domain/verdicts.ts': 'the table itself',
  'src/schema/errors.ts': 'refuses an id or a tag before there is a read that could fail',
  'src/server/graphql/errors.ts': 'gives a code to errors of GraphQL variables, which are no reads',
  'src/page/failure-note.tsx': 'runs in a browser and imports nothing of the gateway',
  'src/page/words/en.ts': 'explains each code to people, in English',
  'src/page/words/zh.ts': 'explains each code to people, in Chinese',
};

const CODES = [...new Set(TABLE.map(([, { errorCode }]) => errorCode))];

describe('an error code', () => {
  // A dry run is requested by a header, which neither front end sends.
  const shown = CODES.filter((code) => code !== 'WOULD_BUY');

  test.each(shown)('%s is explained in the README and on the start page', (code) => {
    expect(readFileSync('README.md', 'utf8')).toMatch(new RegExp(`^\\| \`${code}\` \\|`, 'm'));
    expect([en.failures[code], zh.failures[code]]).toEqual([expect.any(String), expect.any(String)]);
  });

  // The example shows the gateway's own message for a refused id.
  test.each(shown.filter((code) => code !== 'BAD_USER_INPUT'))('%s has words in the example', (code) => {
    const words = readFileSync('examples/kol-comparison/src/failure-words.ts', 'utf8');
    expect(words).toMatch(new RegExp(`^  ${code}: \\{`, 'm'));
  });

  test('is named in the table, and elsewhere only for a reason', () => {
    // As a string or as a member's name; prose, which descriptions of the schema are, names a code within a longer string.
    const named = new RegExp(`(['"\`])(?:${CODES.join('|')})\\1|^\\s*(?:${CODES.join('|')}):`, 'm');
    const naming = globSync('src/**/*.{ts,tsx,js}').filter((path) =>
      named.test(withoutComments(readFileSync(path, 'utf8'))),
    );
    expect(naming.sort()).toEqual(Object.keys(NAMING_FILES).sort());
  });
});

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
