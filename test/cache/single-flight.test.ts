import { expect, test } from 'vitest';
import { createSingleFlight } from '../../src/cache/single-flight.ts';

/** Starts that end when the test says so. */
function createStarts() {
  const open: PromiseWithResolvers<string>[] = [];
  return {
    get count() {
      return open.length;
    },
    start: () => {
      const result = Promise.withResolvers<string>();
      open.push(result);
      return result.promise;
    },
    end: (index: number, value: string) => open[index]?.resolve(value),
    fail: (index: number, error: Error) => open[index]?.reject(error),
  };
}

test('whoever comes while a flight is under way joins it', async () => {
  const flights = createSingleFlight<string>();
  const starts = createStarts();
  const results = [flights.join('k', starts.start), flights.join('k', starts.start)];
  starts.end(0, 'a');
  expect(await Promise.all(results)).toEqual(['a', 'a']);
  expect(starts.count).toBe(1);
});

test('keys fly apart, and a landed flight is not joined', async () => {
  const flights = createSingleFlight<string>();
  const starts = createStarts();
  const first = flights.join('k', starts.start);
  const other = flights.join('l', starts.start);
  starts.end(0, 'a');
  starts.end(1, 'b');
  expect([await first, await other]).toEqual(['a', 'b']);
  const second = flights.join('k', starts.start);
  starts.end(2, 'c');
  expect(await second).toBe('c');
});

test('a forced flight waits for the unforced one, and forced callers share it', async () => {
  const flights = createSingleFlight<string>();
  const starts = createStarts();
  const unforced = flights.join('k', starts.start);
  const forced = [flights.joinForced('k', starts.start), flights.joinForced('k', starts.start)];
  expect(starts.count).toBe(1);
  starts.end(0, 'old');
  expect(await unforced).toBe('old');
  await Promise.resolve();
  expect(starts.count).toBe(2);
  starts.end(1, 'new');
  expect(await Promise.all(forced)).toEqual(['new', 'new']);
});

test('an unforced caller joins the unforced flight, and the forced one when that is the only one', async () => {
  const flights = createSingleFlight<string>();
  const starts = createStarts();
  const unforced = flights.join('k', starts.start);
  const forced = flights.joinForced('k', starts.start);
  const early = flights.join('k', starts.start);
  starts.end(0, 'old');
  expect([await unforced, await early]).toEqual(['old', 'old']);
  await Promise.resolve();
  const late = flights.join('k', starts.start);
  starts.end(1, 'new');
  expect([await forced, await late]).toEqual(['new', 'new']);
  expect(starts.count).toBe(2);
});

test('a failed flight fails everyone who joined and leaves nothing behind', async () => {
  const flights = createSingleFlight<string>();
  const starts = createStarts();
  const results = [flights.join('k', starts.start), flights.joinForced('k', starts.start)];
  starts.fail(0, new Error('lost'));
  await expect(results[0]).rejects.toThrow('lost');
  await Promise.resolve();
  starts.end(1, 'new');
  expect(await results[1]).toBe('new');
  await flights.idle();
});

test('idle waits for flights that start while it waits', async () => {
  const flights = createSingleFlight<string>();
  const starts = createStarts();
  let isIdle = false;
  const first = flights.join('k', starts.start);
  const idle = flights.idle().then(() => {
    isIdle = true;
  });
  const second = flights.join('l', starts.start);
  starts.end(0, 'a');
  await first;
  expect(isIdle).toBe(false);
  starts.end(1, 'b');
  await second;
  await idle;
});
