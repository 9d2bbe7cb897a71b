import { Agent } from 'undici';
import { UpstreamError } from '../domain/upstream-error.ts';
import { BAD_RESPONSE, OUTCOME_UNKNOWN, UNREACHABLE } from '../domain/verdicts.ts';
import { BALANCE_PATH, EXAMPLE_PATH, PING_PATH } from './endpoints.ts';
import { receiveWhole, type WholeResponse } from './whole-response.ts';

/** The vendor's answer is about 1 kB; more than this, compressed or not, is no answer of theirs. */
const MAX_BODY_BYTES = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
/** Deadline of the calls beside the paid one. */
const BESIDE_TIMEOUT_MS = 10_000;
const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'kol-gateway' };

export interface UpstreamClientOptions {
  /** Scheme, host and port, perhaps with a path prefix; no trailing slash. */
  readonly baseUrl: string;
  /** Asked at every call, so that a rotated token holds at once. */
  readonly token: () => string;
  /** Total deadline of one attempt, from the call to the last byte of the body. */
  readonly timeoutMs: number;
  /** Whether connections are reused. A stray late response on a reused one becomes the next KOL's answer. */
  readonly keepAlive: boolean;
}

export interface UpstreamClient {
  /**
   * One attempt at a paid call; takes no signal on purpose, because no caller may abandon it.
   * @throws UpstreamError when no whole response came.
   */
  get(path: string, parameters: Readonly<Record<string, string>>): Promise<WholeResponse>;
  /**
   * The vendor's free liveness call, without the token.
   * @throws UpstreamError when no whole response came within 10 s.
   */
  ping(): Promise<WholeResponse>;
  /**
   * The account's balance, with the token. Nothing says that the vendor does not charge for it.
   * @throws UpstreamError when no whole response came within 10 s.
   */
  balance(): Promise<WholeResponse>;
  /**
   * The vendor's published example of what an endpoint answers, without the token.
   * @param endpointPath the endpoint's own path
   * @throws UpstreamError when no whole response came within 10 s.
   */
  example(endpointPath: string): Promise<WholeResponse>;
  close(): Promise<void>;
}

/**
 * The only place that joins the token to a URL.
 *
 * @throws TypeError when `baseUrl` is no URL
 */
export function createUpstreamClient({ baseUrl, token, timeoutMs, keepAlive }: UpstreamClientOptions): UpstreamClient {
  const agent = new Agent({
    pipelining: keepAlive ? 1 : 0,
    allowH2: false,
    maxResponseSize: MAX_BODY_BYTES,
    connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs) },
    // Undici's own timeouts restart with every byte; ours is one deadline for the whole attempt.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, '');

  async function attempt(path: string, deadlineMs: number): Promise<WholeResponse> {
    let isSent = false;
    const onSending = () => {
      isSent = true;
    };
    try {
      const call = { origin, path: prefix + path, method: 'GET', headers: HEADERS } as const;
      return await receiveWhole(agent, call, { deadlineMs, maxBodyBytes: MAX_BODY_BYTES, onSending });
    } catch (error) {
      throw transportError(error, isSent);
    }
  }

  return {
    get: (path, parameters) => attempt(`${path}?${new URLSearchParams({ token: token(), ...parameters })}`, timeoutMs),
    ping: () => attempt(PING_PATH, BESIDE_TIMEOUT_MS),
    balance: () => attempt(`${BALANCE_PATH}?${new URLSearchParams({ token: token() })}`, BESIDE_TIMEOUT_MS),
    example: (api) => attempt(`${EXAMPLE_PATH}?${new URLSearchParams({ api })}`, BESIDE_TIMEOUT_MS),
    close: () => agent.destroy(),
  };
}

/** Node's and undici's codes are fixed words; their messages are not repeated, for they may hold the URL. */
function transportError(error: unknown, isSent: boolean): UpstreamError {
  const reason = reasonOf(error);
  if (!isSent) return new UpstreamError(UNREACHABLE, { reason });
  return new UpstreamError(MALFORMED_RESPONSES.has(reason) ? BAD_RESPONSE : OUTCOME_UNKNOWN, { reason });
}

/** Something arrived, and it is too large, or no HTTP. */
const MALFORMED_RESPONSES: ReadonlySet<string> = new Set([
  'not HTTP',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault';
  if (error.name === 'TimeoutError') return 'timed out';
  // Undici gives no code here; the words in its message are llhttp's own.
  if (error.name === 'HTTPParserError') return error.message.includes('EOF') ? 'cut off' : 'not HTTP';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
