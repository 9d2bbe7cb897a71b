import type { Payer } from '../../domain/link-index.ts';

export const SCOPES = ['ops', 'fresh', 'introspect'] as const;

/**
 * What a client may do besides asking: `ops` sees metrics and accounts, `fresh` buys in any case
 * (`acceptCache: false`), `introspect` reads the schema over the wire.
 */
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Client extends Payer {
  /** Requests per minute; undefined is no limit. */
  readonly perMinute: number | undefined;
  readonly scopes: ReadonlySet<Scope>;
}

/** Every client on this machine, where no keys are configured: it has every scope. */
export const LOCAL: Client = client('local', SCOPES);

/** Who comes without a key where `ALLOW_ANONYMOUS` lets it in. */
export const ANONYMOUS: Client = client('anonymous', []);

/** What a client may be called, besides those two. */
export function isClientName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) && name !== LOCAL.name && name !== ANONYMOUS.name;
}

function client(name: string, scopes: readonly Scope[]): Client {
  return { name, scopes: new Set(scopes), perMinute: undefined, billedPerDay: undefined };
}
