import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeKeyFile } from '../support/key-file.ts';
import { type OtlpReceiver, REFUSING, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { answers, type ScriptedUpstream, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { startProgram, until } from './canary-program.ts';
import { SECRETS } from './canary-secrets.ts';
import { ECHOING_VICTIMS, HELD, SLOW_VICTIMS, startFaultyUpstream, VICTIMS } from './canary-upstream.ts';

/** A KOL whose purchase meets a fault of our own, thrown with the URL in it as Node throws it. */
export const FAULTY = 'faulty';
const FILE_NEWS = ['holds no token now', 'is none now'];

/** In the process itself: its clock can be moved, and it can be told to crash. */
const PRELOAD = `
let aheadMs = 0;
const { now } = Date;
Date.now = () => now() + aheadMs;
// Pauses are timed by the clock that nobody sets.
const steady = performance.now.bind(performance);
performance.now = () => steady() + aheadMs;
const Parameters = URLSearchParams;
globalThis.URLSearchParams = class extends Parameters {
  constructor(init) {
    super(init);
    if (this.has('token') && (this.get('kolId') ?? this.get('oAuthorId')) === '${FAULTY}') {
      throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(this), cause: String(this) });
    }
  }
};
process.on('message', (message) => {
  if (message === 'crash') throw new Error('a crash on purpose');
  aheadMs += message;
  process.send('moved');
});
process.channel.unref();
process.on('disconnect', () => process.exit());
if (process.env.AT_A_TERMINAL) process.stderr.isTTY = true;
`;

/** Where and how the gateway runs: what holds its secrets, and who reads its log. */
export type Setting = 'service' | 'terminal';

/** The real program, in front of an upstream that does everything wrong that is known, and repeats the token where it can. */
export interface Life extends AsyncDisposable {
  readonly setting: Setting;
  readonly origin: string;
  /** KOLs, one for each fault that an upstream can have. */
  readonly kolIds: readonly string[];
  readonly upstream: ScriptedUpstream;
  /** The other host that redirects point to. */
  readonly elsewhere: ScriptedUpstream;
  readonly collector: OtlpReceiver;
  /** Its environment, for other commands that are run there. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The bytes of the store, write-ahead log included. */
  readonly storeBytes: () => string;
  /** Ends every pause, and what is remembered of failures, and closes with a good answer what had opened. */
  anHourLater(): Promise<void>;
  /** Puts files that hold no token and no key where they were, each with the secret in a place where it does not belong. */
  readonly spoilFiles: () => void;
  /** Node's diagnostic report, which is written on a signal. */
  report(): Promise<string>;
  /** An error that nobody catches, with a call in flight. @returns the exit code */
  crash(): Promise<number>;
}

export async function startLife(setting: Setting): Promise<Life> {
  await using starting = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'kol-life-'));
  starting.defer(() => rmSync(folder, { recursive: true, force: true }));
  const keys = starting.use(
    writeKeyFile(
      { name: 'ops', key: SECRETS.opsKey, scopes: ['ops', 'fresh', 'introspect'] },
      { name: 'web', key: SECRETS.webKey, perMinute: 2 },
    ),
  );
  const elsewhere = starting.use(await startScriptedUpstream(answers));
  const upstream = starting.use(await startFaultyUpstream(elsewhere));
  const collector = starting.use(await startOtlpReceiver(setting === 'terminal' ? REFUSING : undefined));
  const tokenFile = join(folder, 'secret-of-the-account');
  writeFileSync(tokenFile, `${SECRETS.token}\n`);

  const env = {
    ...commonEnv(upstream, collector, folder),
    ...(setting === 'service'
      ? {
          JUSTONEAPI_TOKEN_FILE: tokenFile,
          CLIENT_KEYS_FILE: keys.path,
          TRUSTED_DOCUMENTS_FILE: 'test/gql/persisted-documents.json',
          TRUSTED_DOCUMENTS_ONLY: 'true',
        }
      : {
          JUSTONEAPI_TOKEN: SECRETS.token,
          JUSTONEAPI_ENDPOINT: 'auto',
          UPSTREAM_KEEP_ALIVE: 'true',
          AT_A_TERMINAL: '1',
        }),
  };
  const reports = ['--report-on-signal', `--report-directory=${folder}`, '--report-filename=report.json'];
  const { child, stdout, stderr } = startProgram([], env, [
    ...reports,
    ...(setting === 'terminal' ? ['--report-exclude-env'] : []),
    '--import',
    `data:text/javascript,${encodeURIComponent(PRELOAD)}`,
  ]);
  starting.defer(() => void child.kill('SIGKILL'));
  await until(() => stdout().includes('Pages'), 'the gateway to start');
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout())?.[0] ?? '';
  // What takes its time, and the machine's, is met once, and left to itself meanwhile.
  if (setting === 'terminal') await buy(origin, [...SLOW_VICTIMS.keys()], { prefer: 'wait=0' });
  const running = starting.move();
  let goodCount = 0;
  let areSpoilt = false;

  async function anHourLater(): Promise<void> {
    child.send(3_601_000);
    await once(child, 'message');
    goodCount += 1;
    await buy(origin, [`good-${goodCount}`]);
  }

  return {
    setting,
    origin,
    kolIds: [...VICTIMS.keys(), ...ECHOING_VICTIMS.keys()],
    upstream,
    elsewhere,
    collector,
    env,
    stdout,
    stderr,
    storeBytes: () => bytesIn(join(folder, 'store')),
    anHourLater,
    spoilFiles() {
      areSpoilt = true;
      writeFileSync(tokenFile, `the token is\n${SECRETS.token}\n`);
      keys.replaceText(
        JSON.stringify({ clients: [{ name: SECRETS.webKey, sha256: SECRETS.opsKey, [SECRETS.opsKey]: 1 }] }),
      );
    },
    async report() {
      const path = join(folder, 'report.json');
      child.kill('SIGUSR2');
      await until(() => existsSync(path) && readFileSync(path, 'utf8').trimEnd().endsWith('}'), 'a report');
      return readFileSync(path, 'utf8');
    },
    async crash() {
      if (areSpoilt) await until(() => FILE_NEWS.every((news) => stderr().includes(news)), 'a look at the files');
      await anHourLater();
      const waiting = buy(origin, [HELD]);
      await until(() => upstream.calls.some(({ head }) => head.includes(HELD)), 'a call that is held');
      const closed = once(child, 'close');
      child.send('crash');
      await until(() => stderr().includes('a crash on purpose'), 'a crash');
      // What comes within two seconds is a copy of the first request to stop.
      const again = setInterval(() => void child.kill('SIGTERM'), 200);
      const [[exitCode]] = await Promise.all([closed, waiting.catch(String)]);
      clearInterval(again);
      return exitCode as number;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function buy(origin: string, ids: readonly string[], headers = {}): Promise<string> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': SECRETS.opsKey,
      'router-authorization': SECRETS.routerSecret,
      ...headers,
    },
    body: JSON.stringify({
      query: 'query($ids: [ID!]!) { kols(ids: $ids) { linkIndex { fetchedAt } } }',
      variables: { ids },
    }),
  });
  return response.text();
}

/** No call waits for another: faults are met before one of them opens a breaker. */
function commonEnv(upstream: ScriptedUpstream, collector: OtlpReceiver, folder: string) {
  const { host } = new URL(collector.url);
  return {
    PORT: '0',
    LOG_LEVEL: 'trace',
    JUSTONEAPI_BASE_URL: upstream.baseUrl,
    // Longer than copies of a signal may take to come, so that a call is still in flight then.
    UPSTREAM_TIMEOUT_SECONDS: '4',
    UPSTREAM_MAX_ATTEMPTS: '1',
    UPSTREAM_MAX_CONCURRENT: '1000',
    MAX_KOLS_PER_REQUEST: '1000',
    UPSTREAM_BALANCE_SECONDS: '3600',
    CACHE_STORE: `sqlite:${join(folder, 'store', 'answers.sqlite')}`,
    SUBGRAPH_SECRET: SECRETS.routerSecret,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://gateway:${encodeURIComponent(SECRETS.collectorKey)}@${host}`,
    OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${encodeURIComponent(SECRETS.collectorKey)}`,
    OTEL_BSP_SCHEDULE_DELAY: '200',
    OTEL_LOG_LEVEL: 'all',
  };
}

function bytesIn(folder: string): string {
  return readdirSync(folder).reduce((text, name) => text + readFileSync(join(folder, name), 'latin1'), '');
}
