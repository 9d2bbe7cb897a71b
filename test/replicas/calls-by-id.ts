import { type ScriptedUpstream, starOf } from '../support/scripted-upstream.ts';

/** How often each KOL was bought. */
export function callsById({ calls }: Pick<ScriptedUpstream, 'calls'>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { parameters } of calls) {
    const id = parameters.get('kolId') ?? '';
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** So many ids that begin alike. */
export function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

/** What a reader gets of an answer that is fresh. */
export function freshStarOf(id: string) {
  return { status: 200, value: starOf(id), freshness: 'FRESH' };
}
