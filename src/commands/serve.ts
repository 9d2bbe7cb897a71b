import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts';
import { VERSION } from '../version.ts';

/** Starts the gateway and says, for a person, where it is and what its answers are. */
export async function serve(
  { config, log, identity }: GatewayOptions,
  print: (line: string) => void,
): Promise<Gateway> {
  const gateway = await startGateway({ config, log, identity });
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
