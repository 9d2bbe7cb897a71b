import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseArguments } from '../../src/commands/parse-arguments.ts';
import { parseConfig } from '../../src/config/config.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const ROOT = join(import.meta.dirname, '../..');
const UNIT = readFileSync(join(ROOT, 'ops/kol-gateway.service'), 'utf8');
const CONTAINERFILE = readFileSync(join(ROOT, 'ops/Containerfile'), 'utf8');
const KUBERNETES = readFileSync(join(ROOT, 'ops/kubernetes.yml'), 'utf8');

/** A second signal's work: what has arrived is stored and sent. In seconds. */
const HURRY_SECONDS = 5;

function only(pattern: RegExp, text: string): string {
  const found = [...text.matchAll(pattern)].map(([, value = '']) => value);
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

/** The values of the ConfigMap, read by their layout. */
function configMap(): Record<string, string> {
  const pairs = KUBERNETES.matchAll(/^ {2}([A-Z][A-Z_]+): '?(.*?)'?$/gm);
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));
}

function imageVariables(): Record<string, string> {
  const words = only(/^ENV (.+)$/gm, CONTAINERFILE).split(' ');
  return Object.fromEntries(words.map((word) => word.split(/=(.*)/s).slice(0, 2)));
}

function unitVariables(): Record<string, string> {
  const pairs = UNIT.matchAll(/^Environment=([A-Z_]+)=(.+)$/gm);
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));
}

/** The two files that are mounted beside the configuration. */
function secretFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { JUSTONEAPI_TOKEN_FILE: join(folder, 'token'), CLIENT_KEYS_FILE: join(folder, 'keys.json') };
  writeFileSync(files.JUSTONEAPI_TOKEN_FILE, 'not-a-real-token\n');
  const sha256 = createHash('sha256').update('not a real key').digest('hex');
  writeFileSync(files.CLIENT_KEYS_FILE, JSON.stringify({ clients: [{ name: 'shop', sha256 }] }));
  return files;
}

describe('the files to deploy with', () => {
  test.each([
    ['the systemd unit', unitVariables()],
    ['the image', imageVariables()],
    ['the ConfigMap', configMap()],
  ])('%s sets variables that exist, and no secret by value', (_, variables) => {
    const documented = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');
    expect(variables).not.toEqual({});
    for (const name of Object.keys(variables)) {
      expect(documented).toContain(`\`${name}\``);
      expect(['JUSTONEAPI_TOKEN', 'SUBGRAPH_SECRET']).not.toContain(name);
    }
  });

  test('the image does not start open to all, nor without a token', () => {
    expect(() => parseConfig(imageVariables())).toThrow(/ALLOW_ANONYMOUS|CLIENT_KEYS_FILE/);
    expect(() => parseConfig({ ...imageVariables(), ALLOW_ANONYMOUS: 'true' })).toThrow(/JUSTONEAPI_TOKEN/);
  });

  test('the ConfigMap is a configuration that starts', () => {
    const { server, cache, upstream } = parseConfig({ ...configMap(), ...secretFiles() });
    expect(server).toMatchObject({ host: '0.0.0.0', port: 4000 });
    expect(cache.store).toEqual({ kind: 'sqlite', path: '/var/lib/kol-gateway/cache.sqlite' });
    expect(upstream.target.mode).toBe('live');
  });

  test('SIGTERM has time to drain before anything kills', () => {
    const defaultGraceSeconds = parseConfig({}).server.shutdownGraceMs / 1000;
    const unitSeconds = Number(only(/^TimeoutStopSec=(\d+)$/gm, UNIT));
    expect(unitSeconds).toBeGreaterThanOrEqual(defaultGraceSeconds + HURRY_SECONDS);

    const podSeconds = Number(only(/terminationGracePeriodSeconds: (\d+)/g, KUBERNETES));
    const preStopSeconds = Number(only(/command: \[sleep, '(\d+)'\]/g, KUBERNETES));
    const graceSeconds = Number(configMap()['SHUTDOWN_GRACE_SECONDS']);
    expect(podSeconds).toBeGreaterThanOrEqual(preStopSeconds + graceSeconds + HURRY_SECONDS);
  });

  test('the SQLite file has one process at a time', () => {
    expect(only(/^kind: (StatefulSet|Deployment)$/gm, KUBERNETES)).toBe('StatefulSet');
    expect(only(/^ {2}replicas: (\d+)$/gm, KUBERNETES)).toBe('1');
    expect(only(/accessModes: \[(.+)\]/g, KUBERNETES)).toBe('ReadWriteOnce');
    expect(configMap()['CACHE_STORE']).toMatch(/^sqlite:/);
    // A start that finds the file in use ends with exit code 1, and is repeated.
    expect(only(/^Restart=(.+)$/gm, UNIT)).toBe('on-failure');
    expect(only(/^RestartPreventExitStatus=(.+)$/gm, UNIT)).toBe('2');
  });

  test('the probes and the scrape ask for what is answered', async () => {
    await using gateway = await startTestGateway();
    const paths = [...KUBERNETES.matchAll(/path: (\/\w+)/g)].map(([, path = '']) => path);
    expect(paths.toSorted()).toEqual(['/livez', '/metrics', '/readyz', '/readyz']);
    for (const path of paths) expect([path, (await fetch(gateway.origin + path)).status]).toEqual([path, 200]);
  });

  test('the commands that they run exist', () => {
    const unitCommands = [...UNIT.matchAll(/^ExecStart(?:Pre)?=.*kol-gateway\.js (.+)$/gm)].map(
      ([, words = '']) => words,
    );
    const imageCommands = JSON.parse(only(/^CMD (.+)$/gm, CONTAINERFILE)) as string[];
    expect(unitCommands).toEqual(['check', 'serve']);
    for (const words of [...unitCommands.map((line) => line.split(' ')), imageCommands]) {
      expect(() => parseArguments(words)).not.toThrow();
    }
  });

  test('what the image is built from is there', () => {
    const sources = [...CONTAINERFILE.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, words = '']) =>
      words.split(' '),
    );
    expect(sources).toContain('package-lock.json');
    for (const source of sources) expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
  });

  test('nothing runs as root, or writes beside the store', () => {
    expect(UNIT).toMatch(/^DynamicUser=yes$/m);
    expect(UNIT).toMatch(/^ProtectSystem=strict$/m);
    expect(CONTAINERFILE).toMatch(/^USER 10001:10001$/m);
    expect(KUBERNETES).toMatch(/^ {8}runAsNonRoot: true$/m);
    expect(KUBERNETES).toMatch(/^ {12}readOnlyRootFilesystem: true$/m);
  });
});
