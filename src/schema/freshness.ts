import { builder } from './builder.ts';

export const Freshness = builder.enumType('Freshness', {
  description: 'How an answer stands against the time for which it is served as it is.',
  values: {
    FRESH: { description: 'Within its fresh lifetime, or bought for this request.' },
    STALE_REVALIDATING: { description: 'Past its fresh lifetime; a newer one is being fetched behind it.' },
    STALE_UPSTREAM_FAILED: {
      description: 'Past its fresh lifetime, and the upstream could not or may not be asked for a newer one.',
    },
  } as const,
});
