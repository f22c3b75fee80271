/** For the tests of this folder: files in memory, and a small grammar of made-up keywords and borrowed ones. */
import type { Grammar, KeywordShape } from "./catalogue.ts";
import { type FileTree, findFiles } from "./glob.ts";
import { parse } from "./parser.ts";
import { readConfiguration } from "./preprocess.ts";
import type { Reading, ReadingOptions, SkipReason } from "./reading.ts";
import type { Statement, Tree } from "./tree.ts";

/** Absolute path to text, or to the reason why it cannot be read. */
export type Files = Readonly<
  Record<string, string | { readonly skip: SkipReason; readonly detail?: string }>
>;

/** A file tree that holds only the given files and the directories above them. */
export function memoryTree(files: Files): FileTree {
  const directories = new Map<string, Set<string>>([["/", new Set()]]);
  for (const path of Object.keys(files)) {
    let parent = "/";
    for (const element of path.split("/").slice(1)) {
      const names = directories.get(parent) ?? new Set();
      directories.set(parent, names.add(element));
      parent = parent === "/" ? `/${element}` : `${parent}/${element}`;
    }
  }
  return {
    list: (directory) => {
      const names = directories.get(directory);
      return names === undefined ? undefined : [...names];
    },
    exists: (path) => Object.hasOwn(files, path) || directories.has(path),
    read: (path) => {
      const found = files[path];
      if (found === undefined) return { skip: "directory" };
      return typeof found === "string" ? { text: found } : found;
    },
  };
}

export const TEST_OPTIONS: ReadingOptions = {
  path: "/etc/main.conf",
  workingDirectory: "/etc",
  configId: "node1",
  environment: { SECRET: "s3{ret" },
  seed: 1,
};

/** Reads `/etc/main.conf` with the given text, other files beside it. */
export function readText(text: string, options: Partial<ReadingOptions> = {}, files: Files = {}): Reading {
  const tree = memoryTree({ "/etc/main.conf": text, ...files });
  return readConfiguration({ ...TEST_OPTIONS, ...options }, (request) => findFiles(request, tree));
}

const none = (minWords: number, maxWords?: number): KeywordShape => ({
  block: "none",
  style: "words",
  minWords,
  ...(maxWords === undefined ? {} : { maxWords }),
});
const block = (minWords: number): KeywordShape => ({
  block: "required",
  style: "words",
  minWords,
  maxWords: minWords,
});
const VALUES: KeywordShape = { block: "values", style: "words", minWords: 0, maxWords: 0 };
const SCRIPT: KeywordShape = { block: "none", style: "script", minWords: 1 };

const TABLE: Readonly<Record<string, Readonly<Record<string, KeywordShape>>>> = {
  "": {
    global_defs: block(0),
    vrrp_instance: block(1),
    vrrp_script: block(1),
    virtual_server: block(2),
    instance: none(1, 1),
  },
  global_defs: {
    router_id: none(1, 1),
    random_seed: none(1, 1),
    include_check: none(0),
    notification_email: VALUES,
    lvs_timeouts: none(1),
  },
  vrrp_script: { script: SCRIPT, interval: none(1, 1) },
  vrrp_instance: {
    interface: none(1, 1),
    virtual_router_id: none(1, 1),
    priority: none(1, 1),
    nopreempt: none(0, 0),
    authentication: block(0),
    virtual_ipaddress: VALUES,
    track_script: VALUES,
    notify_master: SCRIPT,
    use_vmac: { block: "optional", style: "words", minWords: 0, maxWords: 1 },
  },
  "vrrp_instance/authentication": { auth_type: none(1, 1), auth_pass: none(1, 1) },
  "vrrp_instance/use_vmac": { colour: none(1, 1) },
  virtual_server: { protocol: none(1, 1), delay_loop: none(1, 1), real_server: block(2) },
  "virtual_server/real_server": { weight: none(1, 1), TCP_CHECK: block(0) },
  "virtual_server/real_server/TCP_CHECK": { connect_timeout: none(1, 1) },
};

export const TEST_GRAMMAR: Grammar = {
  lookup: (path, keyword) => {
    const place = TABLE[path.join("/")];
    return place !== undefined && Object.hasOwn(place, keyword) ? place[keyword] : undefined;
  },
  names: (path) => Object.keys(TABLE[path.join("/")] ?? {}),
  placesOf: (keyword) =>
    Object.entries(TABLE)
      .filter(([, place]) => Object.hasOwn(place, keyword))
      .map(([path]) => (path === "" ? [] : path.split("/"))),
};

export function parseText(text: string, options: Partial<ReadingOptions> = {}, files: Files = {}): Tree {
  return parse(readText(text, options, files), TEST_GRAMMAR);
}

/** The tree as lines of keyword and words, indented by depth: what a test compares. */
export function outline(statements: readonly Statement[], depth = 0): string[] {
  const pad = "  ".repeat(depth);
  return statements.flatMap((one) => [
    pad + [one.keyword, ...one.words.map((word) => word.text)].join(" "),
    ...(one.entries ?? []).map((entry) => `${pad}  - ${entry.words.map((word) => word.text).join(" ")}`),
    ...outline(one.block ?? [], depth + 1),
  ]);
}
