import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type IndexName = 'cooperate' | 'cp' | 'convert' | 'shopping' | 'spread' | 'star';

/** All that the page says, in one language. */
export interface Words {
  readonly title: string;
  readonly lead: string;
  readonly mode: { readonly sandbox: string; readonly live: string };
  readonly otherLanguage: string;
  readonly links: { readonly graphiql: string; readonly schema: string; readonly docs: string };
  readonly keyLabel: string;
  readonly keyHint: string;
  readonly idsLabel: string;
  readonly idsHint: string;
  readonly idsTooMany: string;
  readonly idsNone: string;
  readonly samples: string;
  readonly compare: string;
  readonly priceLive: string;
  readonly progress: (arrived: number, asked: number) => string;
  readonly cost: { readonly sandbox: (calls: number) => string; readonly live: (calls: number) => string };
  readonly pending: string;
  readonly noData: string;
  readonly again: string;
  readonly retryAfter: (seconds: number) => string;
  readonly details: (code: string, requestId: string | undefined) => string;
  readonly fetchedAt: string;
  readonly freshness: Readonly<Record<'FRESH' | 'STALE_REVALIDATING' | 'STALE_UPSTREAM_FAILED', string>>;
  readonly kol: string;
  readonly average: string;
  readonly chart: (id: string) => string;
  readonly table: (id: string) => string;
  readonly columns: Readonly<Record<'index' | 'value' | 'average' | 'rank' | 'top' | 'change', string>>;
  readonly indices: Readonly<Record<IndexName, string>>;
  readonly notRanked: string;
  readonly missing: string;
  /** What happened and what to do, by error code; `other` for a code that is not listed. */
  readonly failures: Readonly<Record<string, string>> & { readonly other: string };
}

export const LANGUAGES = { en, zh } as const;
export type Language = keyof typeof LANGUAGES;

/** The browser's first language, where we speak it. */
export function preferredLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const LanguageContext = createContext<Language>('en');

export function useWords(): Words {
  return LANGUAGES[useContext(LanguageContext)];
}
