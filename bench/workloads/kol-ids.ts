/** As long as the vendor's ids, and all of one length, so that requests are too. */
export function kolId(number: number): string {
  return `7${String(number).padStart(18, '0')}`;
}

/** So many KOLs are known to the workloads in which everything is cached. */
export const KNOWN_KOLS = 10_000;
export const LIST_LENGTH = 50;

/** The ids of the numbers from `first` to `last`. */
export function kolIds(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => kolId(first + index));
}

/** All known KOLs, in lists that one request may ask for. */
export function knownLists(): string[][] {
  const count = KNOWN_KOLS / LIST_LENGTH;
  return Array.from({ length: count }, (_, index) => kolIds(index * LIST_LENGTH + 1, (index + 1) * LIST_LENGTH));
}
