import { expect, test } from 'vitest';
import { createRates, type RateStore, type SentRequests } from '../../../src/server/clients/rates.ts';
import { createTestClock } from '../../support/test-clock.ts';

const CLIENT = { name: 'web', perMinute: 2, billedPerDay: undefined, scopes: new Set([]) } as const;

test('what was counted is stored a second later, so that a kill forgets no more than that', async () => {
  const saved: SentRequests[] = [];
  const clock = createTestClock();
  const store: RateStore = { load: async () => saved, save: async (sent) => void saved.push(...sent) };
  const rates = createRates({ store, clock: clock.nowMs, timers: clock.timers });

  await rates.count(CLIENT);
  await rates.count(CLIENT);
  clock.advanceMs(999);
  expect(saved).toEqual([]);
  clock.advanceMs(1);
  expect(saved).toMatchObject([{ client: 'web', count: 2 }]);

  const restarted = createRates({ store, clock: clock.nowMs, timers: clock.timers });
  await restarted.load();
  expect(await restarted.count(CLIENT)).toMatchObject({ httpStatus: 429, code: 'RATE_LIMITED' });
});

test('a minute that is over is not taken up again', async () => {
  const clock = createTestClock();
  const store: RateStore = {
    load: async () => [{ client: 'web', count: 9, endsAtMs: clock.nowMs() - 1 }],
    save: async () => {},
  };
  const rates = createRates({ store, clock: clock.nowMs, timers: clock.timers });
  await rates.load();
  expect(await rates.count(CLIENT)).toBeUndefined();
});
