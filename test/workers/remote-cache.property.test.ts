import fc from 'fast-check';
import { expect, test } from 'vitest';
import { windowOf } from '../../src/cache/entry.ts';
import { LIFETIMES, SECOND_WINDOW_MS } from '../model/cache-line.ts';
import { keyOf } from '../model/held-source.ts';
import { createWorkerLine } from './worker-line.ts';

const KEYS = [keyOf('1'), keyOf('2'), keyOf('2', 'beauty')];
const worker = fc.nat(1);
const step = fc.oneof(
  fc.record({ do: fc.constant('read' as const), worker, key: fc.nat(KEYS.length - 1), isForced: fc.boolean() }),
  fc.record({ do: fc.constant('leave' as const), reader: fc.nat(20) }),
  fc.record({ do: fc.constant('carry' as const), worker, isToOwner: fc.boolean() }),
  fc.record({ do: fc.constant('end' as const), call: fc.nat(20), reply: fc.constantFrom(0, 0, 0, 201, 301, 400) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 500, 2000, SECOND_WINDOW_MS) }),
  fc.record({ do: fc.constant('move' as const) }),
);

test('whatever the order of messages, calls and waits: one call a key, an end for every reader, and no worker behind its owner', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const line = createWorkerLine();
      const { calls } = line.source;
      const readers: ReturnType<ReturnType<typeof line.at>['read']>[] = [];
      const ended = new Set<number>();

      async function end(index: number, reply: number): Promise<void> {
        if (index >= calls.length || ended.has(index)) return;
        ended.add(index);
        await line.source.end(index, reply);
      }
      function expectOneCallAKey(): void {
        const open = calls.filter((_, index) => !ended.has(index)).map(({ key }) => line.keyOf(key));
        expect(new Set(open).size).toBe(open.length);
      }

      for (const each of steps) {
        if (each.do === 'read') readers.push(line.at(each.worker).read(KEYS[each.key] ?? keyOf('1'), !each.isForced));
        if (each.do === 'leave') readers[each.reader]?.leave();
        if (each.do === 'carry') await line.at(each.worker)[each.isToOwner ? 'toOwner' : 'toWorker'].carryOne();
        if (each.do === 'end') await end(each.call, each.reply);
        if (each.do === 'wait') line.clock.advanceMs(each.ms);
        // Before anything tagged is under way: what it does to that is the test of purchases.
        if (each.do === 'move' && calls.length === 0) line.moveToSuccessor();
        expectOneCallAKey();
      }
      for (let more = true; more; ) {
        await line.carryAll();
        const open = calls.findIndex((_, index) => !ended.has(index));
        more = open >= 0;
        if (more) await end(open, 0);
        expectOneCallAKey();
      }

      expect(readers.filter(({ seen, fault }) => seen === undefined || fault !== undefined)).toEqual([]);
      for (const { memory } of line.workers) {
        for (const key of KEYS) {
          const mine = memory.get(line.keyOf(key))?.answer;
          if (mine && windowOf(mine, LIFETIMES, line.clock.nowMs()) === 'fresh') {
            expect(mine).toEqual(line.memory.get(line.keyOf(key))?.answer);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});
