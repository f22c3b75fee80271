/** Passwords and keys stay inside: what is shown or written has a mask in their place. */

/** What stands in place of a secret. */
export const MASK = "********";
/** Fields of the model that hold a secret. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(["password", "secret"]);

/** A copy of a plain value in which every password and key is masked. */
export function withoutSecrets<T>(value: T): T {
  return mask(value) as T;
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET_FIELDS.has(key) ? MASK : mask(inner)]),
  );
}
