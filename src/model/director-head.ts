/** What stands between `virtual_server` and its brace. */
import { type IpAddress, parseIp } from "../base/ip.ts";
import type { Diagnostics } from "../config/diagnostic.ts";
import type { Word } from "../config/tree.ts";
import { UNSIGNED_MAX } from "./keywords/row.ts";
import { addressHint } from "./values.ts";

export type ServiceHead =
  | { readonly kind: "address"; readonly address: IpAddress; readonly port: number }
  | { readonly kind: "fwmark"; readonly mark: number }
  | { readonly kind: "group"; readonly group: string };

/** What the words name; undefined, after a report, where that is nothing. */
export function readHead(
  words: readonly Word[],
  groups: ReadonlyMap<string, unknown>,
  report: Diagnostics,
): ServiceHead | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  if (first.text === "fwmark") {
    reportProse(words.slice(2), report);
    const mark = readNumber(first, second, 1, UNSIGNED_MAX, report);
    return mark === undefined ? undefined : { kind: "fwmark", mark };
  }
  if (first.text === "group") {
    reportProse(words.slice(2), report);
    if (second !== undefined && groups.has(second.text)) return { kind: "group", group: second.text };
    report.repair("no-such-group", (second ?? first).span, "there is no such virtual_server_group", {
      repair: "the service is ignored",
      exitClass: "silent",
    });
    return undefined;
  }
  return readAddress(first, second, words, report);
}

function readAddress(
  first: Word,
  second: Word | undefined,
  words: readonly Word[],
  report: Diagnostics,
): ServiceHead | undefined {
  const hasPort = second !== undefined && /^-?\d/.test(second.text);
  if (words.length > (hasPort ? 2 : 1)) reportProse(words.slice(hasPort ? 2 : 1), report);
  const port = hasPort ? readNumber(second, second, 0, 65535, report) : 0;
  const address = parseIp(first.text);
  if (address === undefined) {
    report.repair("invalid-value", first.span, `'${first.text}' is no IP address`, {
      hint: addressHint(first.text),
      repair: "the service is ignored",
    });
    return undefined;
  }
  return port === undefined ? undefined : { kind: "address", address, port };
}

function readNumber(
  at: Word,
  word: Word | undefined,
  min: number,
  max: number,
  report: Diagnostics,
): number | undefined {
  if (word !== undefined && /^\d+$/.test(word.text) && Number(word.text) >= min && Number(word.text) <= max)
    return Number(word.text);
  report.repair("out-of-range", (word ?? at).span, `a number from ${min} to ${max} must stand here`, {
    repair: "the service is ignored",
  });
  return undefined;
}

/** Text of a tutorial that was pasted along. */
function reportProse(words: readonly Word[], report: Diagnostics): void {
  const [first] = words;
  if (first === undefined) return;
  const text = words.map((word) => word.text).join(" ");
  report.repair("prose", first.span, `'${text}' means nothing between virtual_server and its '{'`, {
    hint: "virtual_server ADDRESS PORT, or fwmark NUMBER, or group NAME; begin a comment with '#' or '!'",
    repair: "the words are ignored",
    exitClass: "silent",
  });
}
