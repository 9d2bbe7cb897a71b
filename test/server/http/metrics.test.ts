import { expect, test } from 'vitest';
import { STARS_OF } from '../../operations.ts';
import { writeKeyFile } from '../../support/key-file.ts';
import { answers, failsWith, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { CANARY_TOKEN, startTestGateway, type TestGateway } from '../../support/test-gateway.ts';

async function metricsOf(gateway: TestGateway, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${gateway.origin}/metrics`, { headers });
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return response.text();
}

test('what is bought, saved and failing stands in the metrics under the public names', async () => {
  await using upstream = await startScriptedUpstream(answers, failsWith(301), failsWith(601));
  await using gateway = await startTestGateway({ upstream, env: { UPSTREAM_DAILY_BUDGET: '10' } });
  await gateway.query(STARS_OF, { ids: ['1'] });
  await gateway.query(STARS_OF, { ids: ['1'] });
  await gateway.query(STARS_OF, { ids: ['2'] });

  const text = await metricsOf(gateway);
  for (const line of [
    'kol_gateway_upstream_attempts_total{endpoint="kol-link-info",outcome="ok"} 1',
    'kol_gateway_upstream_attempts_total{endpoint="kol-link-info",outcome="collection_failed"} 1',
    'kol_gateway_upstream_attempts_total{endpoint="kol-link-info",outcome="balance_insufficient"} 1',
    'kol_gateway_upstream_billed_total{endpoint="kol-link-info"} 1',
    'kol_gateway_upstream_seconds_count{endpoint="kol-link-info"} 3',
    'kol_gateway_upstream_in_flight{endpoint="kol-link-info"} 0',
    'kol_gateway_upstream_queued{endpoint="kol-link-info"} 0',
    'kol_gateway_upstream_breaker_open{reason="account"} 1',
    'kol_gateway_upstream_breaker_open{reason="quota"} 0',
    'kol_gateway_link_index_reads_total{result="upstream"} 1',
    'kol_gateway_link_index_reads_total{result="memory"} 1',
    'kol_gateway_link_index_reads_total{result="failed"} 1',
    'kol_gateway_budget_limit 10',
    'kol_gateway_budget_remaining 9',
    'kol_gateway_graphql_request_seconds_count{client="local",outcome="ok"} 2',
    'kol_gateway_graphql_request_seconds_count{client="local",outcome="errors"} 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).toContain('process_cpu_seconds_total');
  expect(text).not.toContain(CANARY_TOKEN);
});

test('a dry run counts as no read, and no label names a KOL or a key', async () => {
  using keys = writeKeyFile({ name: 'web', key: 'key-canary', scopes: ['ops'] });
  await using upstream = await startScriptedUpstream(answers);
  await using gateway = await startTestGateway({ upstream, env: { CLIENT_KEYS_FILE: keys.path } });
  const headers = { 'x-api-key': 'key-canary' };
  await gateway.query(STARS_OF, { ids: ['kol-canary'] }, { headers: { ...headers, prefer: 'dry-run' } });
  expect(await metricsOf(gateway, headers)).toContain('kol_gateway_link_index_reads_total{result="failed"} 0\n');
  await gateway.query(STARS_OF, { ids: ['kol-canary'] }, { headers });
  const text = await metricsOf(gateway, headers);
  expect(text).toContain('kol_gateway_link_index_reads_total{result="upstream"} 1\n');
  expect(text).toContain('{client="web",outcome="ok"}');
  expect(text).not.toContain('canary');
});

test('every request has a line at debug, and a failed one at info', async () => {
  await using gateway = await startTestGateway();
  await gateway.query(STARS_OF, { ids: ['1'] });
  await gateway.query(STARS_OF, { ids: ['sandbox-600'] });
  const lines = gateway
    .logText()
    .split('\n')
    .filter((line) => line.includes('request answered'))
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    {
      level: 'debug',
      client: 'local',
      outcome: 'ok',
      bought: 1,
      saved: 0,
      durationMs: 0,
      document: expect.any(String),
    },
    { level: 'info', client: 'local', outcome: 'errors', bought: 0, saved: 0, requestId: expect.any(String) },
  ]);
  expect(gateway.logText()).toContain('"attempt":1');
});

test('what the store does not do is counted', async () => {
  await using gateway = await startTestGateway({ env: { CACHE_STORE: 'sqlite:/proc/nowhere/cache.sqlite' } });
  await gateway.query(STARS_OF, { ids: ['1'] });
  expect(await metricsOf(gateway)).toMatch(/kol_gateway_store_errors_total\{store="sqlite",operation="get"\} [1-9]/);
});
