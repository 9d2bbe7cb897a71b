import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerOf, keepAnswer } from '../../src/cache/kept-answer.ts';
import type { LinkIndexAnswer } from '../../src/domain/link-index.ts';
import { answerAt } from '../model/paid-outcomes.ts';
import { anyOutcome } from '../support/any-outcome.ts';

const anyAnswer = anyOutcome.filter((outcome): outcome is LinkIndexAnswer => outcome.kind === 'answer');

/** What memory gives back of an answer. */
function kept(answer: LinkIndexAnswer): unknown {
  const entry = keepAnswer(answer);
  return entry.kind === 'answer' ? answerOf(entry) : entry;
}

describe('an answer that was kept', () => {
  test('comes back the same', () => {
    fc.assert(
      fc.property(anyAnswer, (answer) => {
        expect(kept(answer)).toEqual(answer);
      }),
    );
  });

  test.each([0.1 + 0.2, Number.MIN_VALUE, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, -0.0738, 2 ** 31 - 1, 0, null])(
    'has %d to the last digit',
    (star) => {
      expect(kept(answerAt(1, star))).toStrictEqual(answerAt(1, star));
    },
  );

  test('has zero where there was a negative zero: JSON writes both alike', () => {
    expect(kept(answerAt(1, -0))).toStrictEqual(answerAt(1, 0));
  });

  test('is fresh again, and has forgotten how often was asked for it', () => {
    const answer = answerAt(1, 2);
    expect(kept({ ...answer, freshness: 'STALE_UPSTREAM_FAILED', attempts: 3 })).toStrictEqual(answer);
  });
});

test('that there is no such data is kept as it is', () => {
  const none = { kind: 'no-data', endpoint: 'author-link-info', fetchedAtMs: 1 } as const;
  expect(keepAnswer(none)).toBe(none);
});
