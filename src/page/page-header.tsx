import { useWords } from './words/words.ts';

interface PageHeaderProps {
  readonly isSandbox: boolean;
  readonly onOtherLanguage: () => void;
}

export function PageHeader({ isSandbox, onOtherLanguage }: PageHeaderProps) {
  const words = useWords();
  return (
    <header>
      <p class="brand">kol-gateway</p>
      <p class={isSandbox ? 'mode sandbox' : 'mode'}>{isSandbox ? words.mode.sandbox : words.mode.live}</p>
      <nav aria-label="kol-gateway">
        <a href="graphql">{words.links.graphiql}</a>
        <a href="schema.graphql">{words.links.schema}</a>
        <a href="README.md">{words.links.docs}</a>
        <button type="button" class="quiet" onClick={onOtherLanguage}>
          {words.otherLanguage}
        </button>
      </nav>
    </header>
  );
}
