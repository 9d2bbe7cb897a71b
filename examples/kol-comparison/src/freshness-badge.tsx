import type { Freshness } from './gql/graphql.ts';

const WORDS: Readonly<Record<Freshness, string>> = {
  FRESH: 'fresh',
  STALE_REVALIDATING: 'older, being renewed',
  STALE_UPSTREAM_FAILED: 'older, not renewable now',
};

const dateAndTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

interface FreshnessBadgeProps {
  readonly freshness: Freshness;
  /** RFC 3339, in UTC. */
  readonly fetchedAt: string;
}

export function FreshnessBadge({ freshness, fetchedAt }: FreshnessBadgeProps) {
  return (
    <>
      <span className={`badge ${freshness.toLowerCase()}`}>{WORDS[freshness]}</span>
      <time dateTime={fetchedAt}>{dateAndTime.format(new Date(fetchedAt))}</time>
    </>
  );
}
