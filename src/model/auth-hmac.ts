/** `auth_hmac { ... }`: keys and rules of signed advertisements. */
import { fromHex, toHex } from "../base/bytes.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/time.ts";
import type { Word } from "../config/tree.ts";
import type { AuthHmacModel, AuthKeyModel } from "./advertising.ts";
import type { ResolveContext } from "./context.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";

const SHORTEST_KEY = 32;
const LONGEST_KEY = 64;
/** The window where none is set: this many intervals, and at least so many seconds. */
const WINDOW_INTERVALS = 3;
const SHORTEST_DEFAULT_WINDOW = 5;
const FILE_PREFIX = "file:";
const HEX_PREFIX = "hex:";

/** Undefined without the block, or where it cannot be used: keepalived leaves the whole extension out then. */
export function resolveAuthHmac(
  instance: DraftBlock,
  advertisementInterval: Micros,
  context: ResolveContext,
): AuthHmacModel | undefined {
  const statement = instance.last("auth_hmac");
  if (statement === undefined) return undefined;
  const block = blockOf(statement);
  const keys = readKeys(block, context);
  const activeKey = block.number("active_key");
  if (activeKey === undefined || !keys.some(({ id }) => id === activeKey)) {
    const what =
      activeKey === undefined ? "has no active_key" : `has no usable key ${activeKey}, its active_key`;
    context.report.repair(
      "no-active-key",
      block.last("active_key")?.span ?? statement.span,
      `auth_hmac ${what}`,
      {
        hint: "define it with a line such as: key 1 file:/etc/keepalived/vrrp.key",
        repair: "advertisements are neither signed nor checked",
      },
    );
    return undefined;
  }
  if (instance.has("authentication")) {
    context.report.note(
      "authentication",
      instance.last("authentication")?.span,
      "authentication stands beside auth_hmac",
      {
        hint: "auth_hmac alone is used",
      },
    );
  }
  const window = block.span("time_window");
  const standard = Math.max(
    SHORTEST_DEFAULT_WINDOW,
    Math.ceil((WINDOW_INTERVALS * advertisementInterval) / MICROS_PER_SECOND),
  );
  return {
    keys,
    activeKey,
    timeWindow: window === undefined ? standard : Math.round(window / MICROS_PER_SECOND),
    antiReplay: block.text("anti_replay") === "monotonic" ? "monotonic" : "time",
    mode: modeOf(block),
  };
}

/** The path of a key that is in a file. */
export function keyFileOf(statement: DraftStatement): string | undefined {
  const text = keyText(statement);
  return text?.startsWith(FILE_PREFIX) ? text.slice(FILE_PREFIX.length) : undefined;
}

function modeOf(block: DraftBlock): AuthHmacModel["mode"] {
  const mode = block.text("mode");
  return mode === "permissive" || mode === "receive-only" ? mode : "enforce";
}

function readKeys(block: DraftBlock, context: ResolveContext): readonly AuthKeyModel[] {
  const keys: AuthKeyModel[] = [];
  for (const statement of block.all("key")) {
    const [id] = statement.values;
    if (id?.kind !== "number") continue;
    const leaveOut = (code: string, message: string): void =>
      context.report.repair(code, statement.span, `key ${id.value}: ${message}`, {
        repair: "the key is left out",
        ...(keyFileOf(statement) === undefined && { secret: true }),
      });
    if (keys.some((known) => known.id === id.value)) {
      leaveOut("duplicate-key", "it is defined already");
      continue;
    }
    const bytes = readKey(statement, context, leaveOut);
    if (bytes === undefined) continue;
    if (bytes.length < SHORTEST_KEY || bytes.length > LONGEST_KEY) {
      leaveOut("key-length", `it has ${bytes.length} bytes, not ${SHORTEST_KEY} to ${LONGEST_KEY}`);
    } else {
      keys.push({ id: id.value, secret: toHex(bytes) });
    }
  }
  return keys;
}

type LeaveOut = (code: string, message: string) => void;

function readKey(
  statement: DraftStatement,
  context: ResolveContext,
  leaveOut: LeaveOut,
): Uint8Array | undefined {
  const text = keyText(statement);
  if (text === undefined) {
    leaveOut("missing-value", "it needs one word: text, hex: and digits, or file: and a path");
    return undefined;
  }
  const file = keyFileOf(statement);
  if (file === undefined) return decodeKey(text, leaveOut);
  const fact = context.facts.keyFiles?.get(file);
  if (fact?.hex === undefined) {
    leaveOut("key-file", `${file} cannot be read${fact?.error === undefined ? "" : ` (${fact.error})`}`);
    return undefined;
  }
  if (fact.exposed) {
    context.report.note("key-file", statement.span, `others than its owner can read or change ${file}`, {
      hint: `chmod 600 ${file}`,
    });
  }
  const content = fromHex(fact.hex);
  const asText = new TextDecoder().decode(content);
  return asText.startsWith(HEX_PREFIX) ? decodeKey(asText, leaveOut) : content;
}

function decodeKey(text: string, leaveOut: LeaveOut): Uint8Array | undefined {
  if (!text.startsWith(HEX_PREFIX)) return new TextEncoder().encode(text);
  const digits = text.slice(HEX_PREFIX.length).trim();
  if (/^([\da-f]{2})+$/i.test(digits)) return fromHex(digits);
  leaveOut("invalid-value", "hex: is followed by pairs of hex digits");
  return undefined;
}

function keyText(statement: DraftStatement): string | undefined {
  const words = statement.values.find((value) => value.kind === "words")?.value as
    | readonly Word[]
    | undefined;
  return words?.length === 1 ? words[0]?.text : undefined;
}
