import { expect, test } from 'vitest';
import { retryAfterSecondsOf } from '../../src/upstream/source.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['0', 0],
  ['7', 7],
  ['0007', 7],
  ['3600', 3600],
  ['3601', 3600],
  ['99999999999999999999', 3600],
  ['Fri, 02 Jan 2026 03:04:15 GMT', 10],
  ['Fri, 02 Jan 2026 03:04:05 GMT', 0],
  ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
  ['Sat, 03 Jan 2026 03:04:05 GMT', 3600],
  ['', undefined],
  ['soon', undefined],
  ['NaN', undefined],
  ['-5', undefined],
  ['1.5', undefined],
])('%j asks for %s seconds', (header, seconds) => {
  expect(retryAfterSecondsOf(header, NOW_MS)).toBe(seconds);
});

test('a date in the middle of a second is waited for to its end', () => {
  expect(retryAfterSecondsOf('Fri, 02 Jan 2026 03:04:15 GMT', NOW_MS - 1)).toBe(11);
});

test.each(['-1', '-5', '1e3', '1.5', '0x10', '+5', 'Infinity', ' 7 '])(
  '%j never asks for more than an hour',
  (header) => {
    const seconds = retryAfterSecondsOf(header, NOW_MS);
    expect(seconds === undefined || (seconds >= 0 && seconds <= 3600)).toBe(true);
  },
);
