import type { IncomingMessage } from 'node:http';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createFreshEntries } from '../../../src/cache/fresh-entries.ts';
import { createAnswerMemory } from '../../../src/cache/memory.ts';
import { parseRequest, type Trusted } from '../../../src/server/fast-lane/parse-request.ts';
import { createPlans } from '../../../src/server/fast-lane/plans.ts';
import { createHits } from '../../../src/server/fast-lane/reads.ts';
import { createReadyAnswers, type ReadyAnswer } from '../../../src/server/fast-lane/ready-answers.ts';
import { outcomeOf, type Reply } from '../../model/paid-outcomes.ts';
import { heldBytes } from '../../support/heap.ts';
import { createTestClock } from '../../support/test-clock.ts';

const LIFETIMES = { freshMs: 100_000, staleWhileRevalidateMs: 50_000, staleIfErrorMs: 0, negativeMs: 60_000 };
/** Shorter requests are not kept. */
const MIN_BYTES = 1000;
const MAX_KOLS = 1000;

const LIST = 'query List($ids: [ID!]!) { kols(ids: $ids) { id linkIndex { star { value } fetchedAt } } }';
const TAGGED = LIST.replace('linkIndex', 'linkIndex(industryTag: "beauty")');
const BOTH = LIST.replace('linkIndex', 'all: linkIndex { freshness } linkIndex(industryTag: "beauty")');
const POST = { method: 'POST', headers: { 'content-type': 'application/json' } } as IncomingMessage;

/** A request, with blanks up to its length. */
function bodyOf(ids: readonly string[], request: object = { query: LIST }, bytes = MIN_BYTES): Buffer {
  return Buffer.from(JSON.stringify({ ...request, variables: { ids } }).padEnd(bytes));
}

interface SetUp {
  readonly maxEntries?: number;
  readonly trusted?: Trusted;
}

function setUp({ maxEntries = 10, trusted }: SetUp = {}) {
  const { nowMs, advanceMs, setByMs } = createTestClock();
  const memory = createAnswerMemory({ maxEntries, lifetimes: LIFETIMES, clock: nowMs });
  const keyOf = ({ kolId, industryTag }: { kolId: string; industryTag: string }) => `${kolId}${industryTag}`;
  const fresh = createFreshEntries({ memory, lifetimes: LIFETIMES, keyOf });
  const plans = createPlans(100);
  const ready = createReadyAnswers({ fresh, trusted });

  function happens(reply: Reply, ...keys: string[]): void {
    for (const key of keys) memory.remember(key, outcomeOf(reply, nowMs(), ++stars));
  }
  let stars = 0;

  /** What the plan says now. */
  function byPlan(body: Buffer) {
    const parsed = parseRequest(POST, body, trusted);
    if (parsed === undefined) return undefined;
    plans.learn(parsed, parse(parsed.text));
    const found = plans.find(parsed);
    const hits = createHits({ fresh, maxKols: MAX_KOLS, nowMs: nowMs() });
    const content = found?.plan.answer(found.variables, hits);
    return found && content !== undefined ? { planned: { parsed, ...found }, content, hits } : undefined;
  }

  /** As the lane does. @returns who has answered */
  function ask(body: Buffer): 'ready' | 'plan' | 'nobody' {
    if (ready.find(body, nowMs())) return 'ready';
    const answered = byPlan(body);
    if (answered === undefined) return 'nobody';
    ready.offer(body, answered.planned, answered, nowMs());
    return 'plan';
  }

  return {
    ...{ advanceMs, setByMs, ask, byPlan },
    buy: (...keys: string[]) => happens(0, ...keys),
    happens,
    find: (body: Buffer) => ready.find(body, nowMs()),
    remembered: (...keys: string[]) => keys.filter((key) => memory.peek(key) !== undefined),
    /** With what was bought; asked until it is ready. */
    keep(body: Buffer): Buffer {
      expect([ask(body), ask(body), ask(body)]).toEqual(['plan', 'plan', 'ready']);
      return body;
    },
  };
}

/** What is sent of an answer, whoever has made it. */
function sentOf(answer: Pick<ReadyAnswer, 'content' | 'hits'> | undefined) {
  if (answer === undefined) return undefined;
  const { answers, negatives, freshForMs } = answer.hits;
  return { text: String(answer.content), answers, negatives, freshForMs };
}

test('an answer is not ready when the clock was set back since it was made', () => {
  const { advanceMs, buy, find, keep, setByMs } = setUp();
  buy('a');
  const body = keep(bodyOf(['a']));
  setByMs(-3_600_000);
  expect(find(body)).toBeUndefined();
  advanceMs(3_600_000);
  expect(find(body)).toBeUndefined();
});

describe('an answer is kept', () => {
  test('when the same bytes come for the second time, and is the one that the plan gives', () => {
    const { ask, buy, byPlan, find, happens } = setUp();
    buy('a', 'b');
    happens(201, 'none');
    const body = bodyOf(['a', 'b', 'none', 'a']);
    expect([ask(body), ask(body), ask(body), ask(body)]).toEqual(['plan', 'plan', 'ready', 'ready']);
    expect(sentOf(find(body))).toEqual(sentOf(byPlan(body)));
    expect(sentOf(find(body))).toMatchObject({ answers: 2, negatives: 1, freshForMs: LIFETIMES.negativeMs });
    expect(find(body)?.parsed).toEqual({ text: LIST, operationName: undefined, hash: undefined });
  });

  test.each([
    [MIN_BYTES - 1, 'plan'],
    [MIN_BYTES, 'ready'],
  ])('of a request of %i bytes: the %s answers the third', (bytes, expected) => {
    const { ask, buy } = setUp();
    buy('a');
    const body = bodyOf(['a'], { query: LIST }, bytes);
    ask(body);
    ask(body);
    expect(ask(body)).toBe(expected);
  });

  test('for the same bytes only', () => {
    const { ask, buy, find, keep } = setUp();
    buy('a', 'b');
    const body = keep(bodyOf(['a', 'b']));
    const others = [bodyOf(['b', 'a']), Buffer.concat([body, Buffer.from(' ')])];
    for (const other of others) expect([find(other), ask(other)]).toEqual([undefined, 'plan']);
    expect(ask(body)).toBe('ready');
  });

  test('for no others of the same checksum', () => {
    const { ask, buy, byPlan, find, keep } = setUp();
    buy('plumless', 'buckeroo');
    const [body, other] = [bodyOf(['plumless']), bodyOf(['buckeroo'])];
    expect(crc32(body)).toBe(crc32(other));
    keep(body);
    expect([find(other), ask(other)]).toEqual([undefined, 'plan']);
    expect([ask(other), ask(body)]).toEqual(['ready', 'plan']);
    expect(sentOf(find(body))).toEqual(sentOf(byPlan(body)));
  });

  test('with the bytes as they were, whatever becomes of the buffer', () => {
    const { buy, find, keep } = setUp();
    buy('a');
    const body = bodyOf(['a']);
    const same = Buffer.from(body);
    keep(body).fill(0);
    expect([find(body), find(same)]).toMatchObject([undefined, { hits: { answers: 1 } }]);
  });

  test.each([
    ['one industry', TAGGED],
    ['all industries and one', BOTH],
  ])('not of %s', (_, query) => {
    const { ask, buy } = setUp();
    buy('a', 'abeauty');
    const body = bodyOf(['a'], { query });
    expect([ask(body), ask(body), ask(body)]).toEqual(['plan', 'plan', 'plan']);
  });

  test('where nothing is read, for good', () => {
    const { advanceMs, byPlan, find, keep } = setUp();
    const body = keep(bodyOf(['a'], { query: 'query Ids($ids: [ID!]!) { kols(ids: $ids) { id } }' }));
    advanceMs(1e9);
    expect(sentOf(find(body))).toEqual(sentOf(byPlan(body)));
    expect(find(body)?.hits).toEqual({ answers: 0, negatives: 0, freshForMs: Number.POSITIVE_INFINITY });
  });

  test('within 50 MB together with what they hold on to, the latest of them', () => {
    const { buy, find, keep } = setUp({ maxEntries: MAX_KOLS });
    const ids = Array.from({ length: MAX_KOLS }, (_, index) => `kol-${index}`);
    buy(...ids);
    // A thousand entries, which may be held by the answer alone, are 1.2 MB.
    const bodies = Array.from({ length: 70 }, (_, n) => keep(bodyOf(ids, { query: `${LIST} # ${n}` })));
    const found = bodies.map((body) => find(body) !== undefined);
    const kept = found.filter((each) => each).length;
    expect(kept).toBeGreaterThan(30);
    expect(kept).toBeLessThanOrEqual(42);
    expect(found.lastIndexOf(false)).toBe(bodies.length - kept - 1);
  });
});

test('answers that are kept hold no memory that others have used', () => {
  const { buy, find, keep } = setUp();
  const body = (n: number) => bodyOf(['a'], { query: `${LIST} # ${n}` });
  buy('a');
  keep(body(0));
  const before = heldBytes();
  for (let n = 1; n < 200; n += 1) {
    keep(body(n));
    // As much as Node's pool is large.
    for (let times = 0; times < 64; times += 1) Buffer.from('-'.repeat(1024));
  }
  expect((heldBytes() - before) / 200).toBeLessThan(30_000);
  expect(find(body(0))).toBeDefined();
});

describe('what is ready is dropped', () => {
  test.each<[string, Reply]>([
    ['a newer answer', 0],
    ['no data', 201],
    ['a failure', 'unreachable'],
  ])('when an entry in it is replaced by one with %s, even of the same moment', (_, reply) => {
    const { ask, buy, byPlan, find, happens, keep } = setUp();
    buy('a', 'b');
    const body = keep(bodyOf(['a', 'b']));
    happens(reply, 'b');
    expect(find(body)).toBeUndefined();
    expect([ask(body), ask(body)]).toEqual(['plan', 'ready']);
    expect(sentOf(find(body))).toEqual(sentOf(byPlan(body)));
  });

  test('when an entry in it is forgotten', () => {
    const { ask, buy, keep, remembered } = setUp({ maxEntries: 2 });
    buy('a', 'b');
    const body = keep(bodyOf(['a', 'b']));
    buy('c');
    expect(remembered('a', 'b', 'c')).toHaveLength(2);
    expect(ask(body)).toBe('nobody');
  });

  test('not when others come, are replaced and fail', () => {
    const { ask, buy, happens, keep } = setUp({ maxEntries: 100 });
    buy('a', 'b', 'other');
    const body = keep(bodyOf(['a', 'b']));
    for (const reply of [0, 'unreachable', 201, 400] as const) {
      happens(reply, 'other', 'another');
      expect(ask(body)).toBe('ready');
    }
  });

  test.each<[string, Reply, number]>([
    ['an answer', 0, LIFETIMES.freshMs],
    ['no data', 201, LIFETIMES.negativeMs],
  ])('when the first of its entries is no longer fresh, with %s', (_, reply, lifetimeMs) => {
    const { advanceMs, ask, buy, byPlan, find, happens, keep } = setUp();
    happens(reply, 'a');
    advanceMs(1000);
    buy('b');
    const body = keep(bodyOf(['b', 'a']));
    for (const ms of [500, lifetimeMs - 1501]) {
      advanceMs(ms);
      expect(sentOf(find(body))).toEqual(sentOf(byPlan(body)));
    }
    expect(find(body)?.hits.freshForMs).toBe(1);
    advanceMs(1);
    expect([find(body), ask(body)]).toEqual([undefined, 'nobody']);
  });

  test.each([
    ['is taken out', undefined],
    ['is changed', LIST.replace('value', 'rank')],
  ])('when the trusted document that it answers %s', (_, later) => {
    let document: string | undefined = LIST;
    const { ask, buy, find, keep } = setUp({ trusted: { only: false, documents: { documentOf: () => document } } });
    buy('a');
    const byHash = keep(bodyOf(['a'], { extensions: { persistedQuery: { sha256Hash: 'hash' } } }));
    const byText = keep(bodyOf(['a']));
    document = later;
    expect(find(byHash)).toBeUndefined();
    expect([ask(byHash), ask(byText)]).toEqual([later === undefined ? 'nobody' : 'plan', 'ready']);
  });

  test('when a tenth of the memory has come since a plan read its entries, so that they stay in it', () => {
    const { ask, buy, keep, remembered } = setUp({ maxEntries: 20 });
    buy('a');
    const a = keep(bodyOf(['a']));
    buy('other');
    expect(ask(a)).toBe('ready');
    buy('another');
    expect([ask(a), ask(a)]).toEqual(['plan', 'ready']);
    for (let each = 0; each < 60; each += 1) {
      buy(`${each}`);
      expect(['ready', 'plan']).toContain(ask(a));
    }
    expect(remembered('a')).toEqual(['a']);
  });
});

const KEYS = ['a', 'b', 'none', 'c', 'd'];
const key = fc.constantFrom(...KEYS);
const lists = [['a', 'b'], ['b', 'none', 'b'], ['c'], ['a', 'b', 'none', 'c', 'd'], []].map((ids) => bodyOf(ids));
const step = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('ask' as const), list: fc.nat(lists.length - 1) }), weight: 6 },
  { arbitrary: fc.record({ do: fc.constant('read' as const), key, times: fc.constantFrom(1, 20) }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('repeat' as const), list: fc.nat(lists.length - 1) }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      key,
      reply: fc.constantFrom<Reply>(0, 0, 201, 'unreachable', 'bad-response', 400),
    }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 30_000, 50_000) }), weight: 1 },
);

test('whatever comes between, what is ready is what the plan would say at that moment', () => {
  let fromReady = 0;
  const property = fc.property(
    fc.constantFrom(3, KEYS.length),
    fc.array(step, { maxLength: 60, size: 'max' }),
    (maxEntries, steps) => {
      const { advanceMs, ask, buy, byPlan, find, happens } = setUp({ maxEntries });
      buy(...KEYS);
      for (const each of steps) {
        if (each.do === 'ask') {
          const body = lists[each.list] as Buffer;
          const answer = find(body);
          fromReady += Number(answer !== undefined);
          if (answer) expect(sentOf(answer)).toEqual(sentOf(byPlan(body)));
          ask(body);
        }
        if (each.do === 'read') for (let time = 0; time < each.times; time += 1) byPlan(bodyOf([each.key]));
        if (each.do === 'repeat') for (let time = 0; time < 20; time += 1) find(lists[each.list] as Buffer);
        if (each.do === 'end') happens(each.reply, each.key);
        if (each.do === 'wait') advanceMs(each.ms);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
  expect(fromReady).toBeGreaterThan(300);
});
