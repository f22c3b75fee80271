/** `lvs_*` of `global_defs` and the `SSL` block: what concerns all virtual servers. */
import { isMulticast, parseIp } from "../base/ip.ts";
import type { Word } from "../config/tree.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import type { DirectorModel, LvsTimeouts, SyncDaemonModel, TlsModel } from "./director-models.ts";
import { blockOf, DraftBlock, type DraftStatement, nameOf } from "./draft.ts";
import { resolveScheduling } from "./scheduling.ts";
import { TLS_FILES } from "./wanted.ts";

/** 31 days in seconds: the kernel's bound. */
const LONGEST_TIMEOUT = 2_678_400;
const PLANES: Readonly<Record<string, DirectorModel["dataPlane"]>> = {
  auto: "auto",
  ipvs: "ipvs",
  nft: "nft",
};

type Settings = Omit<DirectorModel, "virtualServers">;

export function resolveDirectorSettings(
  root: DraftBlock,
  globals: DraftBlock,
  context: ResolveContext,
): Settings {
  return {
    dataPlane: readDataPlane(globals),
    tableNamespace: readNamespace(root),
    flushAtStart: globals.has("lvs_flush"),
    flushAtStop: readFlush(globals),
    timeouts: readTimeouts(globals, context),
    syncDaemon: readSyncDaemon(root, globals, context) ?? readOldSyncDaemon(root),
    notifyAtStart: globals.flag("rs_init_notifies") ?? false,
    noCheckMail: globals.flag("no_checker_emails") ?? false,
    tls: readTls(root, context),
    process: resolveScheduling(globals, "checker", context),
  };
}

export function readDataPlane(globals: DraftBlock): DirectorModel["dataPlane"] {
  return PLANES[globals.text("data_plane") ?? "auto"] ?? "auto";
}

function readNamespace(root: DraftBlock): DirectorModel["tableNamespace"] {
  if (!root.has("net_namespace_ipvs")) return undefined;
  const name = root.text("net_namespace_ipvs");
  return name === undefined ? { kind: "first" } : { kind: "named", name };
}

function readFlush(globals: DraftBlock): DirectorModel["flushAtStop"] {
  if (globals.has("lvs_flush_on_stop"))
    return globals.text("lvs_flush_on_stop") === "VS" ? "services" : "all";
  return globals.has("lvs_flush_onstop") ? "all" : "each";
}

function readTimeouts(globals: DraftBlock, { report }: ResolveContext): LvsTimeouts | undefined {
  const timeouts = { tcp: undefined, tcpFin: undefined, udp: undefined } as Writable<LvsTimeouts>;
  for (const statement of globals.all("lvs_timeouts")) {
    const words = wordsOf(statement);
    if (words.length === 0) {
      report.repair("missing-value", statement.keywordSpan, "'lvs_timeouts' needs a value", {
        hint: "tcp N, tcpfin N, udp N",
        repair: "the line is ignored",
      });
    }
    for (let at = 0; at < words.length; at += 1) {
      const field = TIMEOUTS[words[at]?.text ?? ""];
      if (field === undefined) {
        unknownOption(words[at], report);
        continue;
      }
      at += 1;
      timeouts[field] = readNumber(words[at - 1], words[at], 0, LONGEST_TIMEOUT, report) ?? timeouts[field];
    }
  }
  return Object.values(timeouts).every((one) => one === undefined) ? undefined : timeouts;
}

type Writable<Record> = { -readonly [Field in keyof Record]: Record[Field] };

const TIMEOUTS: Readonly<Record<string, keyof LvsTimeouts>> = { tcp: "tcp", tcpfin: "tcpFin", udp: "udp" };

/** `IF [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`; the first line counts. */
function readSyncDaemon(
  root: DraftBlock,
  globals: DraftBlock,
  context: ResolveContext,
): SyncDaemonModel | undefined {
  const [statement, ...others] = globals.all("lvs_sync_daemon");
  const [device, ...words] = statement === undefined ? [] : wordsOf(statement);
  if (statement === undefined || device === undefined) return undefined;
  for (const other of others) {
    context.report.repair("duplicate-name", other.span, "lvs_sync_daemon stands here again", {
      repair: "the first one counts",
    });
  }
  if (!checkInterface(context, device.text, device.span, "interface")) return undefined;
  const daemon = readSyncOptions(device.text, words, context);
  const id = daemon.id ?? virtualRouterId(root, daemon.instance);
  return { ...daemon, id };
}

/** Bounds of the numbers after the interface. */
const SYNC_NUMBERS: Readonly<
  Record<string, readonly [field: "id" | "maxLength" | "port" | "ttl", number, number]>
> = {
  id: ["id", 0, 255],
  maxlen: ["maxLength", 1, 65_507],
  port: ["port", 1, 65_535],
  ttl: ["ttl", 1, 255],
};

type SyncOptions = Omit<SyncDaemonModel, "id"> & { readonly id: number | undefined };

function readSyncOptions(device: string, words: readonly Word[], { report }: ResolveContext): SyncOptions {
  const daemon: Writable<SyncOptions> = {
    interface: device,
    instance: undefined,
    id: undefined,
    maxLength: undefined,
    port: undefined,
    ttl: undefined,
    group: undefined,
  };
  for (let at = 0; at < words.length; at += 1) {
    const [word, value] = [words[at], words[at + 1]];
    if (word === undefined) break;
    const number = SYNC_NUMBERS[word.text];
    if (number !== undefined) {
      const [field, min, max] = number;
      daemon[field] = readNumber(word, value, min, max, report) ?? daemon[field];
      at += 1;
    } else if (word.text === "group") {
      daemon.group = readGroup(word, value, report) ?? daemon.group;
      at += 1;
    } else if (word.text === "inst") {
      daemon.instance = value?.text;
      at += 1;
    } else if (at === 0) daemon.instance = word.text;
    else unknownOption(word, report);
  }
  return daemon;
}

function readGroup(at: Word, word: Word | undefined, report: ResolveContext["report"]): string | undefined {
  const address = word === undefined ? undefined : parseIp(word.text);
  if (address !== undefined && isMulticast(address)) return address;
  report.repair("invalid-value", (word ?? at).span, `'${word?.text ?? ""}' is no multicast address`, {
    repair: "the kernel's is used",
  });
  return undefined;
}

/** `lvs_sync_daemon_interface` of an instance: the interface, and the instance that decides the role. */
function readOldSyncDaemon(root: DraftBlock): SyncDaemonModel | undefined {
  for (const statement of root.all("vrrp_instance")) {
    const device = blockOf(statement).text("lvs_sync_daemon_interface");
    if (device === undefined) continue;
    const instance = nameOf(statement);
    return {
      interface: device,
      instance,
      id: virtualRouterId(root, instance),
      maxLength: undefined,
      port: undefined,
      ttl: undefined,
      group: undefined,
    };
  }
  return undefined;
}

/** Both directors have it in common; without an instance it is 0. */
function virtualRouterId(root: DraftBlock, instance: string | undefined): number {
  const statement = root.all("vrrp_instance").find((one) => nameOf(one) === instance);
  return statement === undefined ? 0 : (blockOf(statement).number("virtual_router_id") ?? 0);
}

/** All `SSL` blocks as one: what stands later wins. */
function readTls(root: DraftBlock, { facts, report }: ResolveContext): TlsModel {
  const block = new DraftBlock(
    "SSL",
    root.all("SSL").flatMap((statement) => blockOf(statement).statements),
  );
  for (const keyword of TLS_FILES) {
    const path = block.text(keyword);
    const why = path === undefined ? undefined : facts.unreadable?.get(path);
    if (why === undefined) continue;
    report.repair("no-such-file", block.last(keyword)?.span, `${path} cannot be read (${why})`, {
      repair: "checks over TLS do not run, and their servers stay as they are",
    });
  }
  return {
    password: block.text("password"),
    authorities: block.text("ca"),
    certificate: block.text("certificate"),
    key: block.text("key"),
  };
}

function wordsOf({ values: [value] }: DraftStatement): readonly Word[] {
  return value?.kind === "words" ? value.value : [];
}

function unknownOption(word: Word | undefined, report: ResolveContext["report"]): void {
  report.repair("unknown-option", word?.span, `'${word?.text ?? ""}' means nothing here`, {
    repair: "the word is ignored",
  });
}

function readNumber(
  at: Word | undefined,
  word: Word | undefined,
  min: number,
  max: number,
  report: ResolveContext["report"],
): number | undefined {
  const value = Number(word?.text);
  if (/^\d+$/.test(word?.text ?? "") && value >= min && value <= max) return value;
  report.repair(
    "out-of-range",
    (word ?? at)?.span,
    `a number from ${min} to ${max} must follow '${at?.text}'`,
    {
      repair: "it is ignored",
    },
  );
  return undefined;
}
