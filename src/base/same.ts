/** Plain values compared as values. */

/** Equal as values. Models are plain; an absent field equals undefined. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((one, index) => same(one, b[index]));
  }
  return isCovered(a, b) && isCovered(b, a);
}

/** Names of the fields in which two records differ. */
export function differingFields<Record extends object>(
  before: Record,
  after: Record,
): readonly (keyof Record & string)[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Record & string>;
  return [...fields].filter((field) => !same(before[field], after[field]));
}

/** Whether every field of the one is in the other. Large models are compared: no list of keys is made. */
function isCovered(one: object, other: object): boolean {
  const values = other as Readonly<Record<string, unknown>>;
  for (const key in one) {
    if (!same((one as Readonly<Record<string, unknown>>)[key], values[key])) return false;
  }
  return true;
}
