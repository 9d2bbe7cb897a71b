import cluster from 'node:cluster';
import type { GatewayOptions, RunningGateway } from '../gateway.ts';
import { VERSION } from '../version.ts';
import type { StartWorkersOptions } from '../workers/primary.ts';
import { spendingLimitsOf } from './spending-limits.ts';
import { UsageError } from './usage.ts';

export type ServeOptions = Pick<GatewayOptions, 'config' | 'log' | 'identity'> & StartWorkersOptions;

/** Starts the gateway and says, for a person, where it is and what its answers are. */
export async function serve(options: ServeOptions, print: (line: string) => void): Promise<RunningGateway> {
  const { config } = options;
  if (config.workers > 1 && cluster.isWorker) {
    throw new UsageError('WORKERS: expected 1 where another program has started this one as a worker of its own');
  }
  const gateway = await start(options);
  const { target } = config.upstream;
  print(
    target.mode === 'sandbox'
      ? `kol-gateway ${VERSION}, sandbox mode: answers are synthetic, and nothing is bought`
      : `kol-gateway ${VERSION}, live: answers are bought from ${new URL(target.baseUrl).host}`,
  );
  print(`  GraphQL   ${gateway.origin}/graphql`);
  if (config.server.graphiql)
    print(`  Pages     ${gateway.origin} compares KOLs, and /graphql is GraphiQL in a browser`);
  print(`  Limits    ${spendingLimitsOf(config)}`);
  if (target.mode === 'sandbox') print('  To go live, set JUSTONEAPI_TOKEN_FILE or JUSTONEAPI_TOKEN.');
  for (const warning of config.warnings) print(`  Warning   ${warning}`);
  return gateway;
}

/** The process that only starts workers needs none of what they run. */
async function start(options: ServeOptions): Promise<RunningGateway> {
  if (options.config.workers > 1) return (await import('../workers/primary.ts')).startWorkers(options);
  return (await import('../gateway.ts')).startGateway(options);
}
