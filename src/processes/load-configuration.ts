/** Reads a configuration from disk and says what it means on this host. */
import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import type { Diagnostic } from "../config/diagnostic.ts";
import { type FileTree, findFiles } from "../config/glob.ts";
import { parse } from "../config/parser.ts";
import { readConfiguration } from "../config/preprocess.ts";
import type { IncludeCheck, ReadingOptions } from "../config/reading.ts";
import type { SourceFile } from "../config/source.ts";
import type { Tree } from "../config/tree.ts";
import { DISK } from "../host/disk-files.ts";
import { gatherFacts } from "../host/facts.ts";
import { resolveDraft } from "../model/build.ts";
import { readDraft } from "../model/draft.ts";
import { KEYWORD_GRAMMAR } from "../model/keywords/grammar.ts";
import type { HostFacts, Model } from "../model/model.ts";
import { type WantedFacts, wantedFacts } from "../model/wanted.ts";

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
