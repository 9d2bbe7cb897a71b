import { type Exchange, replyJson } from './exchange.ts';

export interface OpsRoutesOptions {
  readonly contentType: string;
  /** The metrics in Prometheus's text format. */
  readonly text: () => Promise<string>;
  /** Today's ledger, and each client's. */
  readonly account: () => Promise<unknown>;
}

/** The routes for operators: `/metrics` for Prometheus, and `/account`, today's ledger. */
export function createOpsRoutes({ contentType, text, account }: OpsRoutesOptions) {
  return {
    async '/metrics'({ request, response }: Exchange): Promise<void> {
      const metrics = await text();
      response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : metrics);
    },
    async '/account'(exchange: Exchange): Promise<void> {
      replyJson(exchange, 200, await account());
    },
  };
}
