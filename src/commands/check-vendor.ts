import { ENDPOINT_NAMES, type EndpointName } from '../domain/link-index.ts';
import { UpstreamError } from '../domain/upstream-error.ts';
import { readBalance } from '../upstream/account/balance.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import { ENDPOINTS } from '../upstream/endpoints.ts';
import type { Gap } from '../upstream/index-scores.ts';
import { compareExample, type ExampleComparison } from '../upstream/published-example.ts';

type Print = (line: string) => void;

/**
 * Says whether the vendor accepts the token and what is left on the account. The vendor does not say that the call is free.
 * @returns whether the balance was read
 */
export async function checkAccount(client: UpstreamClient, print: Print): Promise<boolean> {
  const outcome = await readBalance(client);
  switch (outcome.kind) {
    case 'balance':
      print(`account: the token is accepted; ${outcome.balance.amount} ${outcome.balance.currency} left`);
      return true;
    case 'refused':
      print(`account: the token is refused (${outcome.reason})`);
      return false;
    case 'unreadable':
      print(`account: could not be read: ${outcome.reason}`);
      return false;
  }
}

/**
 * Compares the vendor's published example of the chosen endpoint with what is read of an answer; of both endpoints where
 * `auto` may ask either. Free, and without the token.
 * @returns whether every example was read and has all that is read
 */
export async function checkContract(
  client: UpstreamClient,
  endpoint: EndpointName | 'auto',
  print: Print,
): Promise<boolean> {
  let isGood = true;
  for (const name of endpoint === 'auto' ? ENDPOINT_NAMES : [endpoint]) {
    const comparison = await askForExample(client, name);
    print(`contract: ${name}: ${describe(comparison)}`);
    isGood &&= comparison.kind === 'compared' && comparison.gaps.length === 0;
  }
  return isGood;
}

async function askForExample(client: UpstreamClient, name: EndpointName): Promise<ExampleComparison> {
  try {
    return compareExample(await client.example(ENDPOINTS[name].path));
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return { kind: 'unreadable', reason: error.message };
  }
}

function describe(comparison: ExampleComparison): string {
  if (comparison.kind === 'unreadable') return `could not be read: ${comparison.reason}`;
  const { gaps, checkedAt, isSynthetic } = comparison;
  const example = `the published example${isSynthetic ? ', made up by the vendor' : ''}`;
  const checked = checkedAt === undefined ? '' : `, checked by the vendor at ${checkedAt}`;
  const origin = `(${example}${checked})`;
  if (gaps.length === 0) return `nothing is gone ${origin}`;
  const gone = gaps.filter(isGone).map(({ path }) => path);
  const odd = gaps.filter((gap) => !isGone(gap)).map(({ path, form }) => `${path} (${form})`);
  return [
    ...(gone.length > 0 ? [`gone: ${gone.join(', ')}`] : []),
    ...(odd.length > 0 ? [`in a form that means nothing to the gateway: ${odd.join(', ')}`] : []),
    origin,
  ].join('; ');
}

function isGone({ form }: Gap): boolean {
  return form === 'missing';
}
