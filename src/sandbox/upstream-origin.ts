import type { EndpointName } from '../domain/link-index.ts';
import type { Logger } from '../telemetry/logger.ts';
import { openTokenSource, type UpstreamTarget } from '../upstream/token-source.ts';
import { startSandbox } from './sandbox-server.ts';

export interface UpstreamOriginOptions {
  readonly target: UpstreamTarget;
  readonly endpoint: EndpointName | 'auto';
  readonly log: Logger;
  /** How long the built-in synthetic upstream takes to answer, in milliseconds; its own default where undefined. */
  readonly sandboxLatencyMs: number | undefined;
  readonly onNewToken: () => void;
  readonly closing: AsyncDisposableStack;
}

/** Where answers come from: the vendor, or the synthetic upstream, which is started here. */
export async function openUpstreamOrigin(options: UpstreamOriginOptions) {
  const { target, endpoint, log, sandboxLatencyMs, onNewToken, closing } = options;
  if (target.mode === 'sandbox') {
    const sandbox = await startSandbox({ latencyMs: sandboxLatencyMs });
    closing.defer(() => sandbox.close());
    // A magic id fails only itself: one that says "gone" must not move every request to the successor.
    const fixedEndpoint = endpoint === 'auto' ? 'kol-link-info' : endpoint;
    const token = openTokenSource({ value: 'sandbox' });
    return { isSandbox: true, baseUrl: sandbox.baseUrl, token, endpoint: fixedEndpoint } as const;
  }
  const token = openTokenSource(target.token, {
    onReloaded() {
      log.info('the token was read anew from its file');
      onNewToken();
    },
    onRejected: () => log.error('the token file changed and holds no token now; the last good one stays in use'),
  });
  closing.defer(() => token.close());
  return { isSandbox: false, baseUrl: target.baseUrl, token, endpoint } as const;
}
