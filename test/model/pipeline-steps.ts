import fc from 'fast-check';
import type { Lifetimes } from '../../src/cache/entry.ts';
import type { LineSettings } from './gateway-line.ts';
import type { Reply } from './paid-outcomes.ts';

/** One thing that happens to the gateway. Numbers choose among what is there, modulo how many there are. */
export type Step =
  | { readonly kind: 'read' | 'force'; readonly key: number }
  | { readonly kind: 'reply'; readonly which: number; readonly reply: Reply; readonly retryAfterSeconds?: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'leave'; readonly which: number }
  | { readonly kind: 'store'; readonly isAway: boolean }
  | { readonly kind: 'crash' | 'new-token' };

export const LIFETIMES: Lifetimes = {
  freshMs: 100_000,
  staleWhileRevalidateMs: 300_000,
  staleIfErrorMs: 600_000,
  negativeMs: 50_000,
};

export const KEYS = [
  { kolId: '1', industryTag: '' },
  { kolId: '1', industryTag: 'GAMES' },
  { kolId: '2', industryTag: '' },
] as const;

const ADVANCES_MS = [1, 499, 999, 10_000, 29_999, 30_000, 50_000, 60_000, 100_000, 300_000, 600_000, 3_600_000];
const DAY_MS = 86_400_000;

const key = fc.nat(KEYS.length - 1);
const which = fc.nat(5);
const reply = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Reply>(0) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Reply>(
      ...[201, 301, 301, 303, 400, 500, 503, 600, 601, 602, 100],
      ...(['unreachable', 'outcome-unknown', 'outcome-unknown', 'bad-response', 'unusable-answer'] as const),
    ),
  },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('read' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('force' as const), key }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('reply' as const), which, reply }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reply' as const),
      which,
      reply: fc.constant(302),
      retryAfterSeconds: fc.constantFrom(0, 1, 10, 11, 3600),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reply' as const), which, reply: fc.constant(302) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(...ADVANCES_MS, DAY_MS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('store' as const), isAway: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'new-token' as const) }) },
);

export const steps = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });

export const settings: fc.Arbitrary<LineSettings> = fc.record({
  dailyBudget: fc.constantFrom(undefined, undefined, 0, 1, 3, 8),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  maxPerSecond: fc.constantFrom(undefined, undefined, 1, 10),
  maxQueued: fc.constantFrom(0, 1, 100),
  jitter: fc.constantFrom(0, 0, 0.9),
});
