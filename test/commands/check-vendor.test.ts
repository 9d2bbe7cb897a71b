import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { parseConfig } from '../../src/config/config.ts';
import { sightingsIn } from '../faults/canary-secrets.ts';
import { ECHO } from '../support/raw-responses.ts';
import {
  type Behaviour,
  envelopeFor,
  failsWith,
  replies,
  startScriptedUpstream,
} from '../support/scripted-upstream.ts';
import { CANARY_TOKEN } from '../support/test-gateway.ts';
import {
  AUTHOR_LINK_INFO_PATH,
  BALANCE_PATH,
  byPath,
  EXAMPLE_PATH,
  exampleEnvelope,
  KOL_LINK_INFO_PATH,
  tellsBalance,
} from '../support/vendor-account.ts';

const pong = replies(200, 'pong');
const ACCOUNT = { readsAccount: true };
const CONTRACT = { comparesContract: true };

/** What is printed of the account and the contract, and whether all is well. */
async function run(behaviours: Record<string, Behaviour>, options: object, env: Record<string, string> = {}) {
  await using upstream = await startScriptedUpstream(byPath(behaviours, pong));
  const config = parseConfig({
    ...{ JUSTONEAPI_BASE_URL: upstream.baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN, CACHE_STORE: 'memory:' },
    ...env,
  });
  const lines: string[] = [];
  const isGood = await check(config, (line) => lines.push(line), options);
  expect(sightingsIn(lines.join('\n'))).toEqual([]);
  const told = lines.filter((line) => /^(account|contract): /.test(line));
  return { isGood, told, calls: upstream.calls };
}

const example = (body: string) => ({ [EXAMPLE_PATH]: replies(200, body) });

/** An example without some of what is read. */
function exampleWithout(change: (data: Record<string, Record<string, unknown>>) => void): string {
  const envelope = structuredClone(envelopeFor('7'));
  change(envelope.data as Record<string, Record<string, unknown>>);
  return exampleEnvelope(envelope);
}

describe('check --account', () => {
  test('tells that the token is accepted and what is left, as the vendor wrote it', async () => {
    const { isGood, told, calls } = await run({ [BALANCE_PATH]: tellsBalance('0123.4500', 'CNY') }, ACCOUNT);
    expect([isGood, told]).toEqual([true, ['account: the token is accepted; 0123.4500 CNY left']]);
    expect(calls.map(({ path, parameters }) => [path, [...parameters]])).toEqual([
      ['/ping', []],
      [BALANCE_PATH, [['token', CANARY_TOKEN]]],
    ]);
  });

  test.each<[string, Behaviour]>([
    ['code 100 under HTTP status 200', failsWith(100)],
    ['HTTP status 401 without the documented envelope', replies(401, ECHO)],
  ])('says that the token is refused: %s', async (reason, behaviour) => {
    const { isGood, told } = await run({ [BALANCE_PATH]: behaviour }, ACCOUNT);
    expect([isGood, told]).toEqual([false, [`account: the token is refused (${reason})`]]);
  });

  test.each<[string, Behaviour]>([
    ['code 302 under HTTP status 200', failsWith(302)],
    ['HTTP status 404 without the documented envelope', replies(404, ECHO)],
    ['data.balance of another form', tellsBalance(ECHO)],
    ['no whole response (UND_ERR_SOCKET)', (socket) => void socket.destroy()],
  ])('says what was expected and what came: %s', async (came, behaviour) => {
    const { isGood, told } = await run({ [BALANCE_PATH]: behaviour }, ACCOUNT);
    expect(isGood).toBe(false);
    expect(told).toEqual([expect.stringMatching(/^account: could not be read: expected code 0 with data\.balance/)]);
    expect(told[0]).toContain(`; got ${came}`);
  });
});

describe('check --contract', () => {
  test('says that nothing is gone, and asks without the token', async () => {
    const { isGood, told, calls } = await run(example(exampleEnvelope()), CONTRACT);
    const origin = '(the published example, checked by the vendor at 2026-08-29T17:02:03.000Z)';
    expect([isGood, told]).toEqual([true, [`contract: kol-link-info: nothing is gone ${origin}`]]);
    expect(calls.map(({ path, parameters }) => [path, [...parameters]])).toEqual([
      ['/ping', []],
      [EXAMPLE_PATH, [['api', KOL_LINK_INFO_PATH]]],
    ]);
    expect(sightingsIn(calls.map(({ head }) => head).join())).toEqual([]);
  });

  test('names what is gone, and what has a form that means nothing', async () => {
    const body = exampleWithout((data) => {
      delete data['link_star_index']?.['rank'];
      delete data['cp_index'];
      Object.assign(data['link_spread_index'] as object, { value: ECHO });
    });
    const { isGood, told } = await run(example(body), CONTRACT);
    expect(isGood).toBe(false);
    expect(told).toEqual([
      expect.stringMatching(
        /^contract: kol-link-info: gone: data\.cp_index, data\.link_star_index\.rank; in a form that means nothing to the gateway: data\.link_spread_index\.value \(a string\); \(the published example, /,
      ),
    ]);
  });

  test.each<[string, Behaviour, string]>([
    [
      'an answer of another kind',
      replies(200, `<p>${ECHO}</p>`),
      'got HTTP status 200 without the documented envelope',
    ],
    ['no example', replies(404, ECHO), 'got HTTP status 404 without the documented envelope'],
    ['an upstream that hangs up', (socket) => void socket.destroy(), 'its answer did not arrive whole'],
  ])('says in those words that it could not be read: %s', async (_, behaviour, came) => {
    const { isGood, told } = await run({ [EXAMPLE_PATH]: behaviour }, CONTRACT);
    expect(isGood).toBe(false);
    expect(told).toEqual([expect.stringMatching(/^contract: kol-link-info: could not be read: /)]);
    expect(told[0]).toContain(came);
  });

  test('asks for the endpoint that is chosen', async () => {
    const { calls } = await run(example(exampleEnvelope()), CONTRACT, { JUSTONEAPI_ENDPOINT: 'author-link-info' });
    expect(calls.map(({ parameters }) => parameters.get('api'))).toEqual([null, AUTHOR_LINK_INFO_PATH]);
  });

  test('compares both endpoints where either may be asked, and fails if one has lost something', async () => {
    const behaviour: Behaviour = (socket, call) => {
      const isFormer = call.parameters.get('api') === KOL_LINK_INFO_PATH;
      replies(200, isFormer ? JSON.stringify({ code: 404, data: null }) : exampleEnvelope())(socket, call);
    };
    const { isGood, told } = await run({ [EXAMPLE_PATH]: behaviour }, CONTRACT, { JUSTONEAPI_ENDPOINT: 'auto' });
    expect(isGood).toBe(false);
    expect(told).toEqual([
      expect.stringContaining('contract: kol-link-info: could not be read: '),
      expect.stringContaining('contract: author-link-info: nothing is gone '),
    ]);
  });
});

describe('the program', () => {
  async function runProgram(args: readonly string[], env: Record<string, string> = {}) {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, ['bin/kol-gateway.js', ...args], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = new Promise<number>((resolve) => child.on('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await ended, stdout, stderr };
  }

  test.each<[string, Behaviour, number, string]>([
    ['0', tellsBalance(), 0, 'account: the token is accepted; 123.4500 CNY left'],
    ['1', failsWith(100), 1, 'account: the token is refused'],
  ])('takes both options at once, and ends with exit code %s', async (_, balance, code, line) => {
    const behaviours = { [BALANCE_PATH]: balance, ...example(exampleEnvelope()) };
    await using upstream = await startScriptedUpstream(byPath(behaviours, pong));
    const finished = await runProgram(['check', '--account', '--contract'], {
      JUSTONEAPI_BASE_URL: upstream.baseUrl,
      JUSTONEAPI_TOKEN: CANARY_TOKEN,
      CACHE_STORE: 'memory:',
    });
    expect(finished).toMatchObject({ code, stderr: '' });
    expect(finished.stdout).toContain(line);
    expect(finished.stdout).toContain('contract: kol-link-info: nothing is gone');
    expect(upstream.calls.map(({ path }) => path)).toEqual(['/ping', BALANCE_PATH, EXAMPLE_PATH]);
    expect(sightingsIn(finished.stdout)).toEqual([]);
  });

  test('tries both options out against the built-in sandbox where there is no token', async () => {
    const { code, stdout } = await runProgram(['check', '--account', '--contract']);
    expect(code).toBe(0);
    expect(stdout).toContain('upstream: the built-in sandbox\naccount: the token is accepted; 123.4500 CNY left\n');
    expect(stdout).toContain('contract: kol-link-info: nothing is gone (the published example, made up by the vendor');
  });

  test.each([['serve', '--account'], ['--contract'], ['schema', '--contract']])(
    'refuses %s %s, which belongs to check',
    async (...args) => {
      const { code, stderr } = await runProgram(args.filter((arg) => arg !== undefined));
      expect(code).toBe(2);
      expect(stderr).toContain('--account and --contract belong to the check command');
    },
  );

  test('tells both options in its help', async () => {
    const { stdout } = await runProgram(['check', '--help']);
    expect(stdout).toMatch(/--account .*\n.*\n.*--contract /);
  });
});
