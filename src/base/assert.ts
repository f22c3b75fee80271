/**
 * A defect of buoy itself: an invariant was broken. It is never caught to go on; the process reports it
 * with its last inputs and ends, and the supervisor starts it again.
 */
export class BugError extends Error {
  override readonly name = "BugError";
}

/** Throws BugError unless the condition holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}

/** The value, or BugError where it is undefined or null. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new BugError(`missing ${what}`);
  return value;
}

/** For the default branch of a switch over a union: the compiler refuses a forgotten member. */
export function unreachable(value: never): never {
  throw new BugError(`unhandled case ${JSON.stringify(value)}`);
}
