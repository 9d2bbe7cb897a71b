import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runSteps } from './pipeline-model.ts';
import { settings, steps } from './pipeline-steps.ts';

const runs = Number(process.env['PIPELINE_RUNS'] ?? 300);
/** Printed by fast-check with a failure; `PIPELINE_SEED` runs the same sequences again. */
const seed = process.env['PIPELINE_SEED'];

test(`the promises hold through ${runs} sequences of reads, faults, jumps of time, and crashes`, async () => {
  const property = fc.asyncProperty(steps, settings, async (sequence, lineSettings) => {
    expect(await runSteps(sequence, lineSettings)).toEqual([]);
  });
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) });
});
