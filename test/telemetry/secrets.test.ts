import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { STARS_OF } from '../operations.ts';
import { writeKeyFile } from '../support/key-file.ts';
import { exportTo, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { answers, failsWith, startScriptedUpstream } from '../support/scripted-upstream.ts';
import { CANARY_TOKEN, startTestGateway } from '../support/test-gateway.ts';

test('nothing secret is exported: no token, no key, no URL of the upstream, and not who was looked at', async () => {
  const key = 'canary-key-0123456789abcdef';
  using keys = writeKeyFile({ name: 'shop', key, scopes: ['fresh'] });
  await using receiver = await startOtlpReceiver();
  await using upstream = await startScriptedUpstream(failsWith(301), answers, answers, failsWith(600));
  const env = { ...exportTo(receiver), CLIENT_KEYS_FILE: keys.path };
  await using gateway = await startTestGateway({ upstream, env });
  const headers = { authorization: `Bearer ${key}` };
  await gateway.query(STARS_OF, { ids: ['canary-kol', 'kol-2'], industryTag: 'canary-tag' }, { headers });
  const query = 'query Again { kol(id: "canary-kol") { linkIndex(acceptCache: false) { star { value } } } }';
  await fetch(`${gateway.origin}/graphql?query=${encodeURIComponent(query)}`, { headers: { 'x-api-key': key } });
  await gateway.stop();

  expect(upstream.calls.length).toBe(4);
  expect(receiver.span('GET /graphql').attributes['kol_gateway.client']).toBe('shop');
  const secrets = [
    CANARY_TOKEN,
    encodeURIComponent(CANARY_TOKEN),
    Buffer.from(CANARY_TOKEN).toString('base64'),
    key,
    createHash('sha256').update(key).digest('hex'),
    new URL(upstream.baseUrl).host,
    '/api/douyin-xingtu',
    'token=',
    'kolId',
    'canary',
    'acceptCache',
    'industryTag',
  ];
  const text = receiver.text();
  expect(secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
});
