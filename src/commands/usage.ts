/** What `--help` prints. */
export const USAGE = `Usage: kol-gateway [command] [options]

A GraphQL gateway in front of the paid KOL scores of JustOneAPI.

Commands:
  serve      serve GraphQL at http://127.0.0.1:4000/graphql (the default);
             without a token it answers from the built-in sandbox
  sandbox    run the synthetic upstream alone
               --port N        where it listens on 127.0.0.1 (default 4010)
               --latency-ms N  how long an answer takes (default 300)
  schema     print the GraphQL schema
               --subgraph      with the directives that a federation router composes by
  keys create NAME
             make a client key: print it once, and the entry with its hash for
             the file that CLIENT_KEYS_FILE names
  check      validate the configuration, print the limits of spending, and ask the
             upstream's free ping
               --account   also ask the vendor whether it accepts the token, and what
                           is left (the vendor does not say that this call is free)
               --contract  also compare the vendor's published example of the chosen
                           endpoint, without the token, with what is read of an answer

Options:
  --help     print this
  --version  print the version

The configuration is read from environment variables, such as
JUSTONEAPI_TOKEN_FILE, HOST and PORT: see docs/configuration.md.`;

/** A mistake in how the command was called: one line and exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
