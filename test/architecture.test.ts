import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Rule } from "./support/architecture-rules.ts";
import {
  configKnowsNoKeyword,
  filesAreShort,
  hostDecidesNothing,
  importsFollowLayers,
  lockNamesNoRegistry,
  noBarrels,
  noDefaultExports,
  noImportCycles,
  noMutableModuleState,
  nothingLeftUndone,
  onlyCodecsReadBytes,
  onlyOneFileLoadsTheAddon,
  portsAreTypesOnly,
  pureLayersImportNoModules,
  pureLayersTouchNoWorld,
} from "./support/architecture-rules.ts";
import type { SourceFile } from "./support/source-scan.ts";
import { scanSource } from "./support/source-scan.ts";

const ROOT = new URL("../", import.meta.url);

/** Tables with one row a keyword: as long as there are keywords. */
const KEYWORD_TABLES = ["src/model/keywords/global.ts", "src/model/keywords/vrrp-instance.ts"];

/** Files below a folder of the repository whose path fits. */
function filesBelow(folder: string, wanted: RegExp): SourceFile[] {
  return readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((path) => wanted.test(path) && !path.includes("node_modules"))
    .sort()
    .map((path) => scanSource(path, readFileSync(new URL(path, ROOT), "utf8")));
}

const isTest = (file: SourceFile): boolean => file.path.includes(".test.");

const typescript = ["src", "sim"].flatMap((folder) => filesBelow(folder, /\.ts$/));
const sources = typescript.filter((file) => !isTest(file));
const handwritten = [
  ...sources,
  ...filesBelow("native", /^native\/[^/]+\.[ch]$/),
  ...filesBelow("bin", /./),
  ...filesBelow("scripts", /\.mjs$/),
];
const lock = [scanSource("package-lock.json", readFileSync(new URL("package-lock.json", ROOT), "utf8"))];

interface RuleCase {
  readonly title: string;
  readonly rule: Rule;
  readonly files: readonly SourceFile[];
  /** Path and text of files that break the rule, each on its own unless grouped. */
  readonly broken: readonly Readonly<Record<string, string>>[];
  /** Files that look like it and are right. */
  readonly fine: readonly Readonly<Record<string, string>>[];
}

const RULES: readonly RuleCase[] = [
  {
    title: "imports follow the layers",
    rule: importsFollowLayers,
    files: sources,
    broken: [
      { "src/base/x.ts": 'import { a } from "../wire/a.ts";' },
      { "src/wire/netlink/x.ts": 'import type { A } from "../../vrrp/a.ts";' },
      { "src/vrrp/x.ts": 'import { a } from "../director/a.ts";' },
      { "src/director/x.ts": 'import type { A } from "../vrrp/a.ts";' },
      { "src/host/x.ts": 'import { decide } from "../vrrp/instance.ts";' },
      { "src/host/x.ts": 'import { type A, decide } from "../vrrp/instance.ts";' },
      { "src/config/x.ts": 'import {\n  a,\n} from "../model/a.ts";' },
      { "src/vrrp/x.ts": 'const a = import("../host/native.ts");' },
      { "src/vrrp/x.ts": 'import "../host/native.ts";' },
      { "sim/x.ts": 'import { native } from "../src/host/native.ts";' },
    ],
    fine: [
      { "src/wire/netlink/x.ts": 'import { a } from "../../base/a.ts";' },
      { "src/host/x.ts": 'import type { A } from "../vrrp/a.ts";\nimport { type B } from "../vrrp/a.ts";' },
      { "src/processes/x.ts": 'import { a } from "../host/a.ts";\nimport { b } from "../vrrp/b.ts";' },
      {
        "src/base/x.ts":
          '// import { a } from "../wire/a.ts";\nconst text = `import { a } from "../wire/a.ts"`;',
      },
    ],
  },
  {
    title: "pure layers import neither Node's modules nor packages",
    rule: pureLayersImportNoModules,
    files: sources,
    broken: [
      { "src/base/x.ts": 'import { readFileSync } from "node:fs";' },
      { "src/model/x.ts": 'import type { Stats } from "node:fs";' },
      { "src/vrrp/x.ts": 'import { Command } from "commander";' },
      { "src/supervise/x.ts": 'export { a } from "node:os";' },
      { "src/vrrp/x.ts": 'import { md5 } from "@noble/hashes/legacy.js";' },
    ],
    fine: [
      { "src/host/x.ts": 'import { readFileSync } from "node:fs";' },
      { "src/wire/x.ts": 'import { md5 } from "@noble/hashes/legacy.js";' },
    ],
  },
  {
    title: "pure layers use no clock, chance, timer, process, console or promise",
    rule: pureLayersTouchNoWorld,
    files: sources,
    broken: [
      { "src/base/x.ts": "const now = Date.now();" },
      { "src/wire/x.ts": "const b = Buffer.from(a);" },
      { "src/config/x.ts": "console.log(a);" },
      { "src/model/x.ts": "const home = process.env.HOME;" },
      { "src/vrrp/x.ts": "setTimeout(tick, 1);" },
      { "src/vrrp/x.ts": "const x = Math.random();" },
      { "src/vrrp/x.ts": "async function f(): Promise<void> {}" },
      { "src/vrrp/x.ts": "const f = async () => 1;" },
      { "src/director/x.ts": "await f();" },
      { "src/bfd/x.ts": "const t = performance.now();" },
      { "src/supervise/x.ts": "function f(x: Promise<void>): void {}" },
      { "src/supervise/x.ts": `const text = \`at \${Date.now()}\`;` },
      { "src/supervise/x.ts": "const quotient = total / Date.now() / 2;" },
    ],
    fine: [
      {
        "src/model/x.ts": "interface A { readonly process: B; readonly Date?: C }\nconst c = a.process.rank;",
      },
      { "src/vrrp/x.ts": '// Date.now()\n/* console.log */ const a = "process.exit"; const b = /await x/;' },
      { "src/base/x.ts": "const text = `Date.now() \\` Date.now()`;" },
      { "src/host/x.ts": "setTimeout(tick, Date.now());" },
      { "src/config/x.ts": "const preprocess = reprocess(updateDate);" },
    ],
  },
  {
    title: "ports has types only",
    rule: portsAreTypesOnly,
    files: sources,
    broken: [{ "src/ports/x.ts": "export const a = 1;" }, { "src/ports/x.ts": "export class A {}" }],
    fine: [{ "src/ports/x.ts": "export interface A {\n  readonly constant: 1;\n}\nexport type B = A;" }],
  },
  {
    title: "nothing is exported by default",
    rule: noDefaultExports,
    files: sources,
    broken: [
      { "src/cli/x.ts": "export default function f() {}" },
      { "src/cli/x.ts": "const a = 1;\nexport { a as default };" },
    ],
    fine: [{ "src/cli/x.ts": 'const text = "export default"; const byDefault = { default: 1 };' }],
  },
  {
    title: "no file passes on another's exports",
    rule: noBarrels,
    files: sources,
    broken: [
      { "src/vrrp/x.ts": 'export * from "./a.ts";' },
      { "src/vrrp/x.ts": 'export type { A } from "./a.ts";' },
      { "src/vrrp/x.ts": 'export * as a from "./a.ts";' },
    ],
    fine: [{ "src/vrrp/x.ts": 'import { a } from "./a.ts";\nexport const b = a;\nexport const c = "from";' }],
  },
  {
    title: "imports form no cycle",
    rule: noImportCycles,
    files: sources,
    broken: [
      { "src/vrrp/a.ts": 'import { b } from "./b.ts";', "src/vrrp/b.ts": 'import type { A } from "./a.ts";' },
      { "src/vrrp/a.ts": 'import { a } from "./a.ts";' },
      {
        "src/vrrp/a.ts": 'import { b } from "../model/b.ts";',
        "src/model/b.ts": 'import { c } from "../base/c.ts";',
        "src/base/c.ts": 'import { a } from "../vrrp/a.ts";',
      },
    ],
    fine: [
      {
        "src/vrrp/a.ts": 'import { b } from "./b.ts";\nimport { c } from "./c.ts";',
        "src/vrrp/b.ts": 'import { c } from "./c.ts";',
        "src/vrrp/c.ts": "",
      },
    ],
  },
  {
    title: "modules hold no mutable state",
    rule: noMutableModuleState,
    files: sources,
    broken: [
      { "src/host/x.ts": "let count = 0;" },
      { "src/host/x.ts": "export var count = 0;" },
      { "src/host/x.ts": "const seen = new Map<string, number>();" },
      { "src/host/x.ts": "const seen: Set<string> = new Set();" },
      { "src/host/x.ts": "const queue: string[] = [];" },
      { "src/host/x.ts": "export const cache: Record<string, string> = {};" },
    ],
    fine: [
      { "src/host/x.ts": "function f(): void {\n  let count = 0;\n  const seen = new Map();\n}" },
      { "src/host/x.ts": 'const NAMES: ReadonlySet<string> = new Set(["a"]);' },
      {
        "src/host/x.ts":
          "const A: ReadonlyMap<string, number> = new Map([]);\nconst NONE: readonly string[] = [1];",
      },
    ],
  },
  {
    title: "only codecs read bytes",
    rule: onlyCodecsReadBytes,
    files: sources,
    broken: [
      { "src/vrrp/x.ts": "const id = readUint16(payload, 0);" },
      { "src/host/x.ts": "const view = new DataView(buffer);" },
      { "src/host/x.ts": "const id = buffer.readUInt32LE(4);" },
      { "src/processes/x.ts": "view.getUint16(0);" },
    ],
    fine: [
      { "src/wire/x.ts": "readUint16(payload, 0);" },
      { "src/vrrp/x.ts": "peekVrrp(payload);", "sim/x.ts": "new DataView(a);" },
    ],
  },
  {
    title: "only one file loads the addon",
    rule: onlyOneFileLoadsTheAddon,
    files: sources,
    broken: [
      { "src/processes/x.ts": 'import { createRequire } from "node:module";' },
      { "src/host/system.ts": 'load("../build/buoy.node");' },
      { "src/host/system.ts": "process.dlopen(module, path);" },
    ],
    fine: [
      { "src/host/native.ts": 'const native = createRequire(import.meta.url)("../../build/buoy.node");' },
      { "src/host/x.ts": "// the addon is buoy.node\nconst a = graph.node;" },
    ],
  },
  {
    title: "the host decides nothing",
    rule: hostDecidesNothing,
    files: sources,
    broken: [
      { "src/host/x.ts": "if (advert.priority > own) leave();" },
      { "src/host/x.ts": "if (own <= advert.effectivePriority) leave();" },
      { "src/host/x.ts": "retries++;" },
      { "src/host/x.ts": "if (attempts > 3) stop();" },
    ],
    fine: [
      {
        "src/host/x.ts":
          "setPriority(priority > 0 ? RR : OTHER, priority);\nconst a = { priority: b.priority };",
      },
      { "src/vrrp/x.ts": "if (advert.priority > own) leave();" },
    ],
  },
  {
    title: "the language knows no keyword",
    rule: configKnowsNoKeyword,
    files: sources,
    broken: [{ "src/config/x.ts": 'if (word === "vrrp_instance") open();' }],
    fine: [
      { "src/config/x.ts": '// as in "vrrp_instance"\nif (word === "include") open();' },
      { "src/model/x.ts": 'if (word === "vrrp_instance") open();' },
    ],
  },
  {
    title: "files are short",
    rule: filesAreShort(KEYWORD_TABLES),
    files: handwritten,
    broken: [{ "src/host/x.ts": "a;\n".repeat(451) }],
    fine: [{ "src/host/x.ts": "a;\n".repeat(450), "src/model/keywords/global.ts": "a;\n".repeat(900) }],
  },
  {
    title: "nothing is left undone",
    rule: nothingLeftUndone,
    files: handwritten,
    broken: [{ "src/host/x.ts": "// TO" + "DO: later" }, { "native/x.c": "/* FIX" + "ME */" }],
    fine: [{ "src/host/x.ts": "// to do it now" }],
  },
  {
    title: "the lock file names no registry",
    rule: lockNamesNoRegistry,
    files: lock,
    broken: [{ "package-lock.json": '{ "resolved": "https://registry.example/a.tgz" }' }],
    fine: [{ "package-lock.json": '{ "resolved": "packages/a", "integrity": "sha512-x" }' }],
  },
];

describe("the architecture", () => {
  it("is looked at where the sources are", () => {
    const seen = new Set(sources.map((file) => file.path.split("/").slice(0, 2).join("/")));
    for (const folder of ["src/base", "src/wire", "src/config", "src/model", "src/vrrp", "src/host"]) {
      expect(seen).toContain(folder);
    }
    const imports = sources.flatMap((file) => file.imports);
    expect(imports.length).toBeGreaterThan(100);
    const known = new Set(typescript.map((file) => file.path));
    const missing = imports.filter(({ target }) => target !== undefined && !known.has(target));
    expect(missing).toEqual([]);
    expect(lock[0]?.text).toContain('"lockfileVersion"');
  });

  for (const { title, rule, files } of RULES) {
    it(title, () => expect(rule(files)).toEqual([]));
  }
});

describe("each rule", () => {
  const scan = (files: Readonly<Record<string, string>>): SourceFile[] =>
    Object.entries(files).map(([path, text]) => scanSource(path, text));

  for (const { title, rule, broken, fine } of RULES) {
    it(`sees where it is broken and only there: ${title}`, () => {
      for (const files of broken) expect(rule(scan(files)), JSON.stringify(files)).not.toEqual([]);
      for (const files of fine) expect(rule(scan(files)), JSON.stringify(files)).toEqual([]);
    });
  }

  it("points at the line", () => {
    const [found] = pureLayersTouchNoWorld(
      scan({ "src/vrrp/x.ts": "const a = 1;\n\nconst b = Date.now();" }),
    );
    expect(found).toBe("src/vrrp/x.ts:3 a pure layer uses Date");
  });
});
