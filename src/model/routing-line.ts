/** Reads one line of routes or rules word by word. A line that cannot be used is left out, as keepalived does. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import { familyOf, maxPrefixLength, parseIp, parseIpPrefix, withoutHostBits } from "../base/ip.ts";
import type { Prefix } from "../base/routing.ts";
import type { Span } from "../config/source.ts";
import { didYouMean } from "../config/suggest.ts";
import type { Entry, Word } from "../config/tree.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import { reportNotYet } from "./draft.ts";
import type { NameKind } from "./routing-names.ts";
import { namesOf } from "./routing-names.ts";
import { addressHint } from "./values.ts";

const UNSIGNED_MAX = 0xffff_ffff;
const NAME_KINDS: Readonly<Record<NameKind, { readonly what: string; readonly max: number }>> = {
  tables: { what: "routing table", max: UNSIGNED_MAX },
  protocols: { what: "protocol", max: 255 },
  scopes: { what: "scope", max: 255 },
  realms: { what: "realm", max: 0xffff },
  dsfields: { what: "type of service", max: 255 },
  groups: { what: "interface group", max: UNSIGNED_MAX },
};

export class RoutingLine {
  /** The line is left out; the reason has been reported. */
  dropped = false;
  /** Chosen by `inet` or `inet6`. */
  family: IpFamily | undefined;
  readonly span: Span;
  readonly context: ResolveContext;
  readonly #words: readonly Word[];
  readonly #what: "route" | "rule";
  #at = 0;

  constructor(entry: Entry, what: "route" | "rule", context: ResolveContext) {
    this.#words = entry.words;
    this.#what = what;
    this.span = entry.span;
    this.context = context;
  }

  /** The next word, taken; undefined at the end and once the line is dropped. */
  next(): Word | undefined {
    const word = this.dropped ? undefined : this.#words[this.#at];
    if (word !== undefined) this.#at++;
    return word;
  }

  /** Takes the next word if it is this one. */
  accept(...texts: readonly string[]): Word | undefined {
    const word = this.#words[this.#at];
    return word !== undefined && texts.includes(word.text) ? this.next() : undefined;
  }

  /** Gives the last word back. */
  unread(): void {
    this.#at--;
  }

  /** The value of the word before; a line that ends there is dropped. */
  value(): Word | undefined {
    const word = this.next();
    if (word === undefined && !this.dropped) {
      const before = this.#words[this.#at - 1];
      this.drop("missing-value", before?.span ?? this.span, `'${before?.text}' needs a value`);
    }
    return word;
  }

  drop(code: string, span: Span, message: string, hint?: string): undefined {
    this.dropped = true;
    const repair = `the ${this.#what} is left out`;
    this.context.report.repair(code, span, message, hint === undefined ? { repair } : { hint, repair });
    return undefined;
  }

  /** What buoy has no codec for. */
  refuse(span: Span, what: string): void {
    this.dropped = true;
    reportNotYet(what, "refusal", span, this.context.report, this.context.options);
  }

  /** Only this word has no effect. */
  ignore(span: Span, message: string): void {
    this.context.report.repair("no-effect", span, message, { repair: "the word is ignored" });
  }

  number(min: number, max: number): number | undefined {
    const word = this.value();
    return word === undefined ? undefined : this.numberOf(word, word.text, min, max);
  }

  /** A number in decimal or, with 0x, in hex. */
  numberOf(word: Word, text: string, min: number, max: number): number | undefined {
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : undefined;
    if (value !== undefined && value >= min && value <= max) return value;
    return this.drop("invalid-value", word.span, `'${text}' is no number from ${min} to ${max}`);
  }

  /** `A-B`, or one number for both. */
  range(max: number): { readonly first: number; readonly last: number } | undefined {
    const word = this.value();
    if (word === undefined) return undefined;
    const [from = "", to = from, ...more] = word.text.split("-");
    const first = this.numberOf(word, from, 0, max);
    const last = first === undefined ? undefined : this.numberOf(word, to, 0, max);
    if (first === undefined || last === undefined) return undefined;
    if (more.length === 0 && first <= last) return { first, last };
    return this.drop("invalid-value", word.span, `'${word.text}' is no range`);
  }

  /** A name of iproute2's files, or a number. */
  named(kind: NameKind): number | undefined {
    const word = this.value();
    return word === undefined ? undefined : this.namedOf(kind, word, word.text);
  }

  namedOf(kind: NameKind, word: Word, text: string): number | undefined {
    const { what, max } = NAME_KINDS[kind];
    const names = namesOf(kind, this.context.facts.routingNames);
    const known = names.get(text);
    if (known !== undefined) return known;
    if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) return this.numberOf(word, text, 0, max);
    // Somewhere else than on the host that runs it nobody can say.
    if (this.context.facts.routingNames === undefined) return 0;
    return this.drop(
      "no-such-name",
      word.span,
      `there is no ${what} '${text}'`,
      didYouMean(text, names.keys()) ?? `a number to ${max}, or a name from iproute2's files`,
    );
  }

  /** `[SRC/]DST` as one number. */
  realms(): number | undefined {
    const word = this.value();
    if (word === undefined) return undefined;
    const parts = word.text.split("/");
    const numbers = parts
      .slice(0, 2)
      .map((part) => (this.dropped ? undefined : this.namedOf("realms", word, part)));
    if (this.dropped) return undefined;
    const [first = 0, second] = numbers;
    return second === undefined ? first : first * 0x1_0000 + second;
  }

  /** An address, perhaps with its family before it. */
  address(): IpAddress | undefined {
    const family = this.accept("inet", "inet6");
    const word = this.value();
    const address = word === undefined ? undefined : parseIp(word.text);
    if (word === undefined) return undefined;
    if (address === undefined) {
      return this.drop(
        "invalid-address",
        word.span,
        `'${word.text}' is no IP address`,
        addressHint(word.text),
      );
    }
    if (family !== undefined && (family.text === "inet6") !== (familyOf(address) === "ipv6")) {
      return this.drop("family", word.span, `${address} is no ${family.text} address`);
    }
    return address;
  }

  /** A prefix, or `default`, `any` and `all`, which have no family of their own. */
  prefix(): Prefix | "default" | undefined {
    const word = this.value();
    if (word === undefined) return undefined;
    if (word.text === "default6") this.family ??= "ipv6";
    if (["default", "default6", "any", "all"].includes(word.text)) return "default";
    return this.prefixOf(word);
  }

  prefixOf(word: Word): Prefix | undefined {
    const parsed = parseIpPrefix(word.text);
    if (parsed === undefined) {
      return this.drop(
        "invalid-address",
        word.span,
        `'${word.text}' is no IP address`,
        addressHint(word.text),
      );
    }
    const most = maxPrefixLength(familyOf(parsed.address));
    const length = parsed.prefixLength ?? most;
    if (length > most) return this.drop("prefix-length", word.span, `/${length} is longer than /${most}`);
    const address = withoutHostBits(parsed.address, length);
    if (address !== parsed.address) {
      this.context.report.repair(
        "host-bits",
        word.span,
        `${parsed.address} is no network of length ${length}`,
        {
          repair: `${address}/${length} is used`,
        },
      );
    }
    return { address, length };
  }

  interface(): string | undefined {
    const word = this.value();
    if (word === undefined) return undefined;
    checkInterface(this.context, word.text, word.span, "interface");
    return word.text;
  }
}

/** Nothing but zeros. */
export function everything(family: IpFamily): Prefix {
  return { address: family === "ipv4" ? "0.0.0.0" : "::", length: 0 };
}
