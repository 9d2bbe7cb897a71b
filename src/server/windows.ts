import type { Metrics } from '../telemetry/metrics.ts';
import type { ClientLedgers } from '../upstream/client-ledgers.ts';
import { type Ledger, remainingOf } from '../upstream/ledger.ts';
import { type Exchange, replyJson } from './reply.ts';

export interface WindowsOptions {
  readonly metrics: Metrics;
  readonly ledger: Ledger;
  readonly clients: ClientLedgers;
  /** Billed calls per UTC day; undefined is no limit. */
  readonly dailyBudget: number | undefined;
}

/** What operators see: `/metrics` for Prometheus, and `/account`, today's ledger. */
export function createWindows({ metrics, ledger, clients, dailyBudget }: WindowsOptions) {
  return {
    async '/metrics'({ request, response }: Exchange): Promise<void> {
      const text = await metrics.text();
      response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : text);
    },
    async '/account'(exchange: Exchange): Promise<void> {
      const today = ledger.today();
      replyJson(exchange, 200, {
        ...today,
        budget: dailyBudget ?? null,
        remaining: remainingOf(today, dailyBudget) ?? null,
        clients: clients.today(),
      });
    },
  };
}
