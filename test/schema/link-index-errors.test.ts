import { expect, test } from 'vitest';
import { writeKeyFile } from '../support/key-file.ts';
import { answers, failsWith, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { type GraphResult, startTestGateway, type TestGateway } from '../support/test-gateway.ts';

async function errorsOf(gateway: TestGateway, query: string, headers: Record<string, string> = {}) {
  const response = await gateway.post({ query }, { headers });
  const { errors = [] } = (await response.json()) as GraphResult<unknown>;
  return errors.map(({ extensions: { code, kolId, industryTag } }) => ({ code, kolId, industryTag }));
}

test('each error of a linkIndex names its KOL, and its industry where one was asked for', async () => {
  await using upstream = await startScriptedUpstream(failsWith(600));
  await using gateway = await startTestGateway({ upstream });
  const query = `{
    kol(id: "7") { linkIndex { fetchedAt } }
    tagged: kol(id: "8") { linkIndex(industryTag: "beauty") { fetchedAt } }
    empty: kol(id: "9") { linkIndex(industryTag: "") { fetchedAt } }
    bad: kol(id: "10") { linkIndex(industryTag: "no such tag") { fetchedAt } }
  }`;
  const failed = { code: 'UPSTREAM_PERMISSION_DENIED' };
  const errors = await errorsOf(gateway, query);
  expect(errors.toSorted((a, b) => Number(a.kolId) - Number(b.kolId))).toEqual([
    { ...failed, kolId: '7', industryTag: undefined },
    { ...failed, kolId: '8', industryTag: 'beauty' },
    { ...failed, kolId: '9', industryTag: undefined },
    { code: 'BAD_USER_INPUT', kolId: '10', industryTag: undefined },
  ]);
});

test.each(['kol(id: "7")', '_entities(representations: [{ __typename: "Kol", id: "7" }])'])(
  'so do refusals of our own, under %s',
  async (field) => {
    using keys = writeKeyFile({ name: 'web', key: 'of-web' });
    await using upstream = await startScriptedUpstream(answers);
    await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
    const query = (args: string) => `{ ${field} { ... on Kol { linkIndex(${args}) { fetchedAt } } } }`;
    const key = { kolId: '7', industryTag: 'beauty' };
    const headers = { 'x-api-key': 'of-web' };
    expect(await errorsOf(gateway, query('industryTag: "beauty", acceptCache: false'), headers)).toEqual([
      { code: 'FORBIDDEN', ...key },
    ]);
    expect(await errorsOf(gateway, query('industryTag: "beauty"'), { ...headers, prefer: 'dry-run' })).toEqual([
      { code: 'WOULD_BUY', ...key },
    ]);
    expect(upstream.calls).toHaveLength(0);
  },
);
