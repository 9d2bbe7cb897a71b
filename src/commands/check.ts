import type { Config } from '../config/config.ts';
import { describeRedis } from '../redis/location.ts';
import { inspectLedger } from '../stores/open-stores.ts';
import { createUpstreamClient } from '../upstream/client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { spendingLimitsOf } from './spending-limits.ts';

type Print = (line: string) => void;

/**
 * Says whether the gateway could start and reach its upstream: the configuration and its limits, the ledger, and the upstream's free
 * `/ping`, never a billed call.
 *
 * @returns whether all is well
 */
export async function check(config: Config, print: Print): Promise<boolean> {
  print('configuration: good');
  print(`limits: ${spendingLimitsOf(config)}`);
  for (const warning of config.warnings) print(`warning: ${warning}`);
  const isLedgerGood = await checkLedger(config, print);
  return (await checkUpstream(config, print)) && isLedgerGood;
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

async function checkUpstream(config: Config, print: Print): Promise<boolean> {
  const { target } = config.upstream;
  if (target.mode === 'sandbox') {
    print('upstream: the built-in sandbox');
    return true;
  }
  const { host } = new URL(target.baseUrl);
  const client = createUpstreamClient({ ...config.upstream, baseUrl: target.baseUrl, token: () => '' });
  try {
    const { httpStatus } = await client.ping();
    const isGood = httpStatus >= 200 && httpStatus < 300;
    print(`upstream: ${host} answered its ping with HTTP status ${httpStatus}${isGood ? '' : ', expected 200'}`);
    return isGood;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    print(`upstream: ${host} does not answer its ping: ${error.message}`);
    return false;
  } finally {
    await client.close();
  }
}
