import { clientKey, keepClientKey } from './client-key.ts';
import { useWords } from './words/words.ts';

export function KeyField() {
  const words = useWords();
  return (
    <p class="key-field">
      <label for="key">{words.keyLabel}</label>
      <input
        id="key"
        type="password"
        autocomplete="off"
        defaultValue={clientKey()}
        onInput={({ currentTarget }) => keepClientKey(currentTarget.value)}
      />
      <span class="hint">{words.keyHint}</span>
    </p>
  );
}
