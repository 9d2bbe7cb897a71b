import type { Config } from '../config/config.ts';
import { describeRedis } from '../config/redis-location.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { startSandbox } from '../sandbox/sandbox-server.ts';
import { inspectLedger } from '../stores/open-stores.ts';
import { createUpstreamClient, type UpstreamClient } from '../upstream/client.ts';
import { openTokenSource } from '../upstream/token-source.ts';
import { checkAccount, checkContract } from './check-vendor.ts';
import { spendingLimitsOf } from './spending-limits.ts';

type Print = (line: string) => void;

export interface CheckOptions {
  /** Whether the vendor is asked if it accepts the token, and what is left. Default false: nothing says that this is free. */
  readonly readsAccount?: boolean;
  /** Whether the vendor's published example is compared with what is read of an answer. Default false. */
  readonly comparesContract?: boolean;
}

/**
 * Says whether the gateway could start and reach its upstream: the configuration and its limits, the ledger, and the upstream's free
 * `/ping`, never a billed call; and what the options ask for besides.
 *
 * @returns whether all is well
 */
export async function check(config: Config, print: Print, options: CheckOptions = {}): Promise<boolean> {
  print('configuration: good');
  print(`limits: ${spendingLimitsOf(config)}`);
  for (const warning of config.warnings) print(`warning: ${warning}`);
  const isLedgerGood = await checkLedger(config, print);
  return (await checkUpstream(config, print, options)) && isLedgerGood;
}

async function checkLedger(config: Config, print: Print): Promise<boolean> {
  try {
    const ledger = await inspectLedger(config);
    if (ledger === undefined) return true;
    const { day, billed, unknown, open } = ledger.today;
    const budget = config.upstream.dailyBudget ?? 'no budget';
    print(`ledger: ${day}: ${billed} billed, ${unknown} perhaps billed, ${open} in flight (${budget})`);
    for (const { atMs } of ledger.abandoned) {
      print(`ledger: a call begun at ${new Date(atMs).toISOString()} was never settled: perhaps billed`);
    }
    return true;
  } catch (error) {
    const { store } = config.cache;
    const { message } = error as Error;
    if (store.kind === 'redis') print(`ledger: cannot be read from ${describeRedis(store.location)}: ${message}`);
    if (store.kind === 'sqlite')
      print(`ledger: cannot be read from ${store.path}: ${message}; move a broken file away, and a new one is made`);
    return false;
  }
}

async function checkUpstream(config: Config, print: Print, options: CheckOptions): Promise<boolean> {
  const { target } = config.upstream;
  if (target.mode === 'sandbox') {
    print('upstream: the built-in sandbox');
    return !isVendorAsked(options) || checkSandbox(config, print, options);
  }
  const token = openTokenSource(target.token);
  const client = createUpstreamClient({ ...config.upstream, baseUrl: target.baseUrl, token: token.current });
  try {
    const isPingGood = await checkPing(client, new URL(target.baseUrl).host, print);
    return (await checkVendor(client, config, print, options)) && isPingGood;
  } finally {
    token.close();
    await client.close();
  }
}

/** The built-in sandbox answers as the vendor does, so the options can be tried out without an account. */
async function checkSandbox(config: Config, print: Print, options: CheckOptions): Promise<boolean> {
  const sandbox = await startSandbox();
  const client = createUpstreamClient({ ...config.upstream, baseUrl: sandbox.baseUrl, token: () => 'sandbox' });
  try {
    return await checkVendor(client, config, print, options);
  } finally {
    await client.close();
    await sandbox.close();
  }
}

function isVendorAsked({ readsAccount, comparesContract }: CheckOptions): boolean {
  return readsAccount === true || comparesContract === true;
}

async function checkPing(client: UpstreamClient, host: string, print: Print): Promise<boolean> {
  try {
    const { httpStatus } = await client.ping();
    const isGood = httpStatus >= 200 && httpStatus < 300;
    print(`upstream: ${host} answered its ping with HTTP status ${httpStatus}${isGood ? '' : ', expected 200'}`);
    return isGood;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    print(`upstream: ${host} does not answer its ping: ${error.message}`);
    return false;
  }
}

async function checkVendor(
  client: UpstreamClient,
  { upstream }: Config,
  print: Print,
  { readsAccount = false, comparesContract = false }: CheckOptions,
): Promise<boolean> {
  const isAccountGood = !readsAccount || (await checkAccount(client, print));
  const isContractGood = !comparesContract || (await checkContract(client, upstream.endpoint, print));
  return isAccountGood && isContractGood;
}
