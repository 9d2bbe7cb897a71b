import { useId, useState } from 'preact/hooks';
import { useWords } from './words/words.ts';

const MAX_IDS = 5;
const SAMPLES = ['sandbox-sample', 'creator-7', 'sandbox-slow', 'sandbox-not-ranked', 'sandbox-201', 'sandbox-301'];

interface KolFormProps {
  readonly isSandbox: boolean;
  readonly initialIds: readonly string[];
  readonly onCompare: (ids: readonly string[]) => void;
}

export function KolForm({ isSandbox, initialIds, onCompare }: KolFormProps) {
  const words = useWords();
  const hintId = useId();
  const [text, setText] = useState(initialIds.join(' '));
  const [isChecked, setIsChecked] = useState(false);
  const ids = [...new Set(text.split(/[\s,，、]+/).filter(Boolean))];
  const mistake = ids.length === 0 ? words.idsNone : ids.length > MAX_IDS ? words.idsTooMany : undefined;

  const shown = isChecked ? mistake : undefined;

  const submit = (event: Event) => {
    event.preventDefault();
    setIsChecked(true);
    if (!mistake) onCompare(ids);
  };
  const toggle = (id: string) =>
    setText((ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]).join(' '));

  return (
    <form onSubmit={submit}>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      <label for="ids">{words.idsLabel}</label>
      <div class="ask">
        <input
          id="ids"
          type="text"
          autocomplete="off"
          spellcheck={false}
          value={text}
          aria-describedby={hintId}
          aria-invalid={shown !== undefined}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">{words.compare}</button>
      </div>
      <p id={hintId} class={shown ? 'hint mistake' : 'hint'} role={shown === undefined ? undefined : 'alert'}>
        {shown ?? words.idsHint} {!isSandbox && words.priceLive}
      </p>
      {isSandbox && (
        <fieldset>
          <legend>{words.samples}</legend>
          {SAMPLES.map((id) => (
            <button key={id} type="button" class="chip" aria-pressed={ids.includes(id)} onClick={() => toggle(id)}>
              {id}
            </button>
          ))}
        </fieldset>
      )}
    </form>
  );
}
