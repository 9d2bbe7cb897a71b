import { Writable } from 'node:stream';
import { parseConfig } from '../../src/config/config.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import type { ProcessIdentity } from '../../src/stores/stores.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { TypedDocumentString } from '../gql/graphql.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** Never a real one: tests look for it in everything that comes out. */
export const CANARY_TOKEN = 'canary/Token+7f3a=9c21';

export interface GraphResult<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>> & { readonly code: string };
  }[];
}

export interface TestGateway extends AsyncDisposable {
  readonly origin: string;
  readonly clock: TestClock;
  /** Every log line so far. */
  readonly logText: () => string;
  readonly stop: Gateway['stop'];
  readonly forceStop: Gateway['forceStop'];
  /** Sends an operation as a client would, and reads the GraphQL result. */
  query<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    init?: RequestInit,
  ): Promise<GraphResult<Data>>;
  /** Sends any body as JSON. */
  post(body: unknown, init?: RequestInit): Promise<Response>;
}

export interface TestGatewayOptions {
  /** Where paid answers come from; the sandbox by default. */
  readonly upstream?: { readonly baseUrl: string };
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: TestClock;
  readonly identity?: Partial<ProcessIdentity>;
}

/** The whole gateway on a free port, with a standing clock and its log kept, at the most talkative level. */
export async function startTestGateway({
  upstream,
  env = {},
  clock = createTestClock(),
  identity,
}: TestGatewayOptions = {}): Promise<TestGateway> {
  let logText = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      logText += chunk;
      done();
    },
  });
  const config = parseConfig({
    PORT: '0',
    LOG_LEVEL: 'trace',
    CACHE_STORE: 'memory:',
    ...(upstream && { JUSTONEAPI_BASE_URL: upstream.baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN }),
    ...env,
  });
  const log = createLogger(config.logLevel, stream);
  const gateway = await startGateway({
    config,
    log,
    identity: { pid: 1, name: 'test', ...identity },
    clock: clock.nowMs,
    steadyMs: clock.steadyMs,
    timers: clock.timers,
    random: () => 0,
    sandboxLatencyMs: 0,
  });

  const post = (body: unknown, init: RequestInit = {}) =>
    fetch(`${gateway.origin}/graphql`, {
      method: 'POST',
      body: JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
    });

  return {
    origin: gateway.origin,
    clock,
    logText: () => logText,
    stop: gateway.stop,
    forceStop: gateway.forceStop,
    post,
    async query(document, variables, init) {
      const response = await post({ query: document.toString(), variables }, init);
      return (await response.json()) as never;
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
    },
  };
}
