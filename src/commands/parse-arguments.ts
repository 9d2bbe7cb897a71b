import { parseArgs } from 'node:util';
import { isClientName } from '../server/clients/client.ts';
import type { CheckOptions } from './check.ts';
import type { SandboxCommandOptions } from './sandbox.ts';
import { UsageError } from './usage.ts';

export type Command =
  | { readonly name: 'help' | 'version' | 'serve' | 'worker' }
  | { readonly name: 'check'; readonly options: CheckOptions }
  | { readonly name: 'schema'; readonly isSubgraph: boolean }
  | { readonly name: 'keys create'; readonly client: string }
  | { readonly name: 'sandbox'; readonly options: SandboxCommandOptions };

const HINT = 'see kol-gateway --help';

/** @throws UsageError that says in one line what is wrong */
export function parseArguments(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { name: 'help' };
  if (values.version) return { name: 'version' };
  if (positionals[0] === 'keys') return { name: 'keys create', client: clientNamed(positionals.slice(1)) };
  const [name = 'serve', surplus] = positionals;
  if (surplus !== undefined) throw new UsageError(`unexpected argument "${surplus}"; ${HINT}`);
  if (name !== 'sandbox' && (values.port ?? values['latency-ms']) !== undefined) {
    throw new UsageError(`--port and --latency-ms belong to the sandbox command; ${HINT}`);
  }
  if (name !== 'schema' && values.subgraph) {
    throw new UsageError(`--subgraph belongs to the schema command; ${HINT}`);
  }
  if (name !== 'check' && (values.account ?? values.contract) !== undefined) {
    throw new UsageError(`--account and --contract belong to the check command; ${HINT}`);
  }
  switch (name) {
    case 'check': {
      const { account: readsAccount = false, contract: comparesContract = false } = values;
      return { name, options: { readsAccount, comparesContract } };
    }
    case 'serve':
    case 'worker':
      return { name };
    case 'schema':
      return { name, isSubgraph: values.subgraph ?? false };
    case 'sandbox':
      return {
        name,
        options: {
          port: integer('--port', values.port ?? '4010', 65_535),
          latencyMs: integer('--latency-ms', values['latency-ms'] ?? '300', 60_000),
        },
      };
    default:
      throw new UsageError(`unknown command "${name}"; ${HINT}`);
  }
}

function clientNamed([action, client, surplus]: readonly string[]): string {
  if (action !== 'create' || client === undefined || surplus !== undefined) {
    throw new UsageError(`keys: expected "keys create NAME"; ${HINT}`);
  }
  if (!isClientName(client)) {
    throw new UsageError(
      'keys create: expected a name of 1 to 64 characters of A-Z a-z 0-9 _ . -, not "local" or "anonymous"',
    );
  }
  return client;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
        subgraph: { type: 'boolean' },
        account: { type: 'boolean' },
        contract: { type: 'boolean' },
        port: { type: 'string' },
        'latency-ms': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}; ${HINT}`);
  }
}

function integer(option: string, text: string, max: number): number {
  if (/^\d{1,6}$/.test(text) && Number(text) <= max) return Number(text);
  throw new UsageError(`${option}: expected an integer from 0 to ${max}, got "${text}"`);
}
