import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectsChromium } from '../support/chromium.ts';
import { freePort } from '../support/redis-server.ts';
import { useTestBrowser } from '../support/test-browser.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { block, ROOT, variablesIn, withGateway } from './blocks.ts';
import { createFrontEndProject, type FrontEndProject } from './front-end-project.ts';

const CLIENTS = ['urql', 'apollo'] as const;
const isInBrowser = expectsChromium();

describe('a front end made of the blocks of the README', () => {
  let pagePort: number;
  let gateway: TestGateway;
  let project: FrontEndProject;

  beforeAll(async () => {
    pagePort = await freePort();
    const { CORS_ORIGINS = '', ...others } = variablesIn(block('startForPage'));
    expect(others).toEqual({});
    // Vite's own port may be taken on this machine.
    const origin = CORS_ORIGINS.replace(/:5173$/, `:${pagePort}`);
    expect(origin).toBe(`http://localhost:${pagePort}`);
    gateway = await startTestGateway({ env: { CORS_ORIGINS: origin, UPSTREAM_MAX_ATTEMPTS: '1' } });
    project = await createFrontEndProject(gateway.origin);
  });
  afterAll(async () => {
    project[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  test('installs what it imports', () => {
    const blocks = [block('codegen'), block('generate'), block('urql'), block('apollo')].join('\n');
    const installed = [...blocks.matchAll(/npm install (?:--save-dev )?([^\n)]+)/g)].flatMap(([, words = '']) =>
      words.split(' '),
    );
    const imported = [...blocks.matchAll(/from '((?:@[\w-]+\/)?[\w-]+)/g)].map(([, name]) => name);
    expect(imported).toHaveLength(4);
    expect(installed).toEqual(expect.arrayContaining(imported));
    const { devDependencies, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(Object.keys({ ...devDependencies, ...dependencies })).toEqual(expect.arrayContaining(installed));
  });

  test.each(CLIENTS)('has types, with %s', async (client) => {
    expect(await project.typeCheck(client)).toBe('');
  });

  describe.skipIf(!isInBrowser)('on a page of its own origin', () => {
    const browser = useTestBrowser();

    test.each(CLIENTS)('shows scores, no data and a failure, with %s', async (client) => {
      await using _ = await project.serve(client, pagePort);
      await using tab = await browser.open(`http://localhost:${pagePort}/`);
      await tab.page
        .getByText(/"(hasNext|loading)": ?false/)
        .first()
        .waitFor();
      const { data, codes } = JSON.parse(await tab.page.locator('body').innerText());
      expect(data.kols).toMatchObject([
        { id: 'sandbox-sample', linkIndex: { star: { value: 71.41 }, freshness: 'FRESH' } },
        { id: 'sandbox-201', linkIndex: null },
        { id: 'sandbox-301', linkIndex: null },
      ]);
      expect(codes).toEqual(['UPSTREAM_COLLECTION_FAILED']);
    });
  });

  test('is answered by a gateway that trusts its documents only', async () => {
    const { TRUSTED_DOCUMENTS_FILE = '', ...others } = variablesIn(block('startTrusted'));
    const manifest = TRUSTED_DOCUMENTS_FILE.replace(/^\.\.\/app\//, `${project.folder}/`);
    expect(manifest).toMatch(/^\//);
    await using trusting = await startTestGateway({ env: { TRUSTED_DOCUMENTS_FILE: manifest, ...others } });
    const ask = (command: string) => promisify(execFile)('sh', ['-c', withGateway(command, trusting.origin)]);

    const { stdout } = await ask(block('trustedQuery'));
    expect(stdout).toContain('"kols":[{"id":"sandbox-sample"}]');
    expect(stdout).toMatch(/"star":\{[^}]*"value":71\.41/);
    expect((await ask(block('firstQuery'))).stdout).toContain('PERSISTED_QUERY_ONLY');
  });
});
