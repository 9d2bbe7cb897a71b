import type { Samples } from '../telemetry/metrics.ts';

/** From a worker to the primary process. */
export type ToPrimary =
  /** It listens, and can answer. */
  | { readonly kind: 'ready'; readonly origin: string }
  /** A client has asked for the metrics of all processes. */
  | { readonly kind: 'metrics-request'; readonly id: number }
  | { readonly kind: 'samples'; readonly id: number; readonly samples: Samples };

/** From the primary process to a worker. */
export type ToWorker =
  | { readonly kind: 'samples-request'; readonly id: number }
  /** In Prometheus's text format. */
  | { readonly kind: 'metrics'; readonly id: number; readonly text: string }
  /** Stop listening, answer what is open, let purchases in flight finish, and end. */
  | { readonly kind: 'stop' };
