import { Writable } from 'node:stream';
import { parseConfig } from '../../src/config/config.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { TypedDocumentString } from '../gql/graphql.ts';

/** Never a real one: tests look for it in everything that comes out. */
export const CANARY_TOKEN = 'canary/Token+7f3a=9c21';

/** A clock that stands until it is moved. */
export interface TestClock {
  readonly nowMs: () => number;
  advanceMs(ms: number): void;
}

export function createTestClock(startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)): TestClock {
  let now = startMs;
  return {
    nowMs: () => now,
    advanceMs: (ms) => {
      now += ms;
    },
  };
}

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
}

/** The whole gateway on a free port, with a standing clock and its log kept, at the most talkative level. */
export async function startTestGateway({ upstream, env = {} }: TestGatewayOptions = {}): Promise<TestGateway> {
  const clock = createTestClock();
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
    ...(upstream && { JUSTONEAPI_BASE_URL: upstream.baseUrl, JUSTONEAPI_TOKEN: CANARY_TOKEN }),
    ...env,
  });
  const log = createLogger(config.logLevel, stream);
  const gateway = await startGateway({ config, log, clock: clock.nowMs, sandboxLatencyMs: 0 });

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
    post,
    async query(document, variables, init) {
      const response = await post({ query: document.toString(), variables }, init);
      return (await response.json()) as never;
    },
    [Symbol.asyncDispose]: gateway.stop,
  };
}
