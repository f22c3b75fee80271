/** `virtual_server_group`: the addresses and marks that one virtual server spans. */

import {
  familyOf,
  type IpAddress,
  type IpFamily,
  ipAfter,
  ipDistance,
  maxPrefixLength,
  parseIp,
  withoutHostBits,
} from "../base/ip.ts";
import type { Diagnostics } from "../config/diagnostic.ts";
import type { Entry, Word } from "../config/tree.ts";
import { type DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import { UNSIGNED_MAX } from "./keywords/row.ts";
import { addressHint } from "./values.ts";

export type GroupMember =
  | { readonly kind: "address"; readonly address: IpAddress; readonly port: number }
  /** Without a family of its own it has the service's. */
  | { readonly kind: "fwmark"; readonly mark: number; readonly family: IpFamily | undefined };

/** A line that names more is a slip of the pen: each address is a service in the kernel. */
const MOST_HOST_BITS = 16;
const TOO_MANY = `more than ${2 ** MOST_HOST_BITS} addresses`;
const FAMILIES: Readonly<Record<string, IpFamily>> = { inet: "ipv4", inet6: "ipv6" };

/** The members of every group that has some. The second group of a name adds to the first. */
export function resolveServerGroups(
  root: DraftBlock,
  report: Diagnostics,
): ReadonlyMap<string, readonly GroupMember[]> {
  const groups = new Map<string, readonly GroupMember[]>();
  for (const statement of root.all("virtual_server_group")) {
    const name = nameOf(statement);
    const members = statement.entries.flatMap((entry) => readEntry(entry, report));
    const problem = problemOf(members);
    if (problem === undefined) groups.set(name, [...(groups.get(name) ?? []), ...members]);
    else reportGroup(name, problem, statement, report);
  }
  return groups;
}

function problemOf(members: readonly GroupMember[]): string | undefined {
  if (members.length === 0) return "has no usable line";
  const families = new Set(members.flatMap((one) => (one.kind === "address" ? [familyOf(one.address)] : [])));
  const undecided = members.some((one) => one.kind === "fwmark" && one.family === undefined);
  if (families.size === 2 && undecided) return "has IPv4, IPv6, and a fwmark without inet or inet6";
  return undefined;
}

function reportGroup(name: string, problem: string, statement: DraftStatement, report: Diagnostics): void {
  report.repair("empty-group", statement.span, `virtual_server_group '${name}' ${problem}`, {
    repair: "the group is ignored",
  });
}

function readEntry(entry: Entry, report: Diagnostics): readonly GroupMember[] {
  const [first, second] = entry.words;
  if (first === undefined) return [];
  if (first.text === "fwmark") return readMark(entry, report);
  const port = readPort(second, report);
  if (port === undefined) return [];
  return readAddresses(first, report).map((address) => ({ kind: "address", address, port }));
}

function readMark(entry: Entry, report: Diagnostics): readonly GroupMember[] {
  const [first, mark, family] = entry.words;
  const value = Number(mark?.text);
  if (mark === undefined || !/^\d+$/.test(mark.text) || value < 1 || value > UNSIGNED_MAX) {
    ignoreLine(
      (mark ?? first)?.span ?? entry.span,
      `a mark from 1 to ${UNSIGNED_MAX} must stand here`,
      report,
    );
    return [];
  }
  if (family !== undefined && FAMILIES[family.text] === undefined) {
    ignoreLine(family.span, `'${family.text}' is neither inet nor inet6`, report);
    return [];
  }
  return [{ kind: "fwmark", mark: value, family: FAMILIES[family?.text ?? ""] }];
}

function readPort(word: Word | undefined, report: Diagnostics): number | undefined {
  if (word === undefined) return 0;
  if (/^\d+$/.test(word.text) && Number(word.text) <= 65535) return Number(word.text);
  ignoreLine(word.span, `'${word.text}' is no port`, report);
  return undefined;
}

/** `ADDRESS`, `ADDRESS-LAST`, `ADDRESS/LENGTH`. */
function readAddresses(word: Word, report: Diagnostics): readonly IpAddress[] {
  const [text = "", end] = word.text.split("-", 2);
  const [start = "", length] = text.split("/", 2);
  const first = parseIp(start);
  if (first === undefined) {
    ignoreLine(word.span, `'${word.text}' is no IP address`, report, addressHint(start));
    return [];
  }
  if (length === undefined && end === undefined) return [first];
  const count = length === undefined ? rangeSize(first, end ?? "") : networkSize(first, length);
  if (typeof count === "string") {
    ignoreLine(word.span, `${word.text}: ${count}`, report);
    return [];
  }
  return Array.from({ length: count }, (_, index) => ipAfter(first, index));
}

/** How many addresses a prefix has, or what is wrong with it. */
function networkSize(first: IpAddress, length: string): number | string {
  const longest = maxPrefixLength(familyOf(first));
  if (!/^\d{1,3}$/.test(length) || Number(length) > longest) return `no prefix length from 0 to ${longest}`;
  const hostBits = longest - Number(length);
  if (hostBits > MOST_HOST_BITS) return TOO_MANY;
  return withoutHostBits(first, Number(length)) === first
    ? 2 ** hostBits
    : "not the first address of its network";
}

/** The end is an address, or what replaces the last octet (decimal) or the last 16 bits (hex). */
function rangeSize(first: IpAddress, end: string): number | string {
  const last = parseIp(end) ?? replaceLast(first, end);
  if (last === undefined || familyOf(last) !== familyOf(first)) return `'${end}' is no end of a range`;
  const distance = ipDistance(first, last);
  if (distance === undefined || distance <= 0) return "the end does not come after the start";
  return distance < 2 ** MOST_HOST_BITS ? distance + 1 : TOO_MANY;
}

function replaceLast(first: IpAddress, end: string): IpAddress | undefined {
  if (familyOf(first) === "ipv4") return parseIp(first.replace(/\d+$/, end));
  if (!/^[0-9a-f]{1,4}$/i.test(end)) return undefined;
  return ipAfter(withoutHostBits(first, 112), Number.parseInt(end, 16));
}

function ignoreLine(span: Entry["span"], message: string, report: Diagnostics, hint?: string): void {
  report.repair("invalid-value", span, message, {
    ...(hint === undefined ? {} : { hint }),
    repair: "the line is ignored",
  });
}
