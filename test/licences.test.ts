import { globSync, readFileSync } from 'node:fs';
import satisfies from 'spdx-satisfies';
import { describe, expect, test } from 'vitest';

// Covers what the root's package-lock.json names: what the product depends on, and what develops it. `npm install
// kol-gateway` takes the same packages, though those below our own dependencies may be of a later version.
// Not covered: the lock files of bench/, examples/ and test/federation-compatibility/suite/, which come with neither.

/** Permissive, and approved by the OSI. An expression passes when a choice among these satisfies it. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];

interface Exception {
  readonly packages: RegExp;
  readonly licence: string;
  readonly reason: string;
}

/** Of development alone. Each must still be needed, under this very licence. */
const EXCEPTIONS: readonly Exception[] = [
  {
    packages: /^@apollo\/(composition|federation-internals|gateway|query-graphs|query-planner)$/,
    licence: 'Elastic-2.0',
    reason: "Apollo's composer and router, which tests of federation run. No later version is under another one",
  },
  { packages: /^axe-core$/, licence: 'MPL-2.0', reason: 'checks the accessibility of the page in tests' },
  { packages: /^lightningcss(-|$)/, licence: 'MPL-2.0', reason: 'compiles CSS for Vite, and leaves nothing of itself' },
  { packages: /^argparse$/, licence: 'Python-2.0', reason: 'the command line of a YAML parser below codegen' },
  { packages: /^caniuse-lite$/, licence: 'CC-BY-4.0', reason: 'a table of browsers below codegen' },
  { packages: /^spdx-exceptions$/, licence: 'CC-BY-3.0', reason: 'a list of names that this test reads' },
  { packages: /^spdx-ranges$/, licence: '(MIT AND CC-BY-3.0)', reason: 'a list of names that this test reads' },
  { packages: /^spdx-license-ids$/, licence: 'CC0-1.0', reason: 'a list of names that this test reads' },
];

interface LockedPackage {
  /** Only where the folder has another name. */
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  /** Needed by development alone. Only this flag counts: what has one of the others, users install as well. */
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly peer?: boolean;
}

type LockedPackages = Readonly<Record<string, LockedPackage>>;

function nameOf(path: string, { name }: LockedPackage): string {
  return name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** What the lock file leaves out may be in the package itself, unless it is one of another platform. */
function licenceInManifest(path: string): string | undefined {
  try {
    const { license } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
    return typeof license === 'string' ? license : license?.type;
  } catch {
    return undefined;
  }
}

function isAllowed(licence: string): boolean {
  try {
    return satisfies(licence, ALLOWED);
  } catch {
    return false; // no SPDX expression: "UNLICENSED", "SEE LICENSE IN …"
  }
}

/** One line for each package that may not be there. */
function problemsOf(packages: LockedPackages, readLicence = licenceInManifest): string[] {
  return Object.entries(packages).flatMap(([path, locked]) => {
    if (path === '') return []; // ourselves
    const name = nameOf(path, locked);
    const licence = locked.license ?? readLicence(path);
    const isExcepted = EXCEPTIONS.some((one) => one.packages.test(name) && one.licence === licence);
    if (licence !== undefined && (isAllowed(licence) || (locked.dev && isExcepted))) return [];
    return [`${path} ${locked.version} ${locked.dev ? '(development)' : '(product)'}: ${licence ?? 'no licence'}`];
  });
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: LockedPackages };

test('every package of the lock file is under an allowed licence, or is a named exception of development', () => {
  expect(problemsOf(packages)).toEqual([]);
});

test('every exception is still needed', () => {
  const development = Object.entries(packages).filter(([, { dev }]) => dev);
  const isNeeded = ({ packages: names, licence }: Exception) =>
    development.some(([path, locked]) => names.test(nameOf(path, locked)) && locked.license === licence);
  expect(EXCEPTIONS.filter((exception) => !isNeeded(exception))).toEqual([]);
});

test('what is bundled for the product imports no exception', () => {
  const imported = globSync('src/**/*.{js,ts,tsx}').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'((?:@[^/']+\/)?[^/']+)/g)].map(
      ([, name]) => name,
    ),
  );
  expect(imported).toContain('chart.js'); // a dev dependency, so that this list can fail
  expect(imported.filter((name = '') => EXCEPTIONS.some((one) => one.packages.test(name)))).toEqual([]);
});

describe('the check', () => {
  const lockOf = (name: string, locked: LockedPackage): LockedPackages => ({
    '': { name: 'kol-gateway' },
    [`node_modules/${name}`]: { version: '1.0.0', ...locked },
  });

  test.each<[string, LockedPackage]>([
    ['of the product', { license: 'Elastic-2.0' }],
    ['of the product, if optional', { license: 'Elastic-2.0', optional: true }],
    ['of the product, if development needs it too', { license: 'Elastic-2.0', devOptional: true }],
    ['of the product, if as a peer', { license: 'Elastic-2.0', peer: true }],
    ['of development that is not named', { license: 'Elastic-2.0', dev: true }],
    ['that asks for two licences', { license: 'MIT AND Elastic-2.0' }],
    ['that offers no allowed one', { license: '(GPL-3.0-only OR Elastic-2.0)' }],
    ['whose licence has a condition more', { license: 'Apache-2.0 WITH LLVM-exception' }],
    ['whose licence is in a file', { license: 'SEE LICENSE IN LICENSE.md' }],
    ['that is unlicensed', { license: 'UNLICENSED' }],
    ['whose licence is an empty text', { license: '' }],
    ['of development that is unlicensed', { license: 'UNLICENSED', dev: true }],
  ])('fails at a package %s', (_, locked) => {
    expect(problemsOf(lockOf('some-package', locked))).toEqual([
      `node_modules/some-package 1.0.0 (${locked.dev ? 'development' : 'product'}): ${locked.license}`,
    ]);
  });

  test('fails at a package without a licence, wherever it is looked for', () => {
    const lines = (locked: LockedPackage) => problemsOf(lockOf('some-package', locked));
    expect(lines({})).toEqual(['node_modules/some-package 1.0.0 (product): no licence']);
    expect(lines({ dev: true })).toEqual(['node_modules/some-package 1.0.0 (development): no licence']);
  });

  test('fails at an exception that comes with the product, nested too, or under another licence', () => {
    expect(problemsOf(lockOf('some-package/node_modules/axe-core', { license: 'MPL-2.0' }))).toEqual([
      'node_modules/some-package/node_modules/axe-core 1.0.0 (product): MPL-2.0',
    ]);
    expect(problemsOf(lockOf('axe-core', { license: 'Elastic-2.0', dev: true }))).toHaveLength(1);
    expect(problemsOf(lockOf('axe', { name: 'axe-core', license: 'MPL-2.0', dev: true }))).toEqual([]);
  });

  test('passes a choice that has an allowed licence', () => {
    for (const license of ['(MIT OR CC0-1.0)', 'MIT OR Elastic-2.0', '(MIT AND BSD-3-Clause)'])
      expect(problemsOf(lockOf('some-package', { license }))).toEqual([]);
  });

  test("reads a package's own manifest where the lock file has no licence", () => {
    expect(problemsOf(lockOf('zod', {}))).toEqual([]);
    expect(problemsOf(lockOf('zod', {}), () => 'Elastic-2.0')).toEqual([
      'node_modules/zod 1.0.0 (product): Elastic-2.0',
    ]);
    expect(problemsOf(lockOf('zod', {}), () => undefined)).toEqual(['node_modules/zod 1.0.0 (product): no licence']);
  });
});
