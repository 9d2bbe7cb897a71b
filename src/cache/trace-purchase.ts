import type { Span } from '../telemetry/span.ts';
import { billedOf } from '../upstream/budgeted.ts';
import type { LinkIndexOutcome } from '../upstream/link-index-source.ts';

/** Ends the step of a purchase with the purchase, which may be long after the request that began it. */
export async function tracePurchase(step: Span, purchase: Promise<LinkIndexOutcome>): Promise<LinkIndexOutcome> {
  try {
    const outcome = await purchase;
    step.set({ billed: billedOf(outcome), attempts: outcome.attempts });
    if (outcome.kind === 'failure') step.fail(outcome.error.code);
    else step.set({ outcome: outcome.kind === 'answer' ? 'ok' : 'no_data', endpoint: outcome.endpoint });
    return outcome;
  } catch (error) {
    step.fail('fault');
    throw error;
  } finally {
    step.end();
  }
}
