import { useContext } from 'preact/hooks';
import type { LinkIndex } from './rows.ts';
import { LanguageContext, useWords } from './words/words.ts';

export function FreshnessBadge({ linkIndex: { freshness, fetchedAt } }: { readonly linkIndex: LinkIndex }) {
  const words = useWords();
  const language = useContext(LanguageContext);
  const time = new Date(fetchedAt).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <p class="freshness">
      <span class={freshness === 'FRESH' ? 'badge' : 'badge stale'}>{words.freshness[freshness]}</span>{' '}
      {words.fetchedAt} <time datetime={fetchedAt}>{time}</time>
    </p>
  );
}
