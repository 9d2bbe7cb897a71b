import type * as FastLane from '../../../src/server/fast-lane/fast-lane.ts';

/** How often the lane answered at once, and with what was ready; after reading; and not at all where it had a plan. */
export const lane = { answered: 0, ready: 0, read: 0, handedOver: 0, created: 0 };

/** For `vi.mock`: the lane as it is, with its answers counted in `lane`. */
export async function withCounts(load: () => Promise<typeof FastLane>): Promise<typeof FastLane> {
  const original = await load();
  return {
    ...original,
    createFastLane(options) {
      lane.created += 1;
      const real = original.createFastLane(options);
      return {
        ...real,
        answerFromMemory(...request) {
          const isAnswered = real.answerFromMemory(...request);
          lane.answered += Number(isAnswered);
          lane.ready += Number(isAnswered && request[2].ready !== undefined);
          return isAnswered;
        },
        async answerByReading(...request) {
          const isAnswered = await real.answerByReading(...request);
          if (isAnswered) lane.read += 1;
          else lane.handedOver += 1;
          return isAnswered;
        },
      };
    },
  };
}
