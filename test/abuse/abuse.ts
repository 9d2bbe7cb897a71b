/** An HTTP request that a client library would not send. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Abuse {
  readonly title: string;
  /** A request, or what is written to a socket as it is. */
  readonly sent: Sent | { readonly bytes: string | Buffer };
  /** 0 when the connection is cut without an answer. */
  readonly status: number;
  /** Of the first error; undefined where there is none, or no body. */
  readonly code?: string | undefined;
  /** What the gateway is configured with besides. */
  readonly env?: Readonly<Record<string, string>>;
}

export const JSON_TYPE = { 'content-type': 'application/json' };

/** A query that costs money, wherever it gets through. */
export const BUYING = '{ kol(id: "7") { linkIndex { star { value } } } }';

export interface GraphAbuse {
  readonly status?: number;
  readonly code?: string | undefined;
  readonly variables?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** A document that is refused as such, unless told otherwise. */
export function graph(title: string, query: string, expected: GraphAbuse = {}): Abuse {
  const { variables, status = 400, code = 'GRAPHQL_VALIDATION_FAILED', env } = expected;
  const sent = { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ query, variables }) };
  return { title, sent, status, ...(status === 200 && !('code' in expected) ? {} : { code }), ...(env && { env }) };
}

/** `count` texts, one behind the other. */
export function repeat(count: number, textOf: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => textOf(index)).join(' ');
}
