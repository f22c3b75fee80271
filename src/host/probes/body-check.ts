/** What an answer has to be: its status, its digest, a pattern in it. Judged when the whole body has passed by. */
import { createHash, type Hash } from "node:crypto";
import type { PatternModel, UrlModel } from "../../model/director-models.ts";
import type { Verdict } from "./attempt.ts";
import type { PatternSearch } from "./pattern-search.ts";

/** Where a body that nobody ends is given up; a pattern is looked for in as much. */
export const MAX_BODY = 16 * 1024 * 1024;
const EXCERPT_LENGTH = 200;

export class BodyCheck {
  readonly #url: UrlModel;
  readonly #pattern: PatternSearch | undefined;
  readonly #digest: Hash | undefined;
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #start: Buffer | undefined;
  /** What is to be known of an answer that is good. */
  #remark = "";

  /** `pattern` is the url's. */
  constructor(url: UrlModel, pattern: PatternSearch | undefined) {
    this.#url = url;
    this.#pattern = pattern;
    if (url.digest !== undefined) this.#digest = createHash("md5");
  }

  /** Takes the next bytes, which may change afterwards; false if there are too many. */
  push(bytes: Uint8Array): boolean {
    this.#length += bytes.length;
    this.#start ??= Buffer.from(bytes.subarray(0, EXCERPT_LENGTH));
    this.#digest?.update(bytes);
    if (this.#pattern !== undefined) this.#pieces.push(Buffer.from(bytes));
    return this.#length <= MAX_BODY;
  }

  judge(status: number): Verdict {
    const fault = this.#fault(status);
    if (fault === undefined) return { ok: true, detail: `answered ${status}${this.#remark}` };
    const excerpt = this.#start === undefined ? undefined : printable(this.#start);
    return { ok: false, detail: fault, excerpt };
  }

  #fault(status: number): string | undefined {
    const { statusCodes, digest, pattern } = this.#url;
    if (!statusCodes.some(({ from, to }) => status >= from && status <= to)) return `answered ${status}`;
    const found = this.#digest?.digest("hex");
    if (found !== undefined && found !== digest?.toLowerCase()) return `digest ${found} instead of ${digest}`;
    if (pattern !== undefined && this.#pattern !== undefined) return this.#missed(pattern, this.#pattern);
    return undefined;
  }

  /** What cannot be found in time counts as not found, as with the bounds that PCRE2 has. */
  #missed(pattern: PatternModel, search: PatternSearch): string | undefined {
    const { limit } = search;
    const found = isFound(pattern, search, Buffer.concat(this.#pieces));
    const how = found === undefined ? `not found within ${limit} ms` : found ? "found" : "not found";
    const said = `${pattern.regex} ${how} in the answer`;
    if ((found ?? false) === pattern.negated) return said;
    if (found === undefined) this.#remark = `, ${said}`;
    return undefined;
  }
}

/** The first match decides: no other one begins earlier. Offsets count bytes. Undefined where the search took too long. */
function isFound(pattern: PatternModel, search: PatternSearch, bytes: Buffer): boolean | undefined {
  const { options, minOffset, maxOffset } = pattern;
  const encoding = options.includes("utf") ? "utf8" : "latin1";
  const lengthOf = (offset: number): number =>
    encoding === "utf8" ? bytes.subarray(0, offset).toString(encoding).length : offset;
  const text = bytes.toString(encoding);
  const match = search.from(lengthOf(minOffset), text);
  if (match === undefined) return undefined;
  if (match === null || (maxOffset !== undefined && match.index > lengthOf(maxOffset))) return false;
  return !options.includes("firstline") || !text.slice(lengthOf(minOffset), match.index).includes("\n");
}

/** The beginning of what a server sent, without line ends and control characters, at most 200 characters. */
export function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, EXCERPT_LENGTH)).toString(
    "utf8",
  );
  return text
    .replace(/[^\P{C}]+|\s+/gu, " ")
    .replace(/\ufffd$/, "")
    .trim()
    .slice(0, EXCERPT_LENGTH);
}
