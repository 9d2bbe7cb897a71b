import { stripVTControlCharacters } from 'node:util';
import type { ReceivedCall } from '../support/scripted-upstream.ts';
import { ANSWERS, type Surface } from './canary-answers.ts';
import type { Life } from './canary-life.ts';
import { outputOf } from './canary-program.ts';
import { KEY_REFUSALS, PAGES, REFUSALS } from './canary-refusals.ts';
import { SECRETS, WRITTEN } from './canary-secrets.ts';

const { opsKey, wrongKey, routerSecret, wrongRouterSecret, collectorKey, token } = SECRETS;

/** What its owner's other commands print where the gateway runs. */
const COMMANDS: readonly Surface<Life>[] = [
  {
    name: 'kol-gateway check',
    collect: ({ env }) => outputOf(['check'], env),
    shows: [/configuration: good/, /ledger: /, /upstream: /],
    written: WRITTEN.plainly,
  },
  {
    name: 'kol-gateway check --account --contract',
    collect: ({ env }) => outputOf(['check', '--account', '--contract'], env),
    shows: [/^exit code 1\n/, /account: could not be read: /, /contract: .*gone: /, /rank \(a string\)/],
    written: WRITTEN.plainly,
  },
  {
    name: 'kol-gateway schema',
    collect: ({ env }) => outputOf(['schema'], env),
    shows: [/^exit code 0\n/, /type Kol /],
    written: WRITTEN.plainly,
  },
  {
    name: 'kol-gateway schema --subgraph',
    collect: ({ env }) => outputOf(['schema', '--subgraph'], env),
    shows: [/^exit code 0\n/, /@key\(fields: "id"\)/],
    written: WRITTEN.plainly,
  },
  {
    name: 'a refused configuration',
    collect({ env, spoilFiles }) {
      spoilFiles();
      return outputOf([], {
        ...env,
        PORT: opsKey,
        HOST: routerSecret,
        LOG_LEVEL: token,
        GRAPHIQL: token.slice(0, 8),
        UPSTREAM_MAX_ATTEMPTS: wrongKey,
        CORS_ORIGINS: collectorKey,
        CACHE_STORE: `redis://:${wrongRouterSecret}@cache`,
        JUSTONEAPI_TOKEN: token,
        JUSTONEAPI_BASE_URL: `http://x/?token=${token}`,
        TRUSTED_DOCUMENTS_FILE: opsKey,
        SUBGRAPH_SECRET: `${routerSecret} ${wrongRouterSecret}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://gateway:${collectorKey}@x/?${collectorKey}`,
      });
    },
    shows: [/^exit code 2\nkol-gateway: The configuration has problems:(\n {2}[A-Z_]+: .*){12}/],
    written: WRITTEN.plainly,
  },
  {
    name: 'a mistaken option',
    collect: ({ env }) => outputOf([`--token=${token}`], env),
    shows: [/^exit code 2\nkol-gateway: /],
    written: WRITTEN.plainly,
  },
];

/** What a living gateway shows of itself, besides its answers. */
const LIFE: readonly Surface<Life>[] = [
  {
    name: 'the lines at the start',
    collect: ({ stdout }) => stdout(),
    shows: [/^kol-gateway \d\S*, live: answers are bought from /, /GraphQL /, /Warning /],
    written: WRITTEN.plainly,
  },
  {
    name: 'stored rows, with the write-ahead log',
    collect: ({ storeBytes }) => storeBytes(),
    shows: [/SQLite format 3/, /victim-\d/],
    written: WRITTEN.inJson,
  },
  {
    name: 'the diagnostic report',
    collect: reportOf,
    shows: [/"trigger":"Signal"/, /"javascriptStack"/, /"libuv"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'what the upstream gets besides its own token',
    collect: ({ upstream }) => upstream.calls.map(withoutToken).join('\n\n'),
    shows: [/^GET \/\S+/, /accept: application\/json/],
    written: WRITTEN.plainly,
  },
  {
    name: 'what the host gets that redirects point to',
    collect: ({ elsewhere: { calls } }) => `${calls.length} calls\n${calls.map(({ head }) => head).join('\n\n')}`,
    shows: [/^0 calls\n$/],
    written: WRITTEN.inUrl,
  },
];

/** What is left when it has crashed, with a call in flight. */
const CRASH: readonly Surface<Life>[] = [
  {
    name: 'the output of a crash',
    collect: async (life) =>
      `exit code ${await life.crash()}\n${life
        .stderr()
        .split(/\n(?=kol-gateway: )/)
        .slice(1)
        .join('\n')}`,
    shows: [
      /^exit code 1\nkol-gateway: Error: a crash on purpose\n +at /,
      /lost: calls in flight, perhaps billed: \d+\n/,
    ],
    written: WRITTEN.plainly,
  },
  {
    name: 'stack traces in the log',
    collect: ({ stderr }) => stackTracesIn(stderr()),
    shows: [/TypeError: Invalid URL/, / at /, /client\.ts:\d+/],
    written: WRITTEN.inJson,
  },
  {
    name: 'exported traces',
    collect: ({ collector }) =>
      collector.exports
        .map(({ path, headers: { authorization: _, 'x-collector-key': key, ...others }, body }) =>
          [path, key === collectorKey, JSON.stringify(others), body].join('\n'),
        )
        .join('\n'),
    shows: [/^POST \/v1\/traces\ntrue\n/, /"kol_gateway\.outcome"/],
    written: WRITTEN.inJson,
  },
  {
    name: 'the store after a crash',
    collect: ({ storeBytes }) => storeBytes(),
    shows: [/SQLite format 3/],
    written: WRITTEN.inJson,
  },
];

/** As a service logs: a line of JSON each, from the start to the crash. */
const LINES: Surface<Life> = {
  name: 'the log at its most talkative, in lines',
  collect: ({ stderr }) => stderr(),
  shows: [/^\{"level"/, /"upstream failed"/, /"unexpected fault"/, /the token file changed and holds no token now/],
  written: WRITTEN.inJson,
};

const COLOURS: Surface<Life> = {
  name: 'the log at its most talkative, at a terminal',
  collect: ({ stderr }) => stderr() + stripVTControlCharacters(stderr()),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal is told its colours
  shows: [/\u001b\[\d+m/, /upstream failed/, /unexpected fault/, /traces were not exported/],
  written: WRITTEN.inJson,
};

/** Everything of a gateway whose secrets are in files, in the order in which it is looked at. */
export const OF_A_SERVICE: readonly Surface<Life>[] = [
  ...ANSWERS,
  ...KEY_REFUSALS,
  ...REFUSALS,
  ...LIFE,
  ...COMMANDS,
  ...CRASH,
  LINES,
];

/** The same of one that somebody starts at a terminal, with its token in a variable and without client keys. */
export const AT_A_TERMINAL: readonly Surface<Life>[] = [...ANSWERS, ...REFUSALS, ...PAGES, ...LIFE, ...CRASH, COLOURS];

interface DiagnosticReport {
  environmentVariables?: Record<string, string>;
  readonly workers: readonly { environmentVariables?: Record<string, string> }[];
}

/**
 * The process environment is out of scope. At a terminal it holds the token; a service has only those secrets there that
 * can be in no file.
 */
async function reportOf(life: Life): Promise<string> {
  const report = JSON.parse(await life.report()) as DiagnosticReport;
  for (const part of [report, ...report.workers]) {
    for (const name of WITHOUT_A_FILE) delete part.environmentVariables?.[name];
  }
  return JSON.stringify(report);
}

const WITHOUT_A_FILE = ['SUBGRAPH_SECRET', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS'];

/** @throws Error where the token is not exactly once in the URL */
function withoutToken({ head, parameters }: ReceivedCall): string {
  const [before, after, ...others] = head.split(`token=${encodeURIComponent(token)}`);
  if (after === undefined || others.length > 0 || parameters.get('token') !== token) {
    throw new Error('expected the token once in the URL of a call, and nowhere else');
  }
  return `${before}${after}`;
}

function stackTracesIn(log: string): string {
  const lines = stripVTControlCharacters(log).replaceAll('\\n', '\n').split('\n');
  return lines.filter((line) => /^ +at |\bInvalid URL\b/.test(line)).join('\n');
}
