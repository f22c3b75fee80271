/** The rules of `docs/architecture.md` about who may use what, each a function from sources to what breaks it. */
import type { SourceFile } from "./source-scan.ts";
import { lineAt } from "./source-scan.ts";

export type Rule = (files: readonly SourceFile[]) => string[];

/** Folders whose code is a function of its inputs alone. */
const PURE = ["base", "wire", "config", "model", "vrrp", "bfd", "supervise", "director"];
/** The decision cores. */
const CORES = ["vrrp", "bfd", "director", "supervise"];

interface Allowed {
  /** Layers whose values may be used; the layer itself is always allowed. */
  readonly values: readonly string[];
  /** Layers of which only types may be used. */
  readonly types: readonly string[];
}

/** Who may import whom; a layer that is not here may import anything but what belongs to nobody else. */
const LAYERS: Readonly<Record<string, Allowed>> = {
  base: { values: [], types: [] },
  wire: { values: ["base"], types: [] },
  config: { values: ["base"], types: [] },
  model: { values: ["base", "config"], types: [] },
  vrrp: { values: ["base", "wire", "model"], types: ["ports"] },
  bfd: { values: ["base", "wire", "model"], types: ["ports"] },
  director: { values: ["base", "wire", "model"], types: ["ports"] },
  supervise: { values: ["base", "model"], types: ["ports", "vrrp", "bfd", "director"] },
  ports: { values: [], types: ["base", "wire", "model", ...CORES] },
  host: { values: ["base", "wire"], types: ["ports", "config", "model", ...CORES] },
  observe: { values: ["base"], types: ["ports", "model", ...CORES] },
  sim: {
    values: ["base", "wire", "config", "model", ...CORES, "ports", "observe", "processes", "cli"],
    types: [],
  },
};

/** `src/vrrp/x.ts` is of layer `vrrp`, `sim/x.ts` of `sim`. */
function layerOf(path: string): string {
  const parts = path.split("/");
  return (parts[0] === "src" ? parts[1] : parts[0]) ?? "";
}

const isPure = (file: SourceFile): boolean => PURE.includes(layerOf(file.path));

export const importsFollowLayers: Rule = (files) =>
  files.flatMap((file) => {
    const layer = layerOf(file.path);
    const allowed = LAYERS[layer];
    if (allowed === undefined) return [];
    return file.imports.flatMap(({ target, typeOnly, line }) => {
      if (target === undefined) return [];
      const other = layerOf(target);
      if (other === layer || allowed.values.includes(other)) return [];
      if (allowed.types.includes(other) && typeOnly) return [];
      const how = allowed.types.includes(other) ? `${other} as more than types` : other;
      return [`${file.path}:${line} ${layer} may not import ${how}`];
    });
  });

/** A codec may compute a hash by a package that does nothing else. */
const isHashInCodec = (path: string, specifier: string): boolean =>
  path.startsWith("src/wire/") && specifier.startsWith("@noble/hashes/");

/** Pure layers depend on the language only: no module of Node and no package. */
export const pureLayersImportNoModules: Rule = (files) =>
  files
    .filter(isPure)
    .flatMap((file) =>
      file.imports
        .filter(({ target, specifier }) => target === undefined && !isHashInCodec(file.path, specifier))
        .map(({ specifier, line }) => `${file.path}:${line} a pure layer imports ${specifier}`),
    );

const IMPURE_GLOBALS = [
  "Date",
  "performance",
  "process",
  "console",
  "Promise",
  "Buffer",
  "globalThis",
  "fetch",
  "require",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
];

/** Names of the world in pure layers. A property or a member of that name is no such thing. */
export const pureLayersTouchNoWorld: Rule = (files) => {
  const globals = new RegExp(`(?<![.\\w$#])(?:${IMPURE_GLOBALS.join("|")})(?![\\w$]|\\s*\\??:)`, "g");
  const syntax = /(?<![.\w$#])(?:async|await)\s+[\w$([*]|(?<![.\w$#])async\s*\(|\bMath\s*\.\s*random\b/g;
  return files
    .filter(isPure)
    .flatMap((file) => [globals, syntax].flatMap((pattern) => matches(file, pattern, "a pure layer uses")));
};

/** `ports` is interfaces: nothing that exists when the program runs. */
export const portsAreTypesOnly: Rule = (files) =>
  files
    .filter((file) => layerOf(file.path) === "ports")
    .flatMap((file) =>
      matches(
        file,
        /^(?:export\s+)?(?:abstract\s+class|class|function|async|const|let|var)\b/gm,
        "ports has a",
      ),
    );

export const noDefaultExports: Rule = (files) =>
  files.flatMap((file) => matches(file, /\bexport\s+default\b|\bas\s+default\b/g, "exports by default:"));

/** A name is imported from the file that makes it. */
export const noBarrels: Rule = (files) =>
  files.flatMap((file) =>
    file.imports
      .filter(({ reexport }) => reexport)
      .map(({ specifier, line }) => `${file.path}:${line} passes on exports of ${specifier}`),
  );

export const noImportCycles: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) cycles.push(`cycle: ${[...trail.slice(seenAt), path].join(" -> ")}`);
    if (seenAt >= 0 || done.has(path)) return;
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (target !== undefined && byPath.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  return cycles;
};

/** No `let` at the top of a module, and no collection that anybody could fill. */
export const noMutableModuleState: Rule = (files) => {
  const collection =
    /^(?:export\s+)?const\s+[\w$]+\s*(?::[^=]*)?=\s*(?:new\s+(?:Weak)?(?:Map|Set)\b|(?:\[\s*\]|\{\s*\})\s*;)/gm;
  return files.flatMap((file) => [
    ...matches(file, /^(?:export\s+)?(?:let|var)\b/gm, "module state:"),
    ...matches(file, collection, "module state:").filter(
      (found) => !/:\s*(?:readonly\s|Readonly\w*<)/.test(found),
    ),
  ]);
};

/** Only the codecs know where in a packet something lies; the simulator may have a second opinion of its own. */
export const onlyCodecsReadBytes: Rule = (files) =>
  files
    .filter((file) => file.path.startsWith("src/") && !["base", "wire"].includes(layerOf(file.path)))
    .flatMap((file) =>
      matches(
        file,
        /\b(?:read|write)Uint(?:16|32)\s*\(|\bnew\s+DataView\b|\.(?:read|write)U?Int(?:8|16|32)\w*\s*\(|\.[gs]etU?int(?:8|16|32)\s*\(/gi,
        "reads bytes:",
      ),
    );

export const onlyOneFileLoadsTheAddon: Rule = (files) =>
  files
    .filter((file) => file.path !== "src/host/native.ts")
    .flatMap((file) =>
      [
        ...file.code.matchAll(/\bcreateRequire\b|\bdlopen\b/g),
        ...file.uncommented.matchAll(/\.node["'`]/g),
      ].map(({ 0: found, index }) => `${file.path}:${lineAt(file.text, index)} loads an addon: ${found}`),
    );

/** The edge carries out: it weighs no router against another and tries nothing twice. */
export const hostDecidesNothing: Rule = (files) =>
  files
    .filter((file) => layerOf(file.path) === "host")
    .flatMap((file) =>
      matches(
        file,
        /\.(?:\w*P|p)riority\s*[<>]|[<>]=?\s*(?:\w+\.)+(?:\w*P|p)riority\b|\b(?:retries|attempts|retryCount)\s*(?:\+\+|\+=|[<>])/g,
        "host decides:",
      ),
    );

/** The language's folder must not know a keyword by name. */
export const configKnowsNoKeyword: Rule = (files) =>
  files
    .filter((file) => layerOf(file.path) === "config")
    .flatMap((file) =>
      [
        ...file.uncommented.matchAll(
          /["'`](?:vrrp_\w+|virtual_\w+|real_server|global_defs|priority|advert_int|track_\w+|notify\w*|garp_\w+|lb_\w+|interface)["'`]/g,
        ),
      ].map(({ 0: found, index }) => `${file.path}:${lineAt(file.text, index)} knows the keyword ${found}`),
    );

/** Lines a file may have; tables of keywords may have more. */
const MAX_LINES = 450;

export const filesAreShort = (tables: readonly string[]): Rule => {
  return (files) =>
    files
      .filter((file) => !tables.includes(file.path))
      .map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
};

/** Something left undone is done, or written down where users see it. */
export const nothingLeftUndone: Rule = (files) =>
  files.flatMap((file) =>
    [...file.text.matchAll(/\b(?:TODO|FIXME|XXX|HACK)\b/g)].map(
      ({ 0: found, index }) => `${file.path}:${lineAt(file.text, index)} ${found}`,
    ),
  );

/** The lock file must not say where packages come from: every site has its own registry. */
export const lockNamesNoRegistry: Rule = (files) =>
  files.flatMap((file) =>
    [...file.text.matchAll(/"resolved":\s*"([a-z+]+:[^"]*)"/g)].map(
      ({ 1: url, index }) => `${file.path}:${lineAt(file.text, index)} names ${url}`,
    ),
  );

function matches(file: SourceFile, pattern: RegExp, what: string): string[] {
  return [...file.code.matchAll(pattern)].map(
    ({ 0: found, index }) => `${file.path}:${lineAt(file.text, index)} ${what} ${found.trim()}`,
  );
}
