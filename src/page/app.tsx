import { useEffect, useState } from 'preact/hooks';
import { Comparison } from './comparison.tsx';
import { PageHeader } from './page-header.tsx';
import { LANGUAGES, type Language, LanguageContext, preferredLanguage } from './words/words.ts';

export interface AppProps {
  /** Answers are synthetic. */
  readonly isSandbox: boolean;
  /** Nothing is answered without a client key. */
  readonly needsKey: boolean;
}

export function App({ isSandbox, needsKey }: AppProps) {
  const [language, setLanguage] = useState<Language>(preferredLanguage);

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${LANGUAGES[language].title} · kol-gateway${isSandbox ? ' (sandbox)' : ''}`;
  }, [language, isSandbox]);

  return (
    <LanguageContext.Provider value={language}>
      <PageHeader isSandbox={isSandbox} onOtherLanguage={() => setLanguage(language === 'en' ? 'zh' : 'en')} />
      <main>
        <Comparison isSandbox={isSandbox} needsKey={needsKey} />
      </main>
    </LanguageContext.Provider>
  );
}
