import {
  type Aggregator,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';

/** What is read at the time of a scrape. */
export interface MetricSources {
  /** Every endpoint that may be asked. */
  readonly endpoints: readonly string[];
  /** The one that is asked now. */
  readonly endpoint: () => string;
  readonly inFlight: () => number;
  readonly queued: () => number;
  readonly openBreakers: () => readonly string[];
  /** Billed calls that are left today; undefined without a budget. */
  readonly budgetRemaining: () => number | undefined;
  /** Billed calls per day of `BUDGET_TIME_ZONE`; undefined without a budget. */
  readonly budgetLimit: number | undefined;
  /** By how much the store's clock is ahead of this machine's, in milliseconds; undefined where no store is shared. */
  readonly clockOffsetMs: (() => number | undefined) | undefined;
  /** The account's balance; undefined where it is never read. */
  readonly balance: BalanceSource | undefined;
}

export interface BalanceSource {
  /** How often it is read. */
  readonly intervalMs: number;
  /** What was read last; undefined until it was read for the first time. */
  readonly last: () => { readonly amount: string; readonly currency: string; readonly readAtMs: number } | undefined;
}

/** The metrics of one process at one time, as data. */
export type Samples = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface Metrics {
  noteAttempt(attempt: { endpoint: string; outcome: string; billed: string; durationMs: number }): void;
  noteRead(source: string, count?: number): void;
  noteRequest(request: { client: string; outcome: string; durationMs: number }): void;
  noteStoreError(store: string, operation: string): void;
  readonly contentType: string;
  /** In Prometheus's text format. */
  text(): Promise<string>;
  /** The same as data, for adding up those of several processes. */
  samples(): Promise<Samples>;
}

const RESULTS = ['memory', 'store', 'stale', 'coalesced', 'negative', 'upstream', 'failed'];
const BREAKERS = ['account', 'endpoint', 'quota', 'upstream'];
/** An answer takes from one second to a minute, a cached one about a millisecond. */
const UPSTREAM_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60];
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 70];

/** Names are a public contract. No KOL id, token or key is ever the value of a label. */
export function createMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });

  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `kol_gateway_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[], ...labelNames: string[]) =>
    new Histogram({ name: `kol_gateway_${name}`, help, buckets, labelNames, registers });
  /** @param aggregator how the gauges of several workers become one: what each worker has of its own is added up */
  const gauge: AddGauge = (name, help, { labelNames = [], aggregator = 'sum' }, collect) =>
    new Gauge({
      ...{ name: `kol_gateway_${name}`, help, labelNames, aggregator, registers },
      collect() {
        this.reset();
        collect(this);
      },
    });

  const attempts = counter('upstream_attempts_total', 'Calls to the upstream, by outcome.', 'endpoint', 'outcome');
  const billed = counter('upstream_billed_total', 'Calls that were billed.', 'endpoint');
  const unknown = counter('upstream_outcome_unknown_total', 'Calls that may have been billed.', 'endpoint');
  const upstreamSeconds = histogram('upstream_seconds', 'How long a call took.', UPSTREAM_SECONDS, 'endpoint');
  /** Counted here until a scrape: a labelled counter of the library takes as long as a cached read. */
  const newReads = new Map<string, number>();
  new Counter({
    name: 'kol_gateway_link_index_reads_total',
    help: 'Reads, one per key and request, by where they ended.',
    labelNames: ['result'],
    registers,
    collect() {
      for (const [result, count] of newReads) this.inc({ result }, count);
      newReads.clear();
    },
  });
  const requestSeconds = histogram(
    'graphql_request_seconds',
    'How long a GraphQL request took.',
    REQUEST_SECONDS,
    'client',
    'outcome',
  );
  const storeErrors = counter('store_errors_total', 'What the store did not do, by operation.', 'store', 'operation');

  // Born at 0: a rate sees no first event of a counter that begins with it.
  for (const endpoint of sources.endpoints) {
    for (const outcome of ['ok', 'no_data']) attempts.inc({ endpoint, outcome }, 0);
    billed.inc({ endpoint }, 0);
    unknown.inc({ endpoint }, 0);
  }
  for (const result of RESULTS) newReads.set(result, 0);

  addGauges(gauge, sources);

  return {
    noteAttempt({ endpoint, outcome, billed: isBilled, durationMs }) {
      attempts.inc({ endpoint, outcome: outcome.toLowerCase().replace(/^upstream_/, '') });
      if (isBilled === 'yes') billed.inc({ endpoint });
      if (isBilled === 'unknown') unknown.inc({ endpoint });
      upstreamSeconds.observe({ endpoint }, durationMs / 1000);
    },
    noteRead(source, count = 1) {
      const result = source === 'bought' ? 'upstream' : source;
      newReads.set(result, (newReads.get(result) ?? 0) + count);
    },
    noteRequest: ({ client, outcome, durationMs }) => requestSeconds.observe({ client, outcome }, durationMs / 1000),
    noteStoreError: (store, operation) => storeErrors.inc({ store, operation }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    samples: () => registry.getMetricsAsJSON(),
  };
}

type AddGauge = (
  name: string,
  help: string,
  options: { readonly labelNames?: string[]; readonly aggregator?: Aggregator },
  collect: (gauge: Gauge) => void,
) => void;

function addGauges(gauge: AddGauge, sources: MetricSources): void {
  const byEndpoint = { labelNames: ['endpoint'] };
  gauge('upstream_in_flight', 'Calls in flight.', byEndpoint, (it) =>
    it.set({ endpoint: sources.endpoint() }, sources.inFlight()),
  );
  gauge('upstream_queued', 'Calls that wait for their turn.', byEndpoint, (it) =>
    it.set({ endpoint: sources.endpoint() }, sources.queued()),
  );
  const byReason = { labelNames: ['reason'], aggregator: 'max' as const };
  gauge('upstream_breaker_open', '1 while calls are paused for this reason.', byReason, (it) => {
    const open = sources.openBreakers();
    for (const reason of BREAKERS) it.set({ reason }, Number(open.includes(reason)));
  });
  const { budgetLimit } = sources;
  if (budgetLimit !== undefined) {
    gauge('budget_limit', 'Billed calls that may be made per day of BUDGET_TIME_ZONE.', { aggregator: 'first' }, (it) =>
      it.set(budgetLimit),
    );
    gauge(
      'budget_remaining',
      'Billed calls that are left for this day of BUDGET_TIME_ZONE.',
      { aggregator: 'min' },
      (it) => it.set(sources.budgetRemaining() ?? 0),
    );
  }
  const { clockOffsetMs } = sources;
  if (clockOffsetMs) {
    const help = "By how much the shared store's clock is ahead of this machine's.";
    gauge('clock_offset_seconds', help, { aggregator: 'first' }, (it) => it.set((clockOffsetMs() ?? 0) / 1000));
  }
  if (sources.balance) addBalanceGauges(gauge, sources.balance);
}

/** All workers have one account, and so one reading; for a moment one of them may know an older one. */
function addBalanceGauges(gauge: AddGauge, { intervalMs, last }: BalanceSource): void {
  const byCurrency = { labelNames: ['currency'], aggregator: 'min' as const };
  gauge('upstream_balance', "The account's balance at the upstream, as it was last read.", byCurrency, (it) => {
    const reading = last();
    if (reading) it.set({ currency: reading.currency }, Number(reading.amount));
  });
  const timeHelp = 'When the balance was last read, in seconds since the epoch; 0 before the first time.';
  gauge('upstream_balance_read_timestamp_seconds', timeHelp, { aggregator: 'max' }, (it) =>
    it.set((last()?.readAtMs ?? 0) / 1000),
  );
  gauge('upstream_balance_interval_seconds', 'How often the balance is read.', { aggregator: 'first' }, (it) =>
    it.set(intervalMs / 1000),
  );
}
