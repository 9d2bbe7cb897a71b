/** Ids with a fixed outcome, while the gateway runs in sandbox mode. */
const OUTCOMES: readonly (readonly [id: string, outcome: string])[] = [
  ['sandbox-sample', 'six indices'],
  ['sandbox-slow', 'takes 5 s'],
  ['sandbox-missing-block', 'one index missing'],
  ['sandbox-201', 'no data'],
  ['sandbox-301', 'may succeed later'],
  ['sandbox-601', 'account empty'],
  ['sandbox-cut', 'cut off'],
  ['sandbox-stale', 'older'],
  ['sandbox-paused', 'calls paused'],
];

interface SandboxIdsProps {
  readonly chosen: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
}

export function SandboxIds({ chosen, onChange }: SandboxIdsProps) {
  return (
    <fieldset className="suggestions">
      <legend>To try in the sandbox</legend>
      {OUTCOMES.map(([id, outcome]) => {
        const isChosen = chosen.includes(id);
        const next = isChosen ? chosen.filter((other) => other !== id) : [...chosen, id];
        return (
          <button key={id} type="button" aria-pressed={isChosen} onClick={() => onChange(next)}>
            {id} <small>{outcome}</small>
          </button>
        );
      })}
    </fieldset>
  );
}
