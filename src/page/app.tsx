import { useEffect, useState } from 'preact/hooks';
import { Comparison } from './comparison.tsx';
import { PageHeader } from './page-header.tsx';
import { LANGUAGES, type Language, LanguageContext, preferredLanguage } from './words/words.ts';

export function App({ isSandbox }: { readonly isSandbox: boolean }) {
  const [language, setLanguage] = useState<Language>(preferredLanguage);

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${LANGUAGES[language].title} · kol-gateway${isSandbox ? ' (sandbox)' : ''}`;
  }, [language, isSandbox]);

  return (
    <LanguageContext.Provider value={language}>
      <PageHeader isSandbox={isSandbox} onOtherLanguage={() => setLanguage(language === 'en' ? 'zh' : 'en')} />
      <main>
        <Comparison isSandbox={isSandbox} />
      </main>
    </LanguageContext.Provider>
  );
}
