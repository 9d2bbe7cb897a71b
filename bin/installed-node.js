import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** @param {string} version without a leading "v" */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 11);
}

/**
 * The Node.js that an optional dependency of this package brings. npm puts it first on the PATH of scripts only; a shell
 * that starts `node_modules/.bin/kol-gateway` takes the system's.
 *
 * @returns {string | undefined} its path; undefined where none is installed for this platform, or one that is too old
 */
export function findInstalledNode() {
  const require = createRequire(import.meta.url);
  const platform = `-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const { optionalDependencies = {} } = require('../package.json');
  for (const name of Object.keys(optionalDependencies).filter((each) => each.endsWith(platform))) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      const { version, bin } = require(manifest);
      if (isNewEnough(version)) return join(dirname(manifest), bin.node);
    } catch {
      // npm skips an optional dependency that it cannot install
    }
  }
  return undefined;
}

/**
 * Runs this command again under another Node.js, passes signals on, and ends as it ends.
 *
 * @param {string} node
 */
export function runUnder(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    // By convention of shells: a process that a signal ended.
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
  child.on('error', ({ code }) => {
    process.stderr.write(
      `kol-gateway: expected Node.js 24.11 or later, this is ${process.versions.node}; ${node} cannot be started (${code})\n`,
    );
    process.exitCode = 2;
  });
}
