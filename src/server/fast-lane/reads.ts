import type { LinkIndexKey } from '../../domain/link-index.ts';
import type { LinkIndexLoader } from '../../loaders/link-index-loader.ts';
import { countNamed } from './hits.ts';
import type { FoundPlan } from './plans.ts';

/** Stands for what is not read yet. */
const NOTHING = 'null';

/**
 * What a plan answers when it may read, and buy, what is not in memory.
 *
 * @returns undefined where the plan has no answer, in which case nothing was read, or where a read failed
 */
export async function textOfReads(
  { plan, variables }: FoundPlan,
  maxKols: number,
  linkIndexes: LinkIndexLoader,
): Promise<string | undefined> {
  const keys: LinkIndexKey[] = [];
  // Gone through as a whole, so that a bad id at the end of a list is found before anything is bought.
  const isGood = plan.answer(variables, {
    name: countNamed(maxKols),
    textOf(kolId, industryTag) {
      keys.push({ kolId, industryTag });
      return NOTHING;
    },
  });
  if (isGood === undefined) return undefined;
  const outcomes = await Promise.all(keys.map((key) => linkIndexes.load(key, true)));
  let next = 0;
  return plan.answer(variables, {
    name: () => true,
    textOf(kolId, _industryTag, { render }) {
      const outcome = outcomes[next];
      next += 1;
      if (outcome?.kind === 'answer') return render(outcome, kolId);
      return outcome?.kind === 'no-data' ? render(null, kolId) : undefined;
    },
  });
}
