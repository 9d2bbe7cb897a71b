import { expect, test } from 'vitest';
import { exportTo, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { held, startScriptedUpstream } from '../../support/scripted-upstream.ts';
import { startCrowd } from './crowd.ts';

const BOUGHT = `
POST /graphql
  query
    cache read
POST /graphql
  query
    cache read
      purchase`.trim();

test('a purchase is a step of the trace that asked for it, and who joins it points at it', async () => {
  await using receiver = await startOtlpReceiver();
  await using upstream = await startScriptedUpstream(held());
  await using crowd = await startCrowd({ upstream, env: exportTo(receiver) });
  const first = crowd.readAnew('7');
  await upstream.received(1);
  const second = crowd.readAnew('7');
  await expect
    .poll(async () => (await crowd.readAnew('7', { headers: { prefer: 'wait=0', traceparent: NOT_SAMPLED } })).code)
    .toBe('UPSTREAM_PENDING');
  upstream.release();
  await Promise.all([first, second]);
  expect(await crowd.stop()).toBe(0);

  expect(receiver.outline()).toBe(BOUGHT);
  const purchase = receiver.span('purchase');
  expect(purchase.attributes).toMatchObject({ 'kol_gateway.reason': 'miss', 'kol_gateway.billed': 'yes' });
  const joined = receiver.span('cache read', ['kol_gateway.source', 'coalesced']);
  expect(joined.links).toEqual([purchase.spanId]);
  expect(joined.traceId).not.toBe(purchase.traceId);
});

const NOT_SAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
