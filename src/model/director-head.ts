/** What stands between `virtual_server` and its brace. */
import { parseIp } from "../base/ip.ts";
import type { Diagnostics } from "../config/diagnostic.ts";
import type { Word } from "../config/tree.ts";
import { type DraftBlock, nameOf } from "./draft.ts";
import { UNSIGNED_MAX } from "./keywords/row.ts";
import { addressHint } from "./values.ts";

/** Reports services that name nothing, and words that mean nothing there. */
export function checkVirtualServers(root: DraftBlock, report: Diagnostics): void {
  const groups = new Set(root.all("virtual_server_group").map(nameOf));
  for (const statement of root.all("virtual_server")) {
    const [words] = statement.values;
    if (words?.kind === "words") checkHead(words.value, groups, report);
  }
}

function checkHead(words: readonly Word[], groups: ReadonlySet<string>, report: Diagnostics): void {
  const [first, second] = words;
  if (first === undefined) return;
  if (first.text === "fwmark") {
    checkNumber(first, second, 1, UNSIGNED_MAX, report);
    reportProse(words.slice(2), report);
  } else if (first.text === "group") {
    if (second === undefined || !groups.has(second.text)) {
      report.repair("no-such-group", (second ?? first).span, "there is no such virtual_server_group", {
        repair: "the service is ignored",
      });
    }
    reportProse(words.slice(2), report);
  } else {
    checkAddress(first, report);
    const hasPort = second !== undefined && /^-?\d/.test(second.text);
    if (hasPort) checkNumber(second, second, 0, 65535, report);
    reportProse(words.slice(hasPort ? 2 : 1), report);
  }
}

function checkAddress(word: Word, report: Diagnostics): void {
  if (parseIp(word.text) !== undefined) return;
  report.repair("invalid-value", word.span, `'${word.text}' is no IP address`, {
    hint: addressHint(word.text),
    repair: "the service is ignored",
  });
}

function checkNumber(at: Word, word: Word | undefined, min: number, max: number, report: Diagnostics): void {
  if (word !== undefined && /^\d+$/.test(word.text) && Number(word.text) >= min && Number(word.text) <= max)
    return;
  report.repair("out-of-range", (word ?? at).span, `a number from ${min} to ${max} must stand here`, {
    repair: "the service is ignored",
  });
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
