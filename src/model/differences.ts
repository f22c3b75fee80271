/** What differs between two models, leaf by leaf, in the operator's words: keywords rather than fields. */
import { formatSpan } from "../base/time.ts";
import type { KeywordRow } from "./keywords/row.ts";
import { KEYWORD_ROWS } from "./keywords/table.ts";

/** One value that differs. `from` is undefined for what is new, `to` for what is gone. */
export interface Difference {
  /** Where it stands in the model: `priority`, `garp.masterDelay`, `trackScripts`. */
  readonly field: string;
  /** Its keyword, or the field where no single keyword says it. */
  readonly what: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Values that nobody reads over an operator's shoulder. */
const SECRETS: ReadonlySet<string> = new Set(["password", "key", "secret"]);
const MASKED = "********";

/**
 * Every leaf that differs below `root`, the name under which the keyword tables know the record (`instance`, `global`).
 * Lists are compared element by element: by name, by address, or as wholes.
 */
export function differences(root: string, before: object, after: object): readonly Difference[] {
  const found: Difference[] = [];
  compare({ root, field: "" }, before, after, found);
  return found;
}

interface Place {
  readonly root: string;
  readonly field: string;
}

function compare(place: Place, before: unknown, after: unknown, found: Difference[]): void {
  if (Array.isArray(before) || Array.isArray(after)) {
    compareLists(place, asList(before), asList(after), found);
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const field = place.field === "" ? key : `${place.field}.${key}`;
      compare({ ...place, field }, before[key], after[key], found);
    }
  } else if (!sameLeaf(before, after)) {
    found.push(leaf(place, before, after));
  }
}

/** Elements with the same identity and other values are a change of that element; the rest is new or gone. */
function compareLists(
  place: Place,
  before: readonly unknown[],
  after: readonly unknown[],
  found: Difference[],
): void {
  const old = new Map(before.map((one) => [identityOf(one), one]));
  const fresh = new Map(after.map((one) => [identityOf(one), one]));
  const { field } = place;
  const keyword = keywordOf(place)?.keyword ?? field;
  // Routes and rules are two keywords of one list.
  const whatIs = (one: unknown): string =>
    isRecord(one) && one.kind === "rule" ? keyword.replace(/routes$/, "rules") : keyword;
  for (const [identity, one] of old) {
    if (!fresh.has(identity)) found.push({ field, what: whatIs(one), from: elementText(one), to: undefined });
  }
  for (const [identity, one] of fresh) {
    const previous = old.get(identity);
    const what = whatIs(one);
    if (previous === undefined) found.push({ field, what, from: undefined, to: elementText(one) });
    else if (isRecord(previous) && isRecord(one)) {
      for (const difference of differences(field, previous, one)) {
        found.push({ ...difference, field, what: `${what} ${identity}: ${difference.what}` });
      }
    }
  }
}

function leaf(place: Place, before: unknown, after: unknown): Difference {
  const row = keywordOf(place);
  const name = place.field.split(".").at(-1) ?? "";
  const text = (value: unknown): string | undefined => {
    if (value === undefined || value === null) return undefined;
    return SECRETS.has(name) ? MASKED : valueText(value, row);
  };
  return {
    field: place.field,
    what: row?.keyword ?? place.field,
    from: text(before),
    to: text(after),
  };
}

/** The row that lands in this field: `instance.priority`, `global.routerId`, `trackScript.rise` for one of `trackScripts`. */
function keywordOf({ root, field }: Place): KeywordRow | undefined {
  const lands = [`${root}.${field}`, field, `${root.replace(/s$/, "")}.${field}`];
  return KEYWORD_ROWS.find(({ state }) => state.kind === "works" && lands.includes(state.lands));
}

function valueText(value: unknown, row: KeywordRow | undefined): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number" && row?.args[0]?.kind === "span") return formatSpan(value);
  return typeof value === "string" || typeof value === "number" ? `${value}` : elementText(value);
}

/** What an element of a list is called. */
function identityOf(value: unknown): string {
  if (!isRecord(value)) return JSON.stringify(value);
  const { name, id, address, prefixLength, interface: device } = value;
  if ((value.kind === "route" || value.kind === "rule") && typeof value.key === "string") return value.key;
  if (typeof name === "string") return name;
  if (typeof id === "number") return String(id);
  if (typeof address === "string" && typeof prefixLength === "number") {
    return `${address}/${prefixLength}${typeof device === "string" ? ` dev ${device}` : ""}`;
  }
  return typeof address === "string" ? address : JSON.stringify(value, masked);
}

function masked(field: string, value: unknown): unknown {
  return SECRETS.has(field) ? MASKED : value;
}

function elementText(value: unknown): string {
  if (!isRecord(value)) return typeof value === "string" ? value : JSON.stringify(value);
  if (Array.isArray(value.argv)) return value.argv.join(" ");
  const identity = identityOf(value);
  const { weight } = value;
  return typeof weight === "number" && weight !== 0 ? `${identity} weight ${weight}` : identity;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A model that was JSON in between has null, or nothing, where the original has undefined. */
function sameLeaf(a: unknown, b: unknown): boolean {
  return a === b || (a ?? undefined) === (b ?? undefined);
}
