import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { STAR_OF } from '../operations.ts';
import { exportTo, REFUSING, SILENT, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startTestGateway } from '../support/test-gateway.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
const sampled = { headers: { traceparent: `${TRACEPARENT}-01` } };
const notSampled = { headers: { traceparent: `${TRACEPARENT}-00` } };

/** A busy machine takes longer than a second. */
const PATIENCE = { timeout: 60_000 };

/** Every span leaves when it ends, and not when there are many. */
const exportAtOnce = () => vi.stubEnv('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '1');

afterEach(() => void vi.unstubAllEnvs());

describe('the standard variables', () => {
  async function spansOf(env: Readonly<Record<string, string>>, init?: RequestInit) {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await using receiver = await startOtlpReceiver();
    await using gateway = await startTestGateway({ env: { ...exportTo(receiver), ...env } });
    await gateway.query(STAR_OF, { id: '7' }, init);
    await gateway.stop();
    return { receiver, spans: receiver.spans() };
  }

  test('name the service, describe it, and authorise the export', async () => {
    const { receiver, spans } = await spansOf({
      OTEL_SERVICE_NAME: 'shop-gateway',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging,service.name=other',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20Zm9v',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    expect(spans[0]?.resource).toMatchObject({
      'service.name': 'shop-gateway',
      'deployment.environment.name': 'staging',
    });
    expect(receiver.exports[0]).toMatchObject({ path: 'POST /v1/traces', headers: { authorization: 'Basic Zm9v' } });
  });

  test.each([
    ['always_on', '', 4, 4, 4],
    ['always_off', '', 0, 0, 0],
    ['traceidratio', '0', 0, 0, 0],
    ['traceidratio', '1', 4, 4, 4],
    ['parentbased_always_on', '', 4, 4, 0],
    ['parentbased_always_off', '', 0, 4, 0],
    ['parentbased_traceidratio', '0', 0, 4, 0],
    ['parentbased_traceidratio', 'much', 4, 4, 0],
    ['sometimes', '', 4, 4, 0],
  ])('OTEL_TRACES_SAMPLER=%s with %j', async (sampler, ratio, withoutCaller, ofSampling, ofNotSampling) => {
    const env = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio };
    const counts = [];
    for (const init of [{}, sampled, notSampled]) counts.push((await spansOf(env, init)).spans.length);
    expect(counts).toEqual([withoutCaller, ofSampling, ofNotSampling]);
  });

  test('that cannot be read are as none', async () => {
    const { spans } = await spansOf({
      OTEL_RESOURCE_ATTRIBUTES: '%,=',
      OTEL_EXPORTER_OTLP_HEADERS: '===,;',
      OTEL_EXPORTER_OTLP_TIMEOUT: 'never',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'zip',
      OTEL_BSP_SCHEDULE_DELAY: 'soon',
      OTEL_BSP_MAX_QUEUE_SIZE: '-1',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '0',
    });
    expect(spans).toHaveLength(4);
  });
});

describe('a collector', () => {
  const WARNING = 'traces were not exported';
  const warningsIn = (log: string) => log.split('\n').filter((line) => line.includes(WARNING));

  test('that is unavailable slows nobody down, and is a line in the log', async () => {
    exportAtOnce();
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '1'); // no second attempt within one export
    const gone = await startOtlpReceiver();
    await gone[Symbol.asyncDispose]();
    await using gateway = await startTestGateway({ env: exportTo(gone) });
    for (const id of ['1', '2', '3']) expect((await gateway.query(STAR_OF, { id })).errors).toBeUndefined();
    await gateway.stop();
    expect(warningsIn(gateway.logText())).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  test('that refuses is told of once a minute, with how often', async () => {
    exportAtOnce();
    await using receiver = await startOtlpReceiver(REFUSING);
    await using gateway = await startTestGateway({ env: exportTo(receiver) });
    await gateway.query(STAR_OF, { id: '1' });
    await expect.poll(() => receiver.exports.length, PATIENCE).toBe(4);
    gateway.clock.advanceMs(60_000);
    await gateway.query(STAR_OF, { id: '1' });
    await gateway.stop();
    const [first, second, ...others] = warningsIn(gateway.logText());
    expect(others).toEqual([]);
    expect(first).toContain('"errors":1');
    expect(second).toMatch(/"errors":[2-4]/);
  });

  test('that is silent holds no answer, takes no memory without end, and holds a stop for two seconds', async () => {
    exportAtOnce();
    vi.stubEnv('OTEL_BSP_MAX_QUEUE_SIZE', '2');
    await using receiver = await startOtlpReceiver(SILENT);
    await using gateway = await startTestGateway({ env: exportTo(receiver) });
    for (const id of ['1', '2', '3']) expect((await gateway.query(STAR_OF, { id })).errors).toBeUndefined();
    await expect.poll(() => receiver.exports.length, PATIENCE).toBe(1);
    let losses: readonly string[] | undefined;
    gateway.stop().then((lost) => {
      losses = lost;
    });
    await expect.poll(() => receiver.exports.length, PATIENCE).toBe(3); // one under way, and a full queue
    expect(losses).toBeUndefined();
    await expect
      .poll(() => {
        gateway.clock.advanceMs(2000);
        return losses;
      }, PATIENCE)
      .toEqual([]);
  });
});

describe('whether OpenTelemetry is loaded', () => {
  const TELL_LOADED = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => {
      if (/^@opentelemetry\\/(?!api$)/.test(name)) console.log('loaded ' + name);
      return next(name, context);
    } });`)}`;

  async function loadedBy(env: Readonly<Record<string, string>>): Promise<boolean> {
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, ['--import', TELL_LOADED, 'src/main.ts'], {
      env: { PATH, HOME, PORT: '0', LOG_LEVEL: 'silent', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    while (!output.includes('GraphQL')) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    await once(child, 'close');
    return output.includes('loaded @opentelemetry/sdk-trace');
  }

  test.each([
    [false, {}],
    [false, { OTEL_SERVICE_NAME: 'gateway' }],
    [false, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }],
    [true, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }],
  ] as const)('%j with %j', async (isLoaded, env) => {
    expect(await loadedBy(env)).toBe(isLoaded);
  });
});
