import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairQueue } from '../../../src/upstream/policies/fair-queue.ts';

const LIST = {};
const SINGLE = {};

test('a single read behind a list of 50 is second', () => {
  const queue = createFairQueue<string>();
  for (let each = 0; each < 50; each += 1) queue.push(LIST, `list ${each}`);
  queue.push(SINGLE, 'single');
  expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['list 0', 'single', 'list 1']);
});

test('one of each group in turn, and first in, first out within a group', () => {
  const queue = createFairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) {
    queue.push(item.startsWith('a') ? LIST : item.startsWith('b') ? SINGLE : queue, item);
  }
  expect(queue.drain()).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});

test('a group that comes back takes its place behind those that wait', () => {
  const queue = createFairQueue<string>();
  queue.push(SINGLE, 's1');
  expect(queue.shift()).toBe('s1');
  queue.push(LIST, 'l1');
  queue.push(LIST, 'l2');
  queue.push(SINGLE, 's2');
  expect(queue.drain()).toEqual(['l1', 's2', 'l2']);
});

test('an empty queue has nothing to give', () => {
  const queue = createFairQueue<string>();
  expect(queue.shift()).toBeUndefined();
  expect(queue.drain()).toEqual([]);
  expect(queue.size).toBe(0);
});

test('whatever comes and goes: nothing is lost, the size is right, and nobody is passed twice by another', () => {
  const groups = [{}, {}, {}];
  const push = fc.record({ group: fc.nat(2) });
  const property = fc.property(fc.array(fc.option(push, { freq: 2 })), (operations) => {
    const queue = createFairQueue<{ group: number; number: number }>();
    const waiting: { group: number; number: number; passedBy: number[] }[] = [];
    for (const [number, operation] of operations.entries()) {
      if (operation) {
        const item = { group: operation.group, number };
        queue.push(groups[item.group] as object, item);
        waiting.push({ ...item, passedBy: [] });
      } else {
        const item = queue.shift();
        const index = waiting.findIndex((other) => other.number === item?.number);
        expect(index >= 0).toBe(item !== undefined);
        const [taken] = waiting.splice(index, index >= 0 ? 1 : 0);
        if (!taken) continue;
        const rest = waiting.filter(({ group }) => group === taken.group);
        expect(rest.every((other) => other.number > taken.number)).toBe(true);
        // The oldest of each other group was passed by this group; never twice in a row by the same one.
        for (const group of [0, 1, 2].filter((other) => other !== taken.group)) {
          const oldest = waiting.find((other) => other.group === group);
          if (!oldest) continue;
          oldest.passedBy.push(taken.group);
          const sinceFirst = oldest.passedBy.filter((other) => other === taken.group).length;
          expect(sinceFirst).toBeLessThanOrEqual(2);
        }
      }
      expect(queue.size).toBe(waiting.length);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
