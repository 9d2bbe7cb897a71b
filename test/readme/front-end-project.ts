import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, preview } from 'vite';
import { block, ROOT, withGateway } from './blocks.ts';

/** As `npm create vite@latest app -- --template vanilla-ts` writes it (create-vite 9.3). */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'esnext',
    lib: ['ES2023', 'DOM'],
    types: ['vite/client'],
    allowArbitraryExtensions: true,
    skipLibCheck: true,
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: 'force',
    noEmit: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
  },
  include: ['src'],
};
const INDEX_HTML = `<!doctype html><html lang="en"><head><link rel="icon" href="data:,"></head>
<body><div id="app"></div><script type="module" src="/src/main.ts"></script></body></html>`;

/** What the generated types must say: neither `any` nor `unknown`. A mistake is an error of tsc. */
const TYPE_TESTS = `import type { CompareQuery, CompareQueryVariables } from './gql/graphql';
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Row = NonNullable<CompareQuery['kols'][number]>;
type LinkIndex = NonNullable<Extract<Row, { linkIndex: unknown }>['linkIndex']>;
export const fetchedAt: Same<LinkIndex['fetchedAt'], string> = true;
export const freshness: Same<LinkIndex['freshness'], 'FRESH' | 'STALE_REVALIDATING' | 'STALE_UPSTREAM_FAILED'> = true;
export const ids: Same<CompareQueryVariables['ids'], string | string[]> = true;
`;

/** An empty Vite project with the README's blocks pasted into it. */
export interface FrontEndProject extends Disposable {
  readonly folder: string;
  /** Type-checks the project with this client. @returns what tsc finds wrong */
  typeCheck(client: 'urql' | 'apollo'): Promise<string>;
  /** Builds it with this client and serves it on the port, until it is disposed of. */
  serve(client: 'urql' | 'apollo', port: number): Promise<AsyncDisposable>;
}

/** @param gatewayOrigin in place of the README's */
export async function createFrontEndProject(gatewayOrigin: string): Promise<FrontEndProject> {
  const folder = mkdtempSync(join(tmpdir(), 'kol-front-end-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const run = (command: string) => promisify(execFile)('sh', ['-c', command], { cwd: folder });
  const useClient = (client: 'urql' | 'apollo') => write('src/main.ts', withGateway(mainOf(client), gatewayOrigin));

  // What the README installs is among the development dependencies of the repository.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  write('package.json', '{ "type": "module" }');
  write('tsconfig.json', JSON.stringify(TSCONFIG));
  write('index.html', INDEX_HTML);
  write('codegen.ts', withGateway(block('codegen'), gatewayOrigin));
  write('src/compare.ts', block('query'));
  write('src/type-tests.ts', TYPE_TESTS);
  await run(block('generate').replace(/^npm install .*\n/, ''));
  return {
    folder,
    async typeCheck(client) {
      useClient(client);
      return run('npx tsc -p .').then(
        ({ stdout }) => stdout,
        ({ stdout, message }) => stdout || message,
      );
    },
    async serve(client, port) {
      useClient(client);
      const project = { root: folder, cacheDir: '.vite', configFile: false, logLevel: 'warn' } as const;
      await build(project);
      const server = await preview({ ...project, preview: { host: 'localhost', port, strictPort: true } });
      return { [Symbol.asyncDispose]: () => server.close() };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function mainOf(client: 'urql' | 'apollo'): string {
  return client === 'urql' ? block('urql') : block('apollo');
}
