import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The build for the published package: a start reads about ten files, and not a thousand. See docs/decisions/022-start.md. */
export default {
  platform: 'node',
  input: {
    main: 'src/main.ts',
    gateway: 'src/gateway.ts',
    'stores/sqlite/worker': 'src/stores/sqlite/worker.ts',
    'server/pages/graphiql-thread': 'src/server/pages/graphiql-thread.ts',
  },
  // Loaded by few configurations or by the first visit to a page, so they stay with the dependencies that npm installs.
  external: ['ioredis', 'marked', 'marked-gfm-heading-id', 'pino-pretty', '@graphql-yoga/render-graphiql'],
  output: { dir: 'dist' },
  plugins: [{ name: 'licences', generateBundle: addLicences }],
};

/** The licences of what is in the bundle ask to be handed on with it. */
function addLicences(_, bundle) {
  const modules = Object.values(bundle).flatMap(({ moduleIds = [] }) => moduleIds);
  const packages = new Set(modules.map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0]).filter(Boolean));
  const source = [...packages].sort().map(describe).join('\n');
  this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source });
}

function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version}, ${license}\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}\n`;
}
