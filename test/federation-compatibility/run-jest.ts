import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Of jest's report, what we read. */
export interface JestReport {
  readonly success: boolean;
  readonly numTotalTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface JestOptions {
  readonly jestPath: string;
  readonly testsPath: string;
  readonly configPath: string;
  readonly productsUrl: string;
  readonly signal: AbortSignal;
}

/**
 * The call of jest that Apollo's runner makes.
 *
 * @throws when jest gives no report
 */
export async function runJest({
  jestPath,
  testsPath,
  configPath,
  productsUrl,
  signal,
}: JestOptions): Promise<JestReport> {
  const jest = spawn(process.execPath, [jestPath, testsPath, '--ci', '--json', '--config', configPath], {
    env: { ...process.env, PRODUCTS_URL: productsUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const [output, errors] = await Promise.all([text(jest.stdout), text(jest.stderr), once(jest, 'close')]);
  if (!output.startsWith('{')) throw new Error(`jest: expected a report, got ${output}${errors}`);
  return JSON.parse(output) as JestReport;
}
