import type { Config } from '../config/config.ts';
import { createUpstreamClient } from '../upstream/client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';

/**
 * Asks the upstream's free `/ping`, never a billed call.
 * @returns whether it answered
 */
export async function check(config: Config, print: (line: string) => void): Promise<boolean> {
  const { target } = config.upstream;
  print('configuration: good');
  for (const warning of config.warnings) print(`warning: ${warning}`);
  if (target.mode === 'sandbox') {
    print('upstream: the built-in sandbox');
    return true;
  }
  const { host } = new URL(target.baseUrl);
  const client = createUpstreamClient({ ...config.upstream, baseUrl: target.baseUrl, token: () => '' });
  try {
    const { httpStatus } = await client.ping();
    const isGood = httpStatus >= 200 && httpStatus < 300;
    print(
      isGood
        ? `upstream: ${host} answers its ping`
        : `upstream: ${host} answered its ping with HTTP status ${httpStatus}, expected 200`,
    );
    return isGood;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    print(`upstream: ${host} does not answer its ping: ${error.message}`);
    return false;
  } finally {
    await client.close();
  }
}
