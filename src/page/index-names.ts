import type { IndexName } from './words/words.ts';

/** In the order in which chart and table show them. */
export const INDEX_NAMES = ['star', 'spread', 'shopping', 'convert', 'cp', 'cooperate'] as const satisfies IndexName[];
