import type { LinkIndexOutcome, Requester } from '../../src/domain/link-index.ts';
import type { UpstreamError } from '../../src/domain/upstream-error.ts';
import { type AdmissionOptions, createAdmission } from '../../src/upstream/policies/admission.ts';
import { createRequester } from '../support/requester.ts';
import { createTestClock } from '../support/test-clock.ts';
import { createHeldSource, keyOf, settled } from './held-source.ts';

type Limits = Partial<Pick<AdmissionOptions, 'maxConcurrent' | 'maxPerSecond' | 'maxQueued' | 'slowsDown' | 'random'>>;

/** An admission over a source whose calls end when the test says so, with a clock that stands. */
export function createHeldAdmission(limits: Limits = {}, clock = createTestClock()) {
  const source = createHeldSource(clock.nowMs);
  let refusal: UpstreamError | undefined;
  const admission = createAdmission({
    ...{ maxConcurrent: 2, maxPerSecond: undefined, maxQueued: 100, slowsDown: true, random: () => 0.5 },
    ...limits,
    refusal: () => refusal,
    clock: clock.nowMs,
    timers: clock.timers,
  });
  const admitted = admission.policy(source);
  const outcomes = new Map<string, LinkIndexOutcome>();
  return {
    clock,
    source,
    admission,
    outcomes,
    started: () => source.calls.map(({ key }) => key.kolId),
    read(kolId: string, requester: Requester = createRequester()) {
      admitted.read(keyOf(kolId), { acceptCache: true, requester }).then((outcome) => outcomes.set(kolId, outcome));
      return settled();
    },
    refuse(error: UpstreamError | undefined) {
      refusal = error;
      admission.review();
      return settled();
    },
  };
}
