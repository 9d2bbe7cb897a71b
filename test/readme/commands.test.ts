import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { answers, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { CANARY_TOKEN, startTestGateway } from '../support/test-gateway.ts';
import { block, variablesIn, withGateway } from './blocks.ts';

test('the first query prints the answer that stands below it', async () => {
  await using gateway = await startTestGateway();
  const command = withGateway(block('firstQuery'), gateway.origin);
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  expect(stdout).toBe(block('firstAnswer').trimEnd());
});

test('going live takes the token from the file, and the first query is bought with it', async () => {
  const { JUSTONEAPI_TOKEN_FILE: documented, ...others } = variablesIn(block('startLive'));
  expect(documented).toBe('/run/secrets/justoneapi');
  expect(others).toEqual({});
  await using folder = await mkdtempDisposable(join(tmpdir(), 'kol-gateway-readme-'));
  const tokenFile = join(folder.path, 'justoneapi');
  writeFileSync(tokenFile, CANARY_TOKEN);
  await using upstream = await startScriptedUpstream(answers);
  const env = { JUSTONEAPI_TOKEN_FILE: tokenFile, JUSTONEAPI_BASE_URL: upstream.baseUrl };
  await using gateway = await startTestGateway({ env });

  const command = withGateway(block('firstQuery'), gateway.origin);
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  expect(JSON.parse(stdout)).not.toHaveProperty('errors');
  expect(upstream.calls.map(({ parameters }) => parameters.get('token'))).toEqual([CANARY_TOKEN]);
  expect(stdout + gateway.logText()).not.toContain(CANARY_TOKEN);
});
