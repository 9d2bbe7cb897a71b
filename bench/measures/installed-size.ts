import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `npm install kol-gateway` puts on a disk, by `du -sk`: everything, without the Node that comes along, and the largest. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LARGEST = 12;

const folder = mkdtempSync(join(tmpdir(), 'kol-gateway-size-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const npm = (cwd: string, ...args: string[]) => execFileSync('npm', args, { cwd, encoding: 'utf8' });

npm(ROOT, 'pack', '--silent', '--pack-destination', folder);
const [tarball = ''] = globSync('*.tgz', { cwd: folder });
npm(folder, 'init', '--yes');
npm(folder, 'install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`);

const modules = join(folder, 'node_modules');
const kilobytesOf = (path: string) => Number.parseInt(execFileSync('du', ['-sk', path], { encoding: 'utf8' }), 10);
const packages = globSync(['*', '@*/*'], { cwd: modules }).filter((name) => !/^(@[^/]+|\..*)$/.test(name));
const sizes = packages.map((name) => ({ name, kilobytes: kilobytesOf(join(modules, name)) }));
sizes.sort((one, other) => other.kilobytes - one.kilobytes);

const all = kilobytesOf(modules);
const node = sizes.filter(({ name }) => /^node-(bin-)?(linux|darwin|win)-/.test(name));
const nodeKilobytes = node.reduce((sum, { kilobytes }) => sum + kilobytes, 0);
const text = (kilobytes: number) => `${(kilobytes / 1024).toFixed(1)} MB`;
process.stdout.write(`${text(all)} in ${sizes.length} packages; ${text(all - nodeKilobytes)} without Node\n`);
for (const { name, kilobytes } of sizes.slice(0, LARGEST)) process.stdout.write(`  ${text(kilobytes)} ${name}\n`);
