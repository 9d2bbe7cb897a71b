import { ask } from './ask.ts';
import { kolIds, LIST_LENGTH } from './kol-ids.ts';

const QUERY = 'query Fill($ids: [ID!]!) { kols(ids: $ids) { linkIndex { star { value } } } }';
const AT_A_TIME = 4;

/**
 * Has the KOLs with the numbers from 1 to `count` bought, in lists.
 * @throws when one is not answered
 */
export async function fillKols(origin: string, count: number): Promise<void> {
  let next = 1;
  const buyInTurn = async () => {
    while (next <= count) {
      const first = next;
      next += LIST_LENGTH;
      const ids = kolIds(first, Math.min(count, first + LIST_LENGTH - 1));
      const { status, text } = await ask(origin, QUERY, { ids });
      if (status !== 200 || text.includes('"errors"')) {
        throw new Error(`expected KOL ${first} and those after it, got ${status} ${text.slice(0, 300)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, buyInTurn));
}
