/** First in, first out within a group, and one of each group in turn, so that a long list does not starve a single read. */
export interface FairQueue<Item> {
  readonly size: number;
  push(group: object, item: Item): void;
  shift(): Item | undefined;
  /** Everything that waits, in turn; the queue is empty afterwards. */
  drain(): Item[];
}

export function createFairQueue<Item>(): FairQueue<Item> {
  // A Map keeps its order: the group at the front is next, and goes to the back when it still has something.
  const groups = new Map<object, Item[]>();
  let size = 0;

  function shift(): Item | undefined {
    const [next] = groups;
    if (next === undefined) return undefined;
    const [group, items] = next;
    const item = items.shift();
    groups.delete(group);
    if (items.length > 0) groups.set(group, items);
    size -= 1;
    return item;
  }

  return {
    get size() {
      return size;
    },
    push(group, item) {
      const items = groups.get(group);
      if (items) items.push(item);
      else groups.set(group, [item]);
      size += 1;
    },
    shift,
    drain() {
      const all: Item[] = [];
      while (size > 0) all.push(shift() as Item);
      return all;
    },
  };
}
