/** Reads a configuration from disk and says what it means on this host. */
import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import { present } from "../base/assert.ts";
import type { Diagnostic } from "../config/diagnostic.ts";
import { type FileTree, findFiles } from "../config/glob.ts";
import type { KnownBlocks } from "../config/known-blocks.ts";
import { parse } from "../config/parser.ts";
import { readConfiguration, textsOf } from "../config/preprocess.ts";
import type { IncludeCheck, ReadingOptions } from "../config/reading.ts";
import type { SourceFile } from "../config/source.ts";
import type { Tree } from "../config/tree.ts";
import { DISK } from "../host/disk-files.ts";
import { gatherFacts } from "../host/facts.ts";
import { inside, isInside, namespaceFile } from "../host/network-namespace.ts";
import { resolveDraft } from "../model/build.ts";
import { readDraft } from "../model/draft.ts";
import { KEYWORD_GRAMMAR } from "../model/keywords/grammar.ts";
import type { HostFacts, Model } from "../model/model.ts";
import { type KnownServices, NO_SERVICE_KNOWN } from "../model/service-memo.ts";
import { type WantedFacts, wantedFacts } from "../model/wanted.ts";
import { lastOf } from "./identity.ts";

export interface LoadOptions {
  /** `-i`; default: the host name up to its first dot. */
  readonly configId?: string | undefined;
  /** Go on with keywords that have no effect yet although they could change who is master. */
  readonly acceptNotYet?: boolean;
  /** `-e`. */
  readonly includeCheck?: IncludeCheck;
  /** Network namespace the daemon runs in; undefined: the one that the file names, null: this process's own. */
  readonly namespace?: string | null | undefined;
  /** For tests: files other than the disk's, facts other than the host's, and a fixed seed of `${_RANDOM}`. */
  readonly files?: FileTree;
  readonly facts?: (wanted: WantedFacts) => HostFacts;
  readonly seed?: number;
  /** What an earlier reading left for this one: what stands as it stood is not read again. */
  readonly known?: KnownServices | undefined;
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
  /** The lines of all files as they were read: includes, conditions and definitions are carried out. */
  readonly lines: () => readonly string[];
  /** For the next reading. */
  readonly known: KnownServices;
}

/** Everything a start, a reload or a check needs to know about a configuration. Never throws for what stands in it. */
export function loadConfiguration(file: string, options: LoadOptions = {}): LoadedConfiguration {
  const { known = NO_SERVICE_KNOWN, ...plain } = options;
  return load(file, plain, known) ?? present(load(file, plain, NO_SERVICE_KNOWN), "a reading of all");
}

/** Undefined where it has to be read without knowing anything. */
function load(file: string, options: LoadOptions, before: KnownServices): LoadedConfiguration | undefined {
  const build = { acceptNotYet: options.acceptNotYet ?? false };
  const { tree, lines } = readFiles(file, options, before.blocks);
  if (tree.misplaced) return undefined;
  const draft = readDraft(tree, build);
  const wanted = wantedFacts(draft.root);
  const place = options.facts === undefined ? placeOf(tree, options.namespace) : HERE;
  const facts = (options.facts ?? place.gather)(wanted);
  const { model, diagnostics, known } = resolveDraft(tree, draft, facts, build, before);
  if (known === undefined) return undefined;
  const refused = place.complaint?.severity === "refusal";
  return {
    model: refused ? undefined : model,
    diagnostics: place.complaint === undefined ? diagnostics : [...diagnostics, place.complaint],
    files: [...tree.sources.keys()],
    sources: tree.sources,
    tree,
    lines,
    known,
  };
}

/** What is written, without what it means. */
export function readTree(file: string, options: LoadOptions = {}): Tree {
  return readFiles(file, options, NO_SERVICE_KNOWN.blocks).tree;
}

function readFiles(
  file: string,
  options: LoadOptions,
  known: KnownBlocks,
): Pick<LoadedConfiguration, "tree" | "lines"> {
  const files = options.files ?? DISK;
  const reading = readConfiguration({ ...readingOptions(file, options), known }, (request) =>
    findFiles(request, files),
  );
  return { tree: parse(reading, KEYWORD_GRAMMAR), lines: () => textsOf(reading.lines) };
}

/** Where the facts are to be gathered, and what is to be said about that. */
interface Place {
  readonly gather: (wanted: WantedFacts) => HostFacts;
  readonly complaint?: Diagnostic;
}

const HERE: Place = { gather: gatherFacts };

/** The namespace that the daemon runs in has other interfaces than this process's own. */
function placeOf(tree: Tree, given: string | null | undefined): Place {
  const statement = lastOf(tree, "net_namespace");
  const named = statement?.words[0]?.text;
  const complain = (severity: "repair" | "refusal", message: string, repair?: string): Place => ({
    gather: gatherFacts,
    complaint: {
      code: "network-namespace",
      severity,
      message,
      ...(statement === undefined ? {} : { span: statement.span }),
      ...(repair === undefined ? {} : { repair }),
    },
  });
  if (given !== undefined && given !== named && named !== undefined)
    return complain(
      "repair",
      `the daemon does not run in network namespace ${named}`,
      "it stays where it was started",
    );
  const name = given ?? named;
  if (name === undefined) return HERE;
  try {
    if (isInside(name)) return HERE;
    return { gather: (wanted) => inside(name, () => gatherFacts(wanted)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return complain("refusal", `there is no network namespace ${name}: ${namespaceFile(name)} is missing`);
  }
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
