import { expect } from 'vitest';
import type { Replicas } from '../support/replicas.ts';
import { type ScriptedUpstream, starOf } from '../support/scripted-upstream.ts';

/** By then replicas agree again. */
export const RECOVERY = { timeout: 20_000, interval: 200 };

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

/**
 * All ask at once for a key that nobody has, again and again, for a machine that is busy makes single replies late.
 * Settles when they buy one once.
 */
export async function agree(replicas: Replicas, upstream: ScriptedUpstream, name: string): Promise<void> {
  let tries = 0;
  const buyAnew = async () => {
    const id = `${name}-${++tries}`;
    for (const read of await replicas.readEverywhere(id)) expect(read).toMatchObject(freshStarOf(id));
    return callsById(upstream).get(id);
  };
  await expect.poll(buyAnew, RECOVERY).toBe(1);
}
