/** What the gateway exposes, with the series that a histogram has. A rule on another name would never fire. */
const EXPOSED = new Set([
  'kol_gateway_upstream_attempts_total',
  'kol_gateway_upstream_billed_total',
  'kol_gateway_upstream_outcome_unknown_total',
  ...histogram('kol_gateway_upstream_seconds'),
  'kol_gateway_upstream_in_flight',
  'kol_gateway_upstream_queued',
  'kol_gateway_upstream_breaker_open',
  'kol_gateway_link_index_reads_total',
  'kol_gateway_budget_limit',
  'kol_gateway_budget_remaining',
  'kol_gateway_clock_offset_seconds',
  'kol_gateway_upstream_balance',
  'kol_gateway_upstream_balance_interval_seconds',
  'kol_gateway_upstream_balance_read_timestamp_seconds',
  ...histogram('kol_gateway_graphql_request_seconds'),
  'kol_gateway_store_errors_total',
  // Node's own, by the names of prom-client.
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_heap_size_used_bytes',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  // Prometheus' own.
  'up',
]);

function histogram(name: string): readonly string[] {
  return ['bucket', 'sum', 'count'].map((suffix) => `${name}_${suffix}`);
}

const WORDS_OF_PROMQL = new Set(['and', 'or', 'unless', 'bool', 'offset', 'group_left', 'group_right']);

/** The names of series in a PromQL expression, recorded ones included: what is no label, no function and no keyword. */
function seriesNamesIn(expression: string): readonly string[] {
  const withoutLabels = expression
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...withoutLabels.matchAll(/(?<![\w:$.])[a-zA-Z_][\w:]*(?!\s*\(|[\w:])/g)]
    .map(([name]) => name)
    .filter((name) => !WORDS_OF_PROMQL.has(name));
}

/** Names that neither the gateway exposes nor a rule records. An aggregation without a series is one fault too. */
export function unknownSeriesIn(expression: string, recorded: readonly string[] = []): readonly string[] {
  const names = seriesNamesIn(expression);
  if (names.length === 0) return [`no series in "${expression}"`];
  return names.filter((name) => !EXPOSED.has(name) && !recorded.includes(name));
}
