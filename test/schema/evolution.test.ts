import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { unnamedBreakingChanges } from '../support/breaking-changes.ts';

const RELEASED = /* GraphQL */ `
  directive @stream on FIELD

  type Query {
    kol(id: ID!): Kol
    kols(ids: [ID!]!): [Kol]!
  }

  type Kol {
    id: ID!
    star(industryTag: String, acceptCache: Boolean! = true): Score
  }

  type Score {
    "In points."
    value: Float
    rank: Int
    freshness: Freshness!
  }

  enum Freshness {
    FRESH
    STALE
  }
`;

/** @throws when there is nothing to edit: the test would test nothing */
function edited(was: string, becomes: string): string {
  if (!RELEASED.includes(was)) throw new Error(`expected the released schema to have ${was}`);
  return RELEASED.replace(was, becomes);
}

/** A changelog whose newest section has these lines. */
function changelog(...lines: readonly string[]): string {
  return ['# Changelog', '', '## 0.3.0 (unreleased)', '', ...lines, '', '## 0.2.0', '', '- **new:** a thing.'].join(
    '\n',
  );
}

test('whatever breaks clients of the last release is named in the changelog', async () => {
  const [released, current, text] = ['test/schema/released.graphql', 'schema.graphql', 'CHANGELOG.md'].map((path) =>
    readFileSync(path, 'utf8'),
  ) as [string, string, string];
  expect(await unnamedBreakingChanges(released, current, text)).toEqual([]);
});

describe('refused unless it is named:', () => {
  test.each([
    ['a removed field', 'rank: Int', '', 'Score.rank'],
    ['a removed query', 'kol(id: ID!): Kol', '', 'Query.kol'],
    ['a field of another type', 'rank: Int', 'rank: Float', 'Score.rank'],
    ['a field that may be null from now on', 'Freshness!', 'Freshness', 'Score.freshness'],
    ['a list that may be null from now on', '[Kol]!', '[Kol]', 'Query.kols'],
    ['an argument that may not be null any more', 'Tag: String', 'Tag: String!', 'Kol.star.industryTag'],
    ['an argument of another type', 'Tag: String', 'Tag: Int', 'Kol.star.industryTag'],
    ['a removed argument', 'industryTag: String, ', '', 'Kol.star.industryTag'],
    ['a new argument that is required', 'Tag: String', 'Tag: String, region: String!', 'Kol.star.region'],
    ['an argument of another default', '= true', '= false', 'Kol.star.acceptCache'],
    ['an argument that loses its default', 'Boolean! = true', 'Boolean!', 'Kol.star.acceptCache'],
    ['a removed enum value', 'STALE', '', 'Freshness.STALE'],
    ['a removed directive', 'directive @stream on FIELD', '', '@stream'],
  ])('%s', async (_, was, becomes, path) => {
    const current = edited(was, becomes);
    expect(await unnamedBreakingChanges(RELEASED, current, changelog('- **fix:** a thing.'))).toEqual([
      expect.stringContaining(`${path}: `),
    ]);
    const line = `- **breaking:** \`Something.else\` and \`${path}\` are not what they were.`;
    expect(await unnamedBreakingChanges(RELEASED, current, changelog(line))).toEqual([]);
  });

  test.each([
    ['in an older section', `${changelog()}\n- **breaking:** \`Score.rank\` is gone.`],
    ['in a line that is about something else', changelog('- **new:** `Score.rank` is gone.')],
    ['in a line that is breaking further on', changelog('- It is **breaking:** that `Score.rank` is gone.')],
    ['as a part of another path', changelog('- **breaking:** `Score.rank.value` is gone.')],
    ['without backticks', changelog('- **breaking:** Score.rank is gone.')],
    ['before the newest section', `- **breaking:** \`Score.rank\` is gone.\n${changelog()}`],
    ['where there is no section', '# Changelog\n\n- **breaking:** `Score.rank` is gone.'],
  ])('a removed field that is named %s', async (_, text) => {
    const current = edited('rank: Int', '');
    expect(await unnamedBreakingChanges(RELEASED, current, text)).toEqual([expect.stringContaining('Score.rank: ')]);
  });

  test('each of several changes', async () => {
    const current = edited('rank: Int', '').replace('Freshness!', 'Freshness');
    const text = changelog('- **breaking:** `Score.rank` is gone.');
    expect(await unnamedBreakingChanges(RELEASED, current, text)).toEqual([
      expect.stringContaining('Score.freshness: '),
    ]);
  });
});

test.each([
  ['a new field', 'type Kol {', 'type Kol { name: String '],
  ['a new type', 'type Kol {', 'type Brand { id: ID! } type Kol {'],
  ['a new argument that may be omitted', 'Tag: String', 'Tag: String, region: String'],
  ['a new argument that has a default', 'Tag: String', 'Tag: String, region: String! = "CN"'],
  ['a new enum value', 'STALE', 'STALE IMPORTED'],
  ['a field that is never null any more', 'rank: Int', 'rank: Int!'],
  ['an argument that may be null from now on', 'Boolean! = true', 'Boolean = true'],
  ['a deprecation', 'rank: Int', 'rank: Int @deprecated(reason: "see value")'],
  ['another description', 'In points.', 'From 0 to 100.'],
])('%s passes', async (_, was, becomes) => {
  expect(await unnamedBreakingChanges(RELEASED, edited(was, becomes), changelog())).toEqual([]);
});
