import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GATEWAY_STATE_IDS } from '../../src/sandbox/gateway-states.ts';
import { payloadsOf } from '../support/payloads.ts';
import { describeWithRedis, startRedis } from '../support/redis-server.ts';
import { answers, failsWith, held, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { createTestClock } from '../support/test-clock.ts';
import { CANARY_TOKEN, startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/test-gateway.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SECONDS_TO_MIDNIGHT = 75_355; // from where the test clock stands
const INDEX = 'linkIndex { star { value } fetchedAt freshness }';
const LIST = `query ($ids: [ID!]!) { kols(ids: $ids) { ${INDEX} } }`;
const FORCED = LIST.replace('linkIndex', 'linkIndex(acceptCache: false)');
const STALE_IDS = ['sandbox-stale', 'sandbox-stale-failed'];

interface Index {
  readonly star: { readonly value: number };
  readonly fetchedAt: string;
  readonly freshness: string;
}
interface Answer {
  readonly data: { readonly kols: readonly ({ readonly linkIndex: Index | null } | null)[] };
  readonly errors?: readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[];
}

/** What is seen of each id, but for `sandbox-pending`, which takes time. */
const SEEN: Readonly<Record<string, object>> = {
  'sandbox-stale': { star: { value: expect.any(Number) }, freshness: 'STALE_REVALIDATING' },
  'sandbox-stale-failed': { star: { value: expect.any(Number) }, freshness: 'STALE_UPSTREAM_FAILED' },
  'sandbox-unreachable': { code: 'UPSTREAM_UNREACHABLE', retryable: true },
  'sandbox-paused': {
    ...{ code: 'UPSTREAM_PAUSED', retryable: true },
    ...{ reason: 'UPSTREAM_INTERNAL_ERROR', retryAfterSeconds: 30 },
  },
  'sandbox-overloaded': { code: 'UPSTREAM_OVERLOADED', retryable: true, retryAfterSeconds: 1 },
  'sandbox-budget': { code: 'BUDGET_EXHAUSTED', retryable: true, retryAfterSeconds: SECONDS_TO_MIDNIGHT },
};
const PENDING = { code: 'UPSTREAM_PENDING', retryable: true, retryAfterSeconds: 1 };

async function ask(gateway: TestGateway, ids: readonly string[], headers: object = {}, query = LIST) {
  const response = await gateway.post({ query, variables: { ids } }, { headers: { ...headers } });
  const { data, errors } = (await response.json()) as Answer;
  return { indexes: data.kols.map((kol) => kol?.linkIndex), errors, headers: response.headers };
}

/** The index of one KOL, or the extensions of its error. */
async function read(gateway: TestGateway, id: string, headers: object = {}, query = LIST) {
  const { indexes, errors } = await ask(gateway, [id], headers, query);
  return indexes[0] ?? errors?.[0]?.extensions;
}

/** The calls that the synthetic upstream has had, the calls that were booked, and the reads by result. */
async function countsOf(gateway: TestGateway) {
  const text = await (await fetch(`${gateway.origin}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^kol_gateway_${name} (\\d+)$`, 'gm'))].reduce((all, [, n]) => all + Number(n), 0);
  const { billed, unknown, open } = (await (await fetch(`${gateway.origin}/account`)).json()) as Record<string, number>;
  return {
    calls: sum('upstream_attempts_total\\{.*\\}') + sum('upstream_billed_total\\{.*\\}'),
    booked: (billed ?? Number.NaN) + (unknown ?? Number.NaN) + (open ?? Number.NaN),
    bought: sum('link_index_reads_total\\{result="upstream"\\}'),
    stale: sum('link_index_reads_total\\{result="stale"\\}'),
    failed: sum('link_index_reads_total\\{result="failed"\\}'),
  };
}

const NO_CALL = { calls: 0, booked: 0, bought: 0 };
const startSandboxGateway = (env: Record<string, string> = {}, options: TestGatewayOptions = {}) =>
  startTestGateway({ ...options, env: { JUSTONEAPI_ENVIRONMENT: 'sandbox', ...env } });

/** Every way to ask for one KOL; each gives its index, or the extensions of its error. */
type Way = (gateway: TestGateway, id: string) => Promise<unknown>;

const seenIn = async (gateway: TestGateway, query: string, id: string, path: (data: never) => unknown) => {
  const response = await gateway.post({ query, variables: { id } });
  const { data, errors } = (await response.json()) as { data: never; errors?: Answer['errors'] };
  return path(data) ?? errors?.[0]?.extensions;
};
const deferred = async (gateway: TestGateway, id: string, accept: string) => {
  const query = `query ($id: ID!) { kol(id: $id) { id ... @defer { ${INDEX} } } }`;
  const response = await gateway.post({ query, variables: { id } }, { headers: { accept } });
  const payloads = await Array.fromAsync(payloadsOf(response));
  const last = payloads.at(-1);
  expect(last?.extensions).toEqual({ billedCalls: 0 });
  const part = payloads.flatMap(({ incremental = [] }) => incremental)[0];
  return part?.data?.['linkIndex'] ?? part?.errors?.[0]?.extensions;
};

const WAYS: Readonly<Record<string, Way>> = {
  'by kol(id)': (gateway, id) =>
    seenIn(
      ...([gateway, `query ($id: ID!) { kol(id: $id) { ${INDEX} } }`, id] as const),
      (data: { kol: { linkIndex: unknown } }) => data.kol.linkIndex,
    ),
  'in a list': async (gateway, id) => {
    const { indexes, errors } = await ask(gateway, ['7', id, 'sandbox-sample']);
    expect([indexes[0]?.freshness, indexes[2]?.freshness]).toEqual(['FRESH', 'FRESH']);
    return indexes[1] ?? errors?.[0]?.extensions;
  },
  'within an industry': (gateway, id) =>
    read(gateway, id, {}, LIST.replace('linkIndex', 'linkIndex(industryTag: "GAMES")')),
  'as an entity': (gateway, id) =>
    seenIn(
      ...([
        gateway,
        `query ($id: ID!) { _entities(representations: [{ __typename: "Kol", id: $id }]) { ... on Kol { ${INDEX} } } }`,
        id,
      ] as const),
      (data: { _entities: { linkIndex: unknown }[] }) => data._entities[0]?.linkIndex,
    ),
  'deferred, over multipart': (gateway, id) => deferred(gateway, id, 'multipart/mixed'),
  'deferred, over SSE': (gateway, id) => deferred(gateway, id, 'text/event-stream'),
};

describe.each(['true', 'false'])('a state of the gateway, with FAST_LANE=%s', (hasFastLane) => {
  test.each(Object.keys(WAYS))('is seen at each read %s', async (way) => {
    await using gateway = await startSandboxGateway({ FAST_LANE: hasFastLane });
    for (const [id, seen] of Object.entries(SEEN)) {
      const reads = [];
      for (let turn = 0; turn < 3; turn += 1) reads.push(await WAYS[way]?.(gateway, id));
      expect(reads, id).toMatchObject([seen, seen, seen]);
    }
  });

  test('is seen at the hundredth read, whatever time has passed', async () => {
    await using gateway = await startSandboxGateway({ FAST_LANE: hasFastLane });
    for (let turn = 0; turn < 100; turn += 1) {
      for (const id of STALE_IDS) expect(await read(gateway, id)).toMatchObject(SEEN[id] as object);
      expect(await read(gateway, 'sandbox-paused')).toMatchObject(SEEN['sandbox-paused'] as object);
      gateway.clock.advanceMs(turn * HOUR_MS);
    }
    expect(await countsOf(gateway)).toMatchObject({ ...NO_CALL, stale: 200, failed: 100 });
  });
});

describe.each([
  ['no fresh window', { CACHE_FRESH_SECONDS: '0' }],
  ['no second window', { CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0' }],
  ['no third window', { CACHE_STALE_IF_ERROR_SECONDS: '0' }],
  ['only the fresh window', { CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0', CACHE_STALE_IF_ERROR_SECONDS: '0' }],
  ['a third window of 10 s', { CACHE_STALE_IF_ERROR_SECONDS: '10' }],
  [
    'windows of a millisecond',
    { CACHE_STALE_WHILE_REVALIDATE_SECONDS: '0.001', CACHE_STALE_IF_ERROR_SECONDS: '0.001' },
  ],
  ['one entry in memory', { CACHE_MAX_ENTRIES: '1' }],
  ['a spent budget', { UPSTREAM_DAILY_BUDGET: '0' }],
])('with %s', (_, env) => {
  test.each(STALE_IDS)('%s is seen as stale as ever', async (id) => {
    await using gateway = await startSandboxGateway(env);
    for (const passedMs of [0, 0, 7000, 40_000, DAY_MS, 30 * DAY_MS]) {
      gateway.clock.advanceMs(passedMs);
      expect(await read(gateway, id)).toMatchObject(SEEN[id] as object);
    }
  });
});

describe('a stale answer', () => {
  test('has the age of its window, is stale to caches, and cost nothing', async () => {
    await using gateway = await startSandboxGateway();
    for (const [id, windowMs] of [
      ['sandbox-stale', [HOUR_MS, DAY_MS]],
      ['sandbox-stale-failed', [DAY_MS, 8 * DAY_MS]],
    ] as const) {
      for (const _turn of [1, 2]) {
        const { indexes, headers } = await ask(gateway, [id]);
        const ageMs = gateway.clock.nowMs() - Date.parse(indexes[0]?.fetchedAt ?? '');
        expect(ageMs).toBeGreaterThan(windowMs[0]);
        expect(ageMs).toBeLessThan(windowMs[1]);
        expect([headers.get('cache-control'), headers.get('x-billed-calls')]).toEqual(['max-age=0', '0']);
      }
    }
  });

  test('differs by KOL and by industry, and stays the same', async () => {
    await using gateway = await startSandboxGateway();
    const starOf = async (id: string, tag: string) => {
      const index = await read(gateway, id, {}, LIST.replace('linkIndex', `linkIndex(industryTag: "${tag}")`));
      return (index as Index).star.value;
    };
    const all = async () => Promise.all(STALE_IDS.flatMap((id) => [starOf(id, ''), starOf(id, 'GAMES')]));
    const stars = await all();
    expect(new Set(stars).size).toBe(4);
    expect(await all()).toEqual(stars);
  });
});

describe('a forced read', () => {
  test.each(['true', 'false'])(
    'of a stale id is never stale, and changes no later read (fast lane: %s)',
    async (hasFastLane) => {
      await using gateway = await startSandboxGateway({ FAST_LANE: hasFastLane });
      for (const _turn of [1, 2]) {
        const forced = await ask(gateway, ['sandbox-stale'], {}, FORCED);
        expect(forced.indexes).toMatchObject([{ freshness: 'FRESH', fetchedAt: '2026-01-02T03:04:05.678Z' }]);
        expect(forced.headers.get('x-billed-calls')).toBe('0');
        expect(await read(gateway, 'sandbox-stale-failed', {}, FORCED)).toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
        for (const id of STALE_IDS) expect(await read(gateway, id)).toMatchObject(SEEN[id] as object);
      }
      expect(await countsOf(gateway)).toMatchObject(NO_CALL);
    },
  );

  test.each(Object.keys(SEEN).slice(2))('of %s fails as any other', async (id) => {
    await using gateway = await startSandboxGateway();
    expect(await read(gateway, id, {}, FORCED)).toMatchObject(SEEN[id] as object);
  });

  test('of sandbox-pending is no invitation to buy again', async () => {
    await using gateway = await startSandboxGateway();
    const reading = read(gateway, 'sandbox-pending', { prefer: 'wait=1' }, FORCED);
    await expect.poll(() => gateway.clock.pending).toBe(2);
    gateway.clock.advanceMs(1000);
    expect(await reading).toMatchObject({ ...PENDING, retryable: false });
  });
});

describe('a dry run', () => {
  const DRY = { prefer: 'dry-run' };

  test('would buy what was not read before, and waits for nothing', async () => {
    await using gateway = await startSandboxGateway();
    const { errors, headers } = await ask(gateway, GATEWAY_STATE_IDS, DRY);
    expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(GATEWAY_STATE_IDS.map(() => 'WOULD_BUY'));
    expect(headers.get('x-would-buy')).toBe('7');
    expect(gateway.clock.pending).toBe(0);
  });

  test.each(STALE_IDS)('serves %s when it was read before, and refreshes nothing', async (id) => {
    await using gateway = await startSandboxGateway();
    await read(gateway, id);
    for (const passedMs of [0, HOUR_MS]) {
      gateway.clock.advanceMs(passedMs);
      expect(await read(gateway, id, DRY)).toMatchObject(SEEN[id] as object);
    }
    expect(await read(gateway, id, DRY, FORCED)).toMatchObject({ code: 'WOULD_BUY' });
    expect(await countsOf(gateway)).toMatchObject(NO_CALL);
  });
});

describe('sandbox-pending', () => {
  test('waits as long as each caller does', async () => {
    await using gateway = await startSandboxGateway();
    const ended: string[] = [];
    const waiting = ['wait=3', 'wait=1'].map(async (prefer) => {
      const seen = await read(gateway, 'sandbox-pending', { prefer });
      ended.push(prefer);
      return seen;
    });
    await expect.poll(() => gateway.clock.pending).toBe(4);
    gateway.clock.advanceMs(1000);
    await expect.poll(() => ended).toEqual(['wait=1']);
    expect(gateway.clock.pending).toBe(2);
    gateway.clock.advanceMs(2000);
    expect(await Promise.all(waiting)).toMatchObject([PENDING, PENDING]);
    expect(gateway.clock.pending).toBe(0);
  });

  test.each([{}, { prefer: 'wait=60' }])('waits 5 s at most with %j, and again at the next read', async (headers) => {
    await using gateway = await startSandboxGateway();
    for (const _turn of [1, 2]) {
      let hasEnded = false;
      const reading = read(gateway, 'sandbox-pending', headers).finally(() => {
        hasEnded = true;
      });
      await expect.poll(() => gateway.clock.pending).toBe(2);
      gateway.clock.advanceMs(4999);
      await fetch(`${gateway.origin}/livez`);
      expect(hasEnded).toBe(false);
      gateway.clock.advanceMs(1);
      expect(await reading).toMatchObject(PENDING);
      expect(gateway.clock.pending).toBe(0);
    }
    expect(await countsOf(gateway)).toMatchObject({ ...NO_CALL, failed: 2 });
  });

  test('ends with REQUEST_WAIT_SECONDS', async () => {
    await using gateway = await startSandboxGateway({ REQUEST_WAIT_SECONDS: '2' });
    const reading = read(gateway, 'sandbox-pending');
    await expect.poll(() => gateway.clock.pending).toBe(2);
    gateway.clock.advanceMs(2000);
    expect(await reading).toMatchObject(PENDING);
  });

  test('holds up no stop: an open request is answered at once', async () => {
    await using gateway = await startSandboxGateway();
    const reading = read(gateway, 'sandbox-pending');
    await expect.poll(() => gateway.clock.pending).toBe(2);
    expect(await gateway.stop()).toEqual([]);
    expect(await reading).toMatchObject(PENDING);
    expect(gateway.clock.pending).toBe(0);
  });

  test('leaves nothing open when its reader has left', async () => {
    await using gateway = await startSandboxGateway();
    const leaving = new AbortController();
    const query = `{ kol(id: "sandbox-pending") { id ... @defer { ${INDEX} } } }`;
    const headers = { accept: 'multipart/mixed' };
    const response = await gateway.post({ query }, { headers, signal: leaving.signal });
    await expect.poll(() => gateway.clock.pending).toBe(2);
    void response.body?.cancel();
    leaving.abort();
    expect(await gateway.stop()).toEqual([]);
    await expect.poll(() => gateway.clock.pending).toBe(0);
  });
});

describe('each refusal is told in the words of the pipeline', () => {
  const told = async (gateway: TestGateway, id: string) => {
    const { errors } = await ask(gateway, [id]);
    const { requestId: _, kolId: __, ...extensions } = errors?.[0]?.extensions ?? {};
    return { message: errors?.[0]?.message, extensions };
  };

  test('paused', async () => {
    await using upstream = await startScriptedUpstream(failsWith(601));
    await using paused = await startTestGateway({ upstream });
    await using sandbox = await startSandboxGateway();
    await ask(paused, ['1']);
    const { message, extensions } = await told(paused, '2');
    expect(extensions['reason']).toBe('UPSTREAM_BALANCE_INSUFFICIENT');
    const reason = 'UPSTREAM_INTERNAL_ERROR';
    expect(await told(sandbox, 'sandbox-paused')).toEqual({ message, extensions: { ...extensions, reason } });
  });

  test('overloaded', async () => {
    await using upstream = await startScriptedUpstream(held());
    const env = { UPSTREAM_MAX_CONCURRENT: '1', UPSTREAM_MAX_QUEUED: '1' };
    await using overloaded = await startTestGateway({ upstream, env });
    await using sandbox = await startSandboxGateway();
    const waiting = ask(overloaded, ['1', '2']);
    await upstream.received(1);
    expect(await told(sandbox, 'sandbox-overloaded')).toEqual(await told(overloaded, '3'));
    upstream.release();
    await waiting;
  });

  test('out of budget', async () => {
    await using sandbox = await startSandboxGateway({ UPSTREAM_DAILY_BUDGET: '0' });
    expect(await told(sandbox, 'sandbox-budget')).toEqual(await told(sandbox, '1'));
  });

  test('not to be reached', async () => {
    await using unreachable = await startTestGateway({
      upstream: { baseUrl: 'http://127.0.0.1:1' },
      env: { UPSTREAM_MAX_ATTEMPTS: '1' },
    });
    await using sandbox = await startSandboxGateway();
    const { extensions } = await told(unreachable, '1');
    expect((await told(sandbox, 'sandbox-unreachable')).extensions).toEqual(extensions);
  });
});

test('a store keeps nothing of the seven, and they are the same after a restart', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'states-'));
  const env = { CACHE_STORE: `sqlite:${join(folder.path, 'cache.sqlite')}` };
  for (const _start of [1, 2]) {
    await using gateway = await startSandboxGateway(env);
    expect((await ask(gateway, STALE_IDS, { prefer: 'dry-run' })).headers.get('x-would-buy')).toBe('2');
    for (const [id, seen] of Object.entries(SEEN)) expect(await read(gateway, id)).toMatchObject(seen);
  }
});

describeWithRedis('gateways that share a Redis', () => {
  test('show each state at each read, together and one after the other', async () => {
    await using redis = await startRedis();
    const start = (name: string) => {
      const clock = createTestClock(Date.now());
      return startSandboxGateway({ CACHE_STORE: redis.url }, { clock, identity: { name } });
    };
    await using one = await start('one');
    await using other = await start('other');
    const { 'sandbox-budget': _, ...timeless } = SEEN;
    for (const [id, seen] of Object.entries(timeless)) {
      for (const _turn of [1, 2]) {
        const reads = await Promise.all([one, other, one, other].map((gateway) => read(gateway, id)));
        expect(reads, id).toMatchObject([seen, seen, seen, seen]);
      }
    }
    const pending = Promise.all([one, other].map((gateway) => read(gateway, 'sandbox-pending', { prefer: 'wait=1' })));
    let hasEnded = false;
    void pending.finally(() => {
      hasEnded = true;
    });
    await expect
      .poll(() => {
        for (const { clock } of [one, other]) clock.advanceMs(500);
        return hasEnded;
      })
      .toBe(true);
    expect(await pending).toMatchObject([PENDING, PENDING]);
    for (const gateway of [one, other]) expect(await countsOf(gateway)).toMatchObject(NO_CALL);
  });
});

test('in live mode the seven are ids like any other', async () => {
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream });
  const { indexes, headers } = await ask(gateway, GATEWAY_STATE_IDS);
  expect(indexes.map((index) => index?.freshness)).toEqual(GATEWAY_STATE_IDS.map(() => 'FRESH'));
  expect(headers.get('x-billed-calls')).toBe('7');
  expect(upstream.calls.map(({ parameters }) => parameters.get('kolId')).sort()).toEqual([...GATEWAY_STATE_IDS].sort());
  expect(upstream.calls[0]?.parameters.get('token')).toBe(CANARY_TOKEN);
});
