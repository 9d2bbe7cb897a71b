/** What a page asks the gateway for. */
export interface ClientRequest {
  readonly uri: string;
  readonly query: string;
  readonly ids: readonly string[];
  /** The `Accept` header, where the page is to send another than the client's own. */
  readonly accept?: string | undefined;
}

/** A result as the client gives it to an application, without what cannot leave the page. */
export interface ClientStep {
  readonly isLast: boolean;
  readonly data: unknown;
  readonly codes: readonly unknown[];
}

declare global {
  /** Given by the page of a client. */
  var ask: (request: ClientRequest) => void;
  /** Given by the test. */
  var tellStep: (step: ClientStep) => void;
}
