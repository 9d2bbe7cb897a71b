import type { Config } from './config/config.ts';
import { systemTimers, type Timers, within } from './domain/time.ts';
import { createAuthenticator } from './server/clients/authenticator.ts';
import { createRates } from './server/clients/rates.ts';
import { readTrustedDocuments } from './server/graphql/trusted-documents.ts';
import type { Stores } from './stores/stores.ts';
import type { Logger } from './telemetry/logger.ts';
import { watchFileContent } from './watched-file.ts';

export interface OpenDoorsOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly closing: AsyncDisposableStack;
}

/** Who is let in, and with which documents. */
export function openDoors({ config, log, closing }: OpenDoorsOptions) {
  const { clientKeysFile, allowAnonymous, introspection } = config.server;
  const authenticator = createAuthenticator({
    keyFile: clientKeysFile,
    allowAnonymous,
    onReloaded: () => log.info('the client keys were read anew from their file'),
    onRejected: (error) =>
      log.error({ err: error }, 'the key file changed and is none now; the last good keys stay in use'),
  });
  closing.defer(() => authenticator.close());

  return {
    authenticator,
    trustedDocuments: openTrustedDocuments(config, log, closing),
    /** What a person without a key finds. */
    visitor: {
      needsKey: authenticator.anonymousClient === undefined,
      isSchemaPublic: introspection && authenticator.anonymousClient?.scopes.has('introspect') === true,
    },
  };
}

export interface OpenRatesOptions {
  readonly stores: Stores;
  readonly clock: () => number;
  readonly timers: Timers;
  readonly closing: AsyncDisposableStack;
  readonly onError: (operation: string, error: unknown) => void;
}

/** A start waits no longer than this for what clients sent before it, in milliseconds. */
const START_PATIENCE_MS = 1000;

/** How often each client may ask. */
export async function openRates({ stores, clock, timers, closing, onError }: OpenRatesOptions) {
  const rates = createRates({ shared: stores.shared?.rates, store: stores.rates, clock, timers, onError });
  closing.defer(() => rates.close());
  await within(systemTimers, START_PATIENCE_MS, rates.load()).catch((error: unknown) => onError('rates', error));
  return rates;
}

function openTrustedDocuments({ server: { trustedDocuments } }: Config, log: Logger, closing: AsyncDisposableStack) {
  if (trustedDocuments === undefined) return undefined;
  const { path, only } = trustedDocuments;
  const file = watchFileContent({
    path,
    read: readTrustedDocuments,
    onChange: () => log.info('the trusted documents were read anew from their file'),
    onRejected: (error) =>
      log.error({ err: error }, 'the file of trusted documents is none now; the last good ones stay'),
  });
  closing.defer(() => file.close());
  return { only, documents: { documentOf: (hash: string) => file.current().documentOf(hash) } };
}
