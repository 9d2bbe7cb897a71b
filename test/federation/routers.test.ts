import { describe, expect, test } from 'vitest';
import { answers, type Behaviour, failsWith, held, starOf } from '../support/scripted-upstream.ts';
import { campaignsOf } from './campaigns.ts';
import { startLine } from './line.ts';
import { ROUTERS } from './routers.ts';

const SECRET = 'router/Secret+5b1d=77e0';

const JOIN = /* GraphQL */ `
  query ($members: [ID!]!) {
    campaign(members: $members) {
      id
      campaigns
      linkIndex {
        star {
          value
        }
      }
    }
  }
`;

const IN_INDUSTRIES = /* GraphQL */ `
  query ($members: [ID!]!, $industryTag: String) {
    campaign(members: $members) {
      everywhere: linkIndex {
        star {
          value
        }
      }
      inOne: linkIndex(industryTag: $industryTag) {
        star {
          value
        }
      }
    }
  }
`;

const FROM_OUR_SIDE = /* GraphQL */ `
  query ($ids: [ID!]!) {
    kols(ids: $ids) {
      id
      campaigns
      linkIndex {
        star {
          value
        }
      }
    }
  }
`;

/** A row of JOIN, as it is when all goes well. */
function joined(id: string) {
  return { id, campaigns: campaignsOf(id), linkIndex: { star: { value: starOf(id) } } };
}

function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `70948765432109876${String(index).padStart(2, '0')}`);
}

/** Fails those whose id says so, with that code. */
const failsByName: Behaviour = (socket, call) => {
  const code = /^fails-with-(\d+)$/.exec(call.parameters.get('kolId') ?? '')?.[1];
  (code ? failsWith(Number(code)) : answers)(socket, call);
};

describe.each(ROUTERS)('behind $name', (product) => {
  test('fifty KOLs of another subgraph are one request and fifty purchases, and asked again they are free', async () => {
    await using line = await startLine({ product, upstream: answers });
    const members = idsOf(50);
    const expected = { data: { campaign: members.map(joined) } };
    expect(await line.router.query(JOIN, { members })).toEqual(expected);
    expect(line.bought().sort()).toEqual(members);
    expect(line.asked()).toBe(1);

    expect(await line.router.query(JOIN, { members })).toEqual(expected);
    expect(line.upstream.calls).toHaveLength(50);
    expect(line.asked()).toBe(2);
  });

  test('a KOL that a campaign names several times is bought once', async () => {
    await using line = await startLine({ product, upstream: answers });
    const members = ['3', '1', '3', '2', '1', '3'];
    expect(await line.router.query(JOIN, { members })).toEqual({ data: { campaign: members.map(joined) } });
    expect(line.bought().sort()).toEqual(['1', '2', '3']);
    expect(line.asked()).toBe(1);
  });

  test('a failed KOL harms no other, and its error keeps its extensions', async () => {
    await using line = await startLine({ product, upstream: failsByName });
    const members = ['1', 'fails-with-301', '2', 'fails-with-400', 'fails-with-201'];
    const { data, errors = [] } = await line.router.query<{ campaign: unknown[] }>(JOIN, { members });
    const without = (id: string) => ({ ...joined(id), linkIndex: null });
    expect(data).toEqual({
      campaign: [
        joined('1'),
        without('fails-with-301'),
        joined('2'),
        without('fails-with-400'),
        without('fails-with-201'),
      ],
    });
    expect(errors.toSorted((a, b) => a.extensions.code.localeCompare(b.extensions.code))).toMatchObject([
      {
        path: product.pathOf('campaign', 3),
        extensions: {
          ...{ code: 'BAD_USER_INPUT', retryable: false, upstreamCode: 400, requestId: expect.any(String) },
          kolId: 'fails-with-400',
        },
      },
      {
        path: product.pathOf('campaign', 1),
        extensions: { code: 'UPSTREAM_COLLECTION_FAILED', retryable: true, upstreamCode: 301, kolId: 'fails-with-301' },
      },
    ]);
  });

  test('an id that no KOL can have harms no other, and is never asked for', async () => {
    await using line = await startLine({ product, upstream: answers });
    const { data, errors } = await line.router.query(JOIN, { members: ['1', 'not valid', '2'] });
    expect(data).toEqual({ campaign: [joined('1'), { ...joined('not valid'), linkIndex: null }, joined('2')] });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
    expect(line.bought().sort()).toEqual(['1', '2']);
  });

  test('more KOLs than a request may name are refused, and nothing is bought', async () => {
    await using line = await startLine({ product, upstream: answers });
    const members = idsOf(51);
    const { data, errors = [] } = await line.router.query(JOIN, { members });
    expect(data).toEqual({ campaign: members.map((id) => ({ ...joined(id), linkIndex: null })) });
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']));
    expect(line.upstream.calls).toHaveLength(0);
  });

  test('arguments reach us: one request, and each pair of KOL and industry is bought once', async () => {
    await using line = await startLine({ product, upstream: answers });
    const { data } = await line.router.query(IN_INDUSTRIES, { members: ['1', '2', '1'], industryTag: 'GAMES' });
    const row = (id: string) => ({
      everywhere: { star: { value: starOf(id) } },
      inOne: { star: { value: starOf(id, 'GAMES') } },
    });
    expect(data).toEqual({ campaign: [row('1'), row('2'), row('1')] });
    expect(line.upstream.calls.map(({ parameters }) => parameters.get('industryTag') ?? '-').sort()).toEqual([
      '-',
      '-',
      'GAMES',
      'GAMES',
    ]);
    expect(line.asked()).toBe(1);
  });

  test('a list of ours is joined with the other subgraph', async () => {
    await using line = await startLine({ product, upstream: answers });
    expect(await line.router.query(FROM_OUR_SIDE, { ids: ['2', '1'] })).toEqual({
      data: { kols: [joined('2'), joined('1')] },
    });
    expect(line.upstream.calls).toHaveLength(2);
  });

  test("the client's Prefer and x-request-id reach us", async () => {
    await using line = await startLine({ product, upstream: held() });
    const headers = { prefer: 'wait=5', 'x-request-id': 'from-the-client' };
    const waiting = line.router.query(JOIN, { members: ['1'] }, headers);
    await line.upstream.received(1);
    line.gateway.clock.advanceMs(5000);
    const { data, errors } = await waiting;
    expect(data).toEqual({ campaign: [{ ...joined('1'), linkIndex: null }] });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_PENDING', requestId: 'from-the-client' } }]);

    line.upstream.release();
    expect(await line.router.query(JOIN, { members: ['1'] })).toEqual({ data: { campaign: [joined('1')] } });
    expect(line.upstream.calls).toHaveLength(1);
  });

  test('a router with the secret gets its answers', async () => {
    await using line = await startLine({ product, upstream: answers, gatewaySecret: SECRET, routerSecret: SECRET });
    expect(await line.router.query(JOIN, { members: ['1'] })).toEqual({ data: { campaign: [joined('1')] } });
    expect(line.gateway.logText()).not.toContain(SECRET);
  });

  test.each([
    ['without the secret', {}],
    ['with another secret', { routerSecret: SECRET.toLowerCase() }],
  ])('a router %s is refused, nothing is bought, and the other subgraph still answers', async (_, wrong) => {
    await using line = await startLine({ product, upstream: answers, gatewaySecret: SECRET, ...wrong });
    const { data, errors } = await line.router.query(JOIN, { members: ['1'] });
    expect(data).toEqual({ campaign: [{ ...joined('1'), linkIndex: null }] });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(line.upstream.calls).toHaveLength(0);
  });
});
