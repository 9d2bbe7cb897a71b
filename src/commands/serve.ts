import { type Gateway, startGateway } from '../gateway.ts';
import { VERSION } from '../version.ts';
import { type StartWithWorkersOptions, startWithWorkers } from '../workers/start-with-workers.ts';
import { hasOwner } from '../workers/worker.ts';
import { UsageError } from './usage.ts';

/** Starts the gateway and says, for a person, where it is and what its answers are. */
export async function serve(options: StartWithWorkersOptions, print: (line: string) => void): Promise<Gateway> {
  const { config } = options;
  if (config.workers > 1 && hasOwner()) {
    throw new UsageError('WORKERS: expected 1 where another program has started this one as a worker of its own');
  }
  const gateway = await (config.workers === 1 ? startGateway(options) : startWithWorkers(options));
  const { target } = config.upstream;
  print(
    target.mode === 'sandbox'
      ? `kol-gateway ${VERSION}, sandbox mode: answers are synthetic, and nothing is bought`
      : `kol-gateway ${VERSION}, live: answers are bought from ${new URL(target.baseUrl).host}`,
  );
  print(`  GraphQL   ${gateway.origin}/graphql`);
  if (config.server.graphiql)
    print(`  Pages     ${gateway.origin} compares KOLs, and /graphql is GraphiQL in a browser`);
  if (target.mode === 'sandbox') print('  To go live, set JUSTONEAPI_TOKEN_FILE or JUSTONEAPI_TOKEN.');
  for (const warning of config.warnings) print(`  Warning   ${warning}`);
  return gateway;
}
