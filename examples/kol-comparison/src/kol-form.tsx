import { type SubmitEvent, useId, useRef, useState } from 'react';
import { MAX_KOLS, parseIds } from './parse-ids.ts';
import { SandboxIds } from './sandbox-ids.tsx';

export function KolForm({ onCompare }: { readonly onCompare: (ids: string[]) => void }) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const inputId = useId();
  const problemId = useId();
  const ids = parseIds(text);

  function change(newText: string): void {
    setText(newText);
    setProblem(undefined);
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const found = problemWith(ids);
    setProblem(found);
    if (found) input.current?.focus();
    else onCompare(ids);
  }

  return (
    <form onSubmit={submit} noValidate>
      <label htmlFor={inputId}>KOL ids, up to {MAX_KOLS}</label>
      <div className="field">
        <input
          id={inputId}
          ref={input}
          value={text}
          onChange={(event) => change(event.target.value)}
          placeholder="separated by spaces or commas"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={problemId}
        />
        <button type="submit" className="primary">
          Compare
        </button>
      </div>
      <p id={problemId} className="problem" role="alert">
        {problem}
      </p>
      <SandboxIds chosen={ids} onChange={(chosen) => change(chosen.join(' '))} />
    </form>
  );
}

function problemWith(ids: readonly string[]): string | undefined {
  if (ids.length === 0) return 'Give at least one id.';
  if (ids.length > MAX_KOLS) return `Give at most ${MAX_KOLS} ids; these are ${ids.length}.`;
  return undefined;
}
