import type { Timers } from '../../src/domain/time.ts';

/** A clock that jumps from event to event, with the timers that hang on it. */
export interface VirtualTime {
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  /** Calls back after `ms` milliseconds; for what wakes no promise, and so needs no turn of the loop. */
  afterQuietly(ms: number, callback: () => void): void;
  /** Lets go off, in its order, what is due until then, and stands there. @returns undefined when nothing was due */
  runUntil(atMs: number): Promise<void> | undefined;
  /** Until nothing is left to go off. */
  runOut(): Promise<void>;
  /** Lets every promise that can go on now do so. */
  settle(): Promise<void>;
}

interface Event {
  readonly dueMs: number;
  /** Of two that are due at once the older goes first, so that every run is the same. */
  readonly order: number;
  readonly isQuiet: boolean;
  callback: (() => void) | undefined;
}

export function createVirtualTime(startMs: number): VirtualTime {
  const events: Event[] = [];
  let now = startMs;
  let lastOrder = 0;

  function add(ms: number, callback: () => void, isQuiet: boolean): Event {
    lastOrder += 1;
    const event = { dueMs: now + ms, order: lastOrder, isQuiet, callback };
    pushEvent(events, event);
    return event;
  }

  /** A turn of the loop ends when neither promises nor ticks (DataLoader's batches) are left to run. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function run(untilMs: number): Promise<void> {
    for (let next = events[0]; next && next.dueMs <= untilMs; next = events[0]) {
      popEvent(events);
      if (!next.callback) continue;
      now = next.dueMs;
      next.callback();
      if (!next.isQuiet) await settle();
    }
    if (untilMs < Number.POSITIVE_INFINITY) now = untilMs;
  }

  return {
    nowMs: () => now,
    timers: {
      after(ms, callback) {
        const event = add(ms, callback, false);
        return () => {
          event.callback = undefined;
        };
      },
    },
    afterQuietly: (ms, callback) => void add(ms, callback, true),
    runUntil(atMs) {
      const [next] = events;
      if (next && next.dueMs <= atMs) return run(atMs);
      now = atMs;
      return undefined;
    },
    runOut: () => run(Number.POSITIVE_INFINITY),
    settle,
  };
}

/** A binary heap: the parent of `index` is at `(index - 1) >> 1`. */
function pushEvent(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex] as Event;
    if (isBefore(parent, event)) break;
    heap[index] = parent;
    heap[parentIndex] = event;
    index = parentIndex;
  }
}

function popEvent(heap: Event[]): void {
  const last = heap.pop();
  if (heap.length === 0 || last === undefined) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const right = heap[left + 1];
    const childIndex = right && isBefore(right, heap[left] as Event) ? left + 1 : left;
    const child = heap[childIndex];
    if (!child || isBefore(last, child)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
}

function isBefore(one: Event, other: Event): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
