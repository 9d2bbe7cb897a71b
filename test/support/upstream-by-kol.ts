import { answers, type Behaviour, type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

/** Calls for a KOL get that KOL's behaviours in turn, and the last one from then on; other KOLs get their own scores. */
export function startUpstreamByKol(
  script: Readonly<Record<string, [Behaviour, ...Behaviour[]]>>,
): Promise<ScriptedUpstream> {
  const waiting = new Map(Object.entries(script).map(([kolId, behaviours]) => [kolId, [...behaviours]]));
  const behaviourFor = (kolId: string): Behaviour => {
    const turns = waiting.get(kolId) ?? [];
    return (turns.length > 1 ? turns.shift() : turns[0]) ?? answers;
  };
  const byKol: Behaviour = (socket, call) => behaviourFor(call.parameters.get('kolId') ?? '')(socket, call);
  const release = () => {
    for (const behaviour of Object.values(script).flat())
      if ('release' in behaviour) (behaviour.release as () => void)();
  };
  return startScriptedUpstream(Object.assign(byKol, { release }));
}
