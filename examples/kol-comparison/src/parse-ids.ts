export const MAX_KOLS = 5;

/** Distinct ids in the order given, separated by spaces, commas or line breaks. The gateway judges their form. */
export function parseIds(text: string): string[] {
  return [...new Set(text.split(/[\s,;，、]+/).filter((id) => id !== ''))];
}
