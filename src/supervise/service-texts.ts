/**
 * Virtual servers on their way between processes: each is one line of JSON text, and only those that differ travel. A
 * configuration has thousands of them, and a reload changes one. Pure.
 */
import { present } from "../base/assert.ts";

/** The text of each service by its key, in the order of the configuration. */
export type ServiceTexts = ReadonlyMap<string, string>;

/** The first line of a change. */
interface Head {
  /** Keys of all services there are from then on. */
  readonly order: readonly string[];
  /** Keys of those that follow, a line each. */
  readonly changed: readonly string[];
}

/** The text of a change to these services; `changed` are those that the other side does not have as they are. */
export function encodeServices(order: readonly string[], changed: ServiceTexts): string {
  const head: Head = { order, changed: [...changed.keys()] };
  return [JSON.stringify(head), ...changed.values()].join("\n");
}

/** The change that leads from one state to another. */
export function serviceChange(before: ServiceTexts, after: ServiceTexts): string {
  const changed = new Map([...after].filter(([key, text]) => before.get(key) !== text));
  return encodeServices([...after.keys()], changed);
}

/** The services after a change; `read` makes of a line what the caller keeps. What did not change stays the same value. */
export function changeServices<Value>(
  before: ReadonlyMap<string, Value>,
  change: string,
  read: (line: string) => Value,
): ReadonlyMap<string, Value> {
  const [first = "", ...lines] = change.split("\n");
  const { order, changed } = JSON.parse(first) as Head;
  const fresh = new Map(changed.map((key, index) => [key, read(present(lines[index], key))]));
  return new Map(order.map((key) => [key, fresh.get(key) ?? present(before.get(key), key)]));
}
