import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const USUAL_PATHS = ['/usr/bin/promtool', '/usr/local/bin/promtool'];

/** `PROMTOOL_PATH`, which then is the only one, or where the distributions put it. */
function findPromtool(): string | undefined {
  const given = process.env['PROMTOOL_PATH'];
  return (given ? [given] : USUAL_PATHS).find((path) => existsSync(path));
}

/** Whether tests by promtool are to run. Under CI they always are: a check that skips itself proves nothing there. */
export function expectsPromtool(): boolean {
  if (findPromtool() !== undefined || process.env['CI'] === 'true') return true;
  process.stderr.write(
    "SKIPPED: the tests of ops/prometheus-rules.yml, for want of promtool. Debian's package prometheus has it; or set PROMTOOL_PATH.\n",
  );
  return false;
}

/**
 * @returns what it printed
 * @throws with what it printed when it found a fault
 */
export async function runPromtool(...args: readonly string[]): Promise<string> {
  const promtool = findPromtool();
  if (promtool === undefined) {
    throw new Error(`expected promtool in PROMTOOL_PATH or at ${USUAL_PATHS.join(', ')}, found none`);
  }
  try {
    const { stdout, stderr } = await promisify(execFile)(promtool, args);
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')} failed:\n${stdout}${stderr || message}`);
  }
}
