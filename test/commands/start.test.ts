import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const { PATH, HOME } = process.env;
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-start-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every module that is loaded until the gateway is ready, as text. */
async function loadsOfStart(env: Record<string, string> = {}): Promise<string> {
  const loadsFile = join(emptyFolder(), 'loads');
  const recorder = new URL('../support/record-loads.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', recorder, 'bin/kol-gateway.js'], {
    env: { PATH, HOME, PORT: '0', CACHE_STORE: 'memory:', LOADS_FILE: loadsFile, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return readFileSync(loadsFile, 'utf8');
}

describe('a start', () => {
  test('loads what the first request needs, and nothing of other configurations and of pages', async () => {
    const loads = await loadsOfStart();
    for (const needed of ['graphql-yoga', '@graphql-tools/executor', 'undici', 'dataloader', 'rate-limiter-flexible'])
      expect(loads).toContain(`/node_modules/${needed}/`);
    for (const later of [
      ...['ioredis', 'pino-pretty', 'marked', '@graphql-yoga/render-graphiql', '@opentelemetry/sdk-trace'],
      ...['@opentelemetry/core'],
    ])
      expect(loads).not.toContain(`/node_modules/${later}/`);
    expect(loads).not.toMatch(/redis-stores|sqlite-stores|telemetry\/tracing|pages\/graphiql-html/);
  });

  test('with traces loads OpenTelemetry, so that the list above can fail', async () => {
    const loads = await loadsOfStart({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect(loads).toContain('/node_modules/@opentelemetry/sdk-trace/');
  });
});

test('what Node.js warns of is a line of the log, as everything on standard error is', async () => {
  const preload = "data:text/javascript,process.on('SIGUSR2',()=>process.emitWarning('said by a test'))";
  const child = spawn(process.execPath, ['--import', preload, 'src/main.ts'], {
    env: { PATH, HOME, PORT: '0', CACHE_STORE: 'memory:' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGUSR2');
  const [chunk] = await once(child.stderr, 'data');
  expect(JSON.parse(String(chunk))).toMatchObject({
    level: 'warn',
    msg: 'Node.js warns',
    err: { message: 'said by a test' },
  });
});

describe('compiled code', () => {
  /** The command beside an own `dist`, and the sources of this project. */
  function install(): { folder: string; run: (env?: Record<string, string>) => unknown } {
    const folder = emptyFolder();
    cpSync('bin', join(folder, 'bin'), { recursive: true });
    cpSync('package.json', join(folder, 'package.json'));
    symlinkSync(resolve('src'), join(folder, 'src'));
    const run = (env = {}) => {
      const args = [join(folder, 'bin/kol-gateway.js'), '--version'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        env: { PATH, HOME, ...env },
        encoding: 'utf8',
      });
      return { status, stdout, stderr };
    };
    return { folder, run };
  }

  const WELL = { status: 0, stdout: `${version}\n`, stderr: '' };

  test('is kept beside the build', () => {
    const { folder, run } = install();
    expect(run()).toEqual(WELL);
    expect(existsSync(join(folder, 'dist/.compile-cache'))).toBe(true);
    expect(run()).toEqual(WELL);
  });

  test('is kept where NODE_COMPILE_CACHE says, and nowhere with NODE_DISABLE_COMPILE_CACHE', () => {
    const { folder, run } = install();
    const elsewhere = emptyFolder();
    expect(run({ NODE_COMPILE_CACHE: join(elsewhere, 'compiled') })).toEqual(WELL);
    expect(existsSync(join(elsewhere, 'compiled'))).toBe(true);
    expect(run({ NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual(WELL);
    expect(existsSync(join(folder, 'dist'))).toBe(false);
  });

  test('that cannot be kept hinders no start, and nothing is said of it', () => {
    const { folder, run } = install();
    // As on a file system that is read only, which root could write to here.
    writeFileSync(join(folder, 'dist'), '');
    expect(run()).toEqual(WELL);
  });

  test('that is damaged hinders no start, and nothing is said of it', () => {
    const { folder, run } = install();
    run();
    const kept = globSync(join(folder, 'dist/.compile-cache/*/*'));
    expect(kept).not.toEqual([]);
    for (const file of kept) writeFileSync(file, 'damaged');
    expect(run()).toEqual(WELL);
  });
});

describe('under a Node.js that is too old', () => {
  /** Every process but the one that a package of Node.js brings takes itself for version 20. */
  const PRETEND =
    "data:text/javascript,if(process.execPath.endsWith('old-node'))Object.defineProperty(process.versions,'node',{value:'20.20.2'})";

  /** The command in a package of its own, with the packages beside it that are linked. */
  function install(...packages: readonly string[]) {
    const folder = emptyFolder();
    const node = join(folder, 'old-node');
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
    const root = join(folder, 'node_modules/kol-gateway');
    cpSync('bin', join(root, 'bin'), { recursive: true });
    cpSync('package.json', join(root, 'package.json'));
    symlinkSync(resolve('src'), join(root, 'src'));
    for (const name of packages) symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
    return { node, args: ['--import', PRETEND, join(root, 'bin/kol-gateway.js')] };
  }

  const bundled = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).optionalDependencies).filter((name) =>
    existsSync(join('node_modules', name)),
  );

  test('the one that came with the install is started, with the same arguments, output and exit code', () => {
    const { node, args } = install(...bundled);
    const run = (...more: string[]) => {
      const { status, stdout, stderr } = spawnSync(node, [...args, ...more], { env: { PATH, HOME }, encoding: 'utf8' });
      return { status, stdout, stderr };
    };
    expect(run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(run('nonsense')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'kol-gateway: unknown command "nonsense"; see kol-gateway --help\n',
    });
  });

  test('a signal reaches the one that was started, and the drain ends both', async () => {
    const { node, args } = install(...bundled);
    const env = { PATH, HOME, PORT: '0', CACHE_STORE: 'memory:' };
    const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    for await (const chunk of child.stdout) if (String(chunk).includes('/graphql')) break;
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('without one it says so in one line', () => {
    const { node, args } = install();
    const { status, stdout, stderr } = spawnSync(node, args, { env: { PATH, HOME }, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'kol-gateway: expected Node.js 24.11 or later, this is 20.20.2\n',
    });
  });
});
