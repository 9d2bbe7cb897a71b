import { expect, test } from 'vitest';
import { ConfigurationError, parseConfig } from '../../src/config/config.ts';

test.each([
  [undefined, {}],
  [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
  ['http://collector:4318/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }],
  ['https://collector/otlp/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp/' }],
  ['http://collector/traces/', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector/traces/' }],
  ['http://b', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b' }],
  [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'True' }],
  ['http://a/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'perhaps' }],
  [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_TRACES_EXPORTER: 'none' }],
  ['http://a/v1/traces', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_TRACES_EXPORTER: 'otlp' }],
])('traces go to %j with %j', (tracesUrl, env) => {
  expect(parseConfig(env).tracesUrl).toBe(tracesUrl);
});

test.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])(
  '%s that is no URL stops the start, and is not repeated: it may hold a password',
  (name) => {
    for (const text of ['pw@a:4317', 'grpc://pw@a', 'http://', 'http://a b', 'http://a?pw']) {
      expect(() => parseConfig({ [name]: text })).toThrow(ConfigurationError);
      expect(() => parseConfig({ [name]: text })).toThrow(/: expected an http:\/\/ or https:\/\/ URL[^,]*$/);
    }
  },
);
