import type { Span } from '../telemetry/span.ts';
import { billedOf } from '../upstream/policies/budgeted.ts';
import type { Flown } from './shared-flight.ts';

/** Ends the step of a purchase with the purchase, which may be long after the request that began it. */
export async function tracePurchase(step: Span, flight: Promise<Flown>): Promise<Flown> {
  try {
    const flown = await flight;
    const { outcome, isOwn } = flown;
    step.set({ billed: isOwn ? billedOf(outcome) : 'no', attempts: isOwn ? outcome.attempts : undefined });
    if (outcome.kind === 'failure') step.fail(outcome.error.code);
    else step.set({ outcome: outcome.kind === 'answer' ? 'ok' : 'no_data', endpoint: outcome.endpoint });
    return flown;
  } catch (error) {
    step.fail('fault');
    throw error;
  } finally {
    step.end();
  }
}
