import { afterEach, describe, expect, test, vi } from 'vitest';
import { createLogFault, createThrottle } from '../../src/telemetry/log-events.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { openTracing } from '../../src/telemetry/tracing.ts';
import { keyFileEnv } from '../support/key-file.ts';
import { exportTo, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startTestGateway } from '../support/test-gateway.ts';

/** What a line holds beside one text that was cut. */
const LINE = 1500;
const LONG = 'x'.repeat(90_000);
const NAME = 'n'.repeat(255);
const HEADER = 'x'.repeat(8000);

afterEach(() => void vi.unstubAllEnvs());

function logged(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger('trace', { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line));
}

describe('in a log line', () => {
  test('a text ends after 1,000 characters, and says how long it was', () => {
    const [line] = logged((log) => log.info({ short: 'x'.repeat(1000), long: 'x'.repeat(1001) }, 'message'));
    expect(line).toMatchObject({
      short: 'x'.repeat(1000),
      long: `${'x'.repeat(1000)}… (1001 characters)`,
      msg: 'message',
    });
  });

  test('an object is as it is, or the beginning of its JSON', () => {
    const [line] = logged((log) => log.info({ short: { a: [1, 'x'] }, long: [LONG, 1] }, 'message'));
    expect(line).toMatchObject({
      short: { a: [1, 'x'] },
      long: expect.stringMatching(/^\["x{998}… \(90006 characters\)$/),
    });
  });

  test('an error says its name, its message and where it was thrown, whatever the message quotes', () => {
    class OddError extends Error {
      override readonly name = 'OddError';
      readonly url = 'https://host/?token=secret';
    }
    const error = new OddError(`not good: ${LONG}`);
    const [line, other] = logged((log) => {
      log.error({ err: error }, 'message');
      log.error({ cause: error }, 'message');
    });
    const described = { type: 'OddError', message: expect.stringMatching(/^not good: x{990}… \(90010 characters\)$/) };
    expect(line).toMatchObject({ err: described });
    expect(Object.keys(line?.['err'] as object)).toEqual(['type', 'message', 'stack']);
    const frames = /^(OddE|E)rror: not good: x+… \(90010 characters\)\n +at .*long-texts/;
    expect(line?.['err']).toMatchObject({ stack: expect.stringMatching(frames) });
    expect(JSON.stringify(line).length).toBeLessThan(7000);
    expect(other).toMatchObject({ cause: described });
    expect(JSON.stringify([line, other])).not.toContain('secret');
  });

  test('of what was thrown and is no error, only the type is said', () => {
    expect(logged((log) => log.error({ err: LONG }, 'message'))).toMatchObject([{ err: { type: 'string' } }]);
  });

  test('a fault tells at most the beginning of its path', () => {
    const path = Array.from({ length: 24 }, () => NAME);
    const [line] = logged((log) => createLogFault(log, () => 0)(new Error('fault'), { requestId: 'r', path }));
    expect(line).toMatchObject({ path: expect.stringMatching(/^\["n{255}","n{255}.{1,600}… \(6193 characters\)$/) });
  });
});

test('in a span and in its events, a text ends as in a log line', async () => {
  await using receiver = await startOtlpReceiver();
  const fails = (error: unknown) => expect.unreachable(String(error));
  const options = { serviceVersion: '1', instanceId: '1', onExportError: fails, after: () => () => {} };
  const tracing = openTracing({ url: `${receiver.url}/v1/traces`, ...options });
  const span = tracing.start('step', {}, { client: LONG });
  span?.child('step within', { reason: LONG }).end();
  span?.set({ 'graphql.operation.name': LONG });
  span?.event('attempt', { reason: LONG, attempt: 1 });
  span?.end();
  await tracing.close();
  const cut = `${'x'.repeat(1000)}… (90000 characters)`;
  expect(receiver.span('step')).toMatchObject({
    attributes: { 'kol_gateway.client': cut, 'graphql.operation.name': cut },
    events: [{ attributes: { 'kol_gateway.reason': cut, 'kol_gateway.attempt': 1 } }],
  });
  expect(receiver.span('step within').attributes).toEqual({ 'kol_gateway.reason': cut });
});

test('what is counted is remembered by the beginning of its text', () => {
  const written: string[] = [];
  const sumUp = createThrottle(() => 0);
  for (const kind of [`${LONG}a`, `${LONG}b`, 'c']) sumUp(kind, () => void written.push(kind.slice(-1)));
  expect(written).toEqual(['a', 'c']);
});

/** Every place of a request whose text could reach a line or a span. */
type Hostile = [where: string, body: object, headers?: Record<string, string>];
const REQUESTS: readonly Hostile[] = [
  ['the name of an operation', { query: '{ __typename }', operationName: LONG }],
  ['the name of an operation that there is', { query: `query ${NAME} { __typename }`, operationName: NAME }],
  ['a query', { query: `{ __typename } # ${LONG}` }],
  ['a query that is none', { query: LONG }],
  ['a field that there is not', { query: `{ ${NAME} }` }],
  ['an alias of a field that fails', { query: `{ ${NAME}: kol(id: "not good") { id } }` }],
  ['an id', { query: 'query($id: ID!) { kol(id: $id) { id } }', variables: { id: LONG } }],
  [
    'a variable of another type',
    { query: 'query($id: ID!) { kol(id: $id) { id } }', variables: { id: { [LONG]: 1 } } },
  ],
  ['the name of a variable', { query: `query($${NAME}: ID!) { kol(id: $${NAME}) { id } }` }],
  ['an extension', { query: '{ __typename }', extensions: { persistedQuery: { sha256Hash: LONG } } }],
  ['another member', { query: '{ __typename }', [LONG]: 1 }],
  ['no object', [LONG]],
  ...['x-request-id', 'tracestate', 'traceparent', 'prefer', 'accept', 'x-api-key', 'content-type', 'user-agent'].map(
    (name) => [`the header ${name}`, { query: '{ __typename }' }, { [name]: HEADER }] satisfies Hostile,
  ),
  [
    'members of the tracestate',
    { query: '{ __typename }' },
    {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: Array.from({ length: 30 }, (_, n) => `a${n}=${'x'.repeat(200)}`).join(','),
    },
  ],
];

describe('no text of a client is longer than that', () => {
  test.each(REQUESTS)('%s', async (_, body, headers = {}) => {
    await using receiver = await startOtlpReceiver();
    await using gateway = await startTestGateway({ env: exportTo(receiver) });
    for (let time = 0; time < 2; time += 1) await (await gateway.post(body, { headers })).text();
    await gateway.stop();
    const lines = gateway.logText().trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('request '))).not.toEqual([]);
    for (const line of lines) expect(line.length, line.slice(0, 200)).toBeLessThan(LINE);
    for (const span of receiver.spans()) expect(JSON.stringify(span).length).toBeLessThan(2 * LINE);
  });

  test('of a client that is refused', async () => {
    const env = keyFileEnv({ name: 'w'.repeat(64), key: 'key', perMinute: 1 });
    await using gateway = await startTestGateway({ env: { ...env, JUSTONEAPI_TOKEN: 'token' } });
    const body = { query: LONG, operationName: LONG };
    for (const authorization of ['Bearer key', 'Bearer key', `Bearer ${HEADER}`, HEADER]) {
      await (await gateway.post(body, { headers: { authorization, 'x-request-id': HEADER } })).text();
    }
    const lines = gateway.logText().trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('request refused'))).toHaveLength(4);
    for (const line of lines) expect(line.length).toBeLessThan(LINE);
  });
});
