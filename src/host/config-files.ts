/** Reads a configuration from disk and says what it means on this host. */
import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Diagnostic } from "../config/diagnostic.ts";
import { type FileTree, findFiles } from "../config/glob.ts";
import { parse } from "../config/parser.ts";
import { readConfiguration } from "../config/preprocess.ts";
import type { IncludeCheck, ReadingOptions } from "../config/reading.ts";
import type { SourceFile } from "../config/source.ts";
import type { Tree } from "../config/tree.ts";
import { resolveDraft } from "../model/build.ts";
import { readDraft } from "../model/draft.ts";
import { KEYWORD_GRAMMAR } from "../model/keywords/grammar.ts";
import type { HostFacts, Model } from "../model/model.ts";
import { type WantedFacts, wantedFacts } from "../model/wanted.ts";
import { gatherFacts } from "./facts.ts";

export interface LoadOptions {
  /** `-i`; default: the host name up to its first dot. */
  readonly configId?: string | undefined;
  /** Go on with keywords that have no effect yet although they could change who is master. */
  readonly acceptNotYet?: boolean;
  /** `-e`. */
  readonly includeCheck?: IncludeCheck;
  /** For tests: files other than the disk's, facts other than the host's, and a fixed seed of `${_RANDOM}`. */
  readonly files?: FileTree;
  readonly facts?: (wanted: WantedFacts) => HostFacts;
  readonly seed?: number;
}

export interface LoadedConfiguration {
  /** Undefined where there is a refusal. */
  readonly model: Model | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Files read, in order, by absolute path. */
  readonly files: readonly string[];
  /** Their texts, for rendering diagnostics. */
  readonly sources: ReadonlyMap<string, SourceFile>;
  readonly tree: Tree;
}

/** Everything a start, a reload or a check needs to know about a configuration. Never throws for what stands in it. */
export function loadConfiguration(file: string, options: LoadOptions = {}): LoadedConfiguration {
  const files = options.files ?? DISK;
  const build = { acceptNotYet: options.acceptNotYet ?? false };
  const reading = readConfiguration(readingOptions(file, options), (request) => findFiles(request, files));
  const tree = parse(reading, KEYWORD_GRAMMAR);
  const draft = readDraft(tree, build);
  const facts = (options.facts ?? gatherFacts)(wantedFacts(draft.root));
  const { model, diagnostics } = resolveDraft(tree, draft, facts, build);
  return { model, diagnostics, files: [...tree.sources.keys()], sources: tree.sources, tree };
}

function readingOptions(file: string, options: LoadOptions): ReadingOptions {
  return {
    path: file,
    workingDirectory: process.cwd(),
    configId: options.configId ?? hostname().split(".")[0] ?? "",
    environment: process.env,
    seed: options.seed ?? randomInt(2 ** 32),
    ...(options.includeCheck === undefined ? {} : { includeCheck: options.includeCheck }),
  };
}

/** The file system. Only regular files that are not executable are read, as keepalived does. */
const DISK: FileTree = {
  list: (directory) => {
    try {
      return readdirSync(directory);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  },
  exists: (path) => existsSync(path),
  read: (path) => {
    try {
      const stats = statSync(path);
      if (stats.isDirectory()) return { skip: "directory" };
      if (!stats.isFile()) return { skip: "not-regular" };
      if ((stats.mode & 0o111) !== 0) return { skip: "executable" };
      return { text: readFileSync(resolve(path), "utf8") };
    } catch (error) {
      if (isRefusal(error)) return { skip: "unreadable", detail: error.code };
      throw error;
    }
  },
};

function isRefusal(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
