/** Writes keepalived's files on request, where keepalived writes them. */
import { basename, dirname, extname, join } from "node:path";
import type { Instant } from "../base/time.ts";
import { replaceFile } from "../host/dump-file.ts";
import type { Loop } from "../host/loop.ts";
import type { Model } from "../model/model.ts";
import { bfdStateText } from "../observe/dump/bfd-state-text.ts";
import { checkStateText } from "../observe/dump/check-state-text.ts";
import type { DirectorDump } from "../observe/dump/director-source.ts";
import { jsonDump } from "../observe/dump/json.ts";
import type { DumpSource } from "../observe/dump/source.ts";
import { globalStateText, vrrpStateText } from "../observe/dump/state-text.ts";
import { statsText } from "../observe/dump/stats-text.ts";
import type { DumpKind } from "./messages.ts";
import { poolDump } from "./pool-dump.ts";
import type { StatusInquiry } from "./status-inquiry.ts";

/** Permissions before the umask. */
const MODE = 0o666;

/** What the children last said of themselves; undefined where the vrrp child said nothing. */
export function dumpSource(
  model: Model | undefined,
  { snapshot, checker }: StatusInquiry,
  loop: Loop,
): DumpSource | undefined {
  if (model === undefined || snapshot === undefined) return undefined;
  const [now, wallClock] = [loop.now(), loop.wallClock()];
  const director = poolDump(checker);
  return { model, ...snapshot, director, wallClock: (at: Instant) => wallClock - (now - at) };
}

/** Writes the files of one request. Returns what could not be written, in sentences. */
export function writeDumps(
  what: DumpKind,
  source: DumpSource,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const { dumps } = source.model.global;
  const directory = environment.TMPDIR?.startsWith("/") === true ? environment.TMPDIR : "/tmp";
  const place = (wish: string | undefined, extension: string, suffix = ""): string =>
    dumpPath(join(directory, `keepalived${extension}`), wish, suffix, instanceOf(source));
  switch (what) {
    case "state": {
      const global = globalStateText(source.model);
      return [
        ...write(place(dumps?.state, ".data", "_parent"), global, source),
        ...write(place(dumps?.state, ".data"), global + vrrpStateText(source), source),
        ...(source.model.bfd.length === 0
          ? []
          : write(place(dumps?.state, ".data", "_bfd"), global + bfdStateText(source), source)),
        ...(source.director === undefined
          ? []
          : write(
              place(dumps?.state, ".data", "_check"),
              global + checkText(source, source.director),
              source,
            )),
      ];
    }
    case "stats":
    case "stats-clear":
      return write(place(dumps?.stats, ".stats"), statsText(source), source);
    case "json":
      return write(place(dumps?.json, ".json"), `${jsonDump(source, dumps?.jsonVersion ?? 1)}\n`, source);
  }
}

function checkText({ model, wallClock }: DumpSource, director: DirectorDump): string {
  return checkStateText(director, model.trackFiles, wallClock);
}

function instanceOf({ model: { global } }: DumpSource): string {
  return global.dumps?.useInstance === true && global.instanceName !== undefined
    ? `_${global.instanceName}`
    : "";
}

/** `wish` is a file, or a directory where it ends with `/`; suffixes stand before the extension. */
export function dumpPath(usual: string, wish: string | undefined, suffix: string, instance: string): string {
  const whole = wish === undefined ? usual : wish.endsWith("/") ? join(wish, basename(usual)) : wish;
  const extension = extname(whole);
  const name = basename(whole, extension);
  return join(dirname(whole), `${name}${suffix}${instance}${extension}`);
}

function write(path: string, text: string, { model }: DumpSource): readonly string[] {
  try {
    replaceFile(path, text, MODE & ~model.daemon.umask);
    return [];
  } catch (error) {
    return [`cannot write ${path}: ${(error as Error).message}`];
  }
}
