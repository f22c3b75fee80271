/** Plain values: what JSON can carry. A property whose value is undefined counts as absent. */

/** A copy that shares nothing with the original. */
export function copyPlain<T>(value: T): T {
  return copy(value) as T;
}

/** Whether two plain values mean the same. Allocates nothing: a reload compares whole configurations. */
export function equalPlain(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return equalLists(a, b);
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const key in left) if (!equalPlain(left[key], right[key])) return false;
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}

/** Names of the fields in which two records differ. */
export function differingFields<Record extends object>(
  before: Record,
  after: Record,
): readonly (keyof Record & string)[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Record & string>;
  return [...fields].filter((field) => !equalPlain(before[field], after[field]));
}

function equalLists(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!equalPlain(a[index], b[index])) return false;
  return true;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) return value;
  // A plain loop: snapshots of a thousand addresses are copied between two advertisements.
  const original = value as Readonly<Record<string, unknown>>;
  const copied: Record<string, unknown> = {};
  for (const key of Object.keys(original)) copied[key] = copy(original[key]);
  return copied;
}
