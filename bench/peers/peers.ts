import { fileURLToPath } from 'node:url';
import type { ServerCommand } from '../machine/started-server.ts';
import type { WorkloadName } from '../workloads/workloads.ts';

/** What a server may need to know. */
export interface Surroundings {
  readonly upstream: string;
  /** Holds the one client that the load is. */
  readonly clientKeysFile: string;
  /** Gone after the run. */
  readonly folder: string;
}

export interface Peer {
  readonly label: string;
  /** All, unless it says otherwise. */
  readonly workloads?: readonly WorkloadName[];
  /** Its answers have the right length, whatever they hold. */
  readonly isCanned?: boolean;
  command(workload: WorkloadName, surroundings: Surroundings): Omit<ServerCommand, 'name'>;
}

const GATEWAY = fileURLToPath(new URL('../../bin/kol-gateway.js', import.meta.url));

/** As its users run it: with client keys, metrics on, logs at their default. */
export function gatewayCommand(
  { upstream, clientKeysFile, folder }: Surroundings,
  env: Readonly<Record<string, string>> = {},
): Omit<ServerCommand, 'name'> {
  const store = `sqlite:${folder}/cache-${crypto.randomUUID()}.sqlite`;
  return {
    args: [GATEWAY],
    env: {
      JUSTONEAPI_TOKEN: 'bench',
      JUSTONEAPI_BASE_URL: upstream,
      CLIENT_KEYS_FILE: clientKeysFile,
      CACHE_STORE: store,
      UPSTREAM_KEEP_ALIVE: 'true',
      ...env,
    },
  };
}

/** The peers keep what they bought in memory alone, so where buying is measured it does too; SQLite stands beside it. */
const storeFor = (workload: WorkloadName) => (workload === 'W3' ? { CACHE_STORE: 'memory:' } : {});

const program =
  (file: string, env: Readonly<Record<string, string>> = {}): Peer['command'] =>
  (_, { upstream }) => ({
    args: [fileURLToPath(new URL(file, import.meta.url))],
    env: { UPSTREAM: upstream, ...env },
  });

export type Peers = Readonly<Record<string, Peer>>;

/** The one that every other is a fraction of. */
export const FLOOR = 'floor';

export const PEERS: Peers = {
  [FLOOR]: { label: 'floor: bare node:http', isCanned: true, command: program('floor.ts') },
  gateway: {
    label: 'kol-gateway',
    command: (workload, surroundings) => gatewayCommand(surroundings, storeFor(workload)),
  },
  'gateway-sqlite': {
    label: 'kol-gateway, kept in SQLite',
    workloads: ['W3'],
    command: (_, surroundings) => gatewayCommand(surroundings),
  },
  'gateway-yoga': {
    label: 'kol-gateway, FAST_LANE=false',
    command: (workload, surroundings) => gatewayCommand(surroundings, { FAST_LANE: 'false', ...storeFor(workload) }),
  },
  yoga: { label: 'graphql-yoga + Pothos', command: program('yoga.ts') },
  apollo: { label: 'Apollo Server + RESTDataSource', command: program('apollo.ts') },
  'apollo-cache': { label: 'Apollo Server + response cache', command: program('apollo.ts', { RESPONSE_CACHE: '1' }) },
  mercurius: { label: 'Mercurius + JIT + LRU', command: program('mercurius.ts') },
  'mercurius-cache': {
    label: 'Mercurius + JIT + LRU + its cache',
    command: program('mercurius.ts', { MERCURIUS_CACHE: '1' }),
  },
  hive: {
    label: 'Hive Gateway over OpenAPI + its cache',
    workloads: ['W1', 'W2', 'W4', 'W3'],
    command: program('hive.ts'),
  },
};
