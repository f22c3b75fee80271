/** Whatever stands in a file, reading it ends, says something sensible, and never throws. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkExitStatus, keepalivedTestStatus } from "../config/diagnostic.ts";
import { parse } from "../config/parser.ts";
import { readConfiguration } from "../config/preprocess.ts";
import { textAt } from "../config/source.ts";
import type { Tree } from "../config/tree.ts";
import { type BuildResult, buildModel } from "./build.ts";
import { diffModels, isUnchanged } from "./diff.ts";
import { KEYWORD_GRAMMAR } from "./keywords/grammar.ts";
import type { Argument, KeywordRow } from "./keywords/row.ts";
import { rowsOf } from "./keywords/table.ts";
import type { HostFacts } from "./model.ts";

const RUNS = process.env.BUOY_LONG === "1" ? 20_000 : 300;

const FACTS: HostFacts = {
  hostName: "director1",
  interfaces: ["lo", "eth0", "eth1"].map((name, index) => ({
    name,
    index: index + 1,
    mac: undefined,
    mtu: 1500,
    up: true,
    running: true,
  })),
  users: new Map([["nobody", { name: "nobody", uid: 65534, gid: 65534, groups: [65534] }]]),
  groups: new Map(),
  self: { name: "root", uid: 0, gid: 0, groups: [0] },
  scripts: undefined,
  routingNames: undefined,
};

function treeOf(text: string): Tree {
  const options = { path: "/x.conf", workingDirectory: "/", configId: "a", environment: {}, seed: 1 };
  const reading = readConfiguration(options, (request) => ({
    kind: "files",
    files: request.from === undefined ? [{ path: "/x.conf", text }] : [],
    skipped: [],
    alternatives: [{ pattern: request.pattern, matched: request.from === undefined }],
  }));
  return parse(reading, KEYWORD_GRAMMAR);
}

function build(text: string, facts: HostFacts = FACTS): BuildResult {
  return buildModel(treeOf(text), facts, { acceptNotYet: false });
}

const WORDS = [
  "0 1 2 3 51 100 255 256 -1 0.01 0.5 1.5 4294 99999999999999999999 10x",
  "eth0 eth1 eth9 lo MASTER BACKUP PASS AH on off maybe weight reverse dev scope label brd + - no_track",
  "192.0.2.1/24 192.0.2.2 192.0.2.300 2001:db8::1/64 fe80::1 ::/0 224.0.0.18 ff02::12 192.0.2.3/33",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  '"/bin/true a" nobody root "" x chk A {} # \\ $X ${X} include',
]
  .join(" ")
  .split(" ");

const word = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string() },
);
const words = fc.array(word, { maxLength: 4 }).map((list) => list.join(" "));

/** Statements of a block as the tables know them, with words that may fit. */
function statementsOf(block: string, depth: number): fc.Arbitrary<string> {
  const rows = rowsOf(block);
  const statement = fc.constantFrom(...rows).chain((row) => statementOf(row, depth));
  return fc.array(statement, { maxLength: 6 }).map((list) => list.join("\n"));
}

function statementOf(row: KeywordRow, depth: number): fc.Arbitrary<string> {
  const inner = row.args.find((arg: Argument) => arg.kind === "block");
  const head = words.map((text) => `${row.keyword} ${text}`);
  if (inner?.kind === "block") {
    const body = depth === 0 ? fc.constant("") : statementsOf(inner.block, depth - 1);
    return fc.tuple(head, body).map(([line, text]) => `${line} {\n${text}\n}`);
  }
  if (row.args.some((arg) => arg.kind === "entries")) {
    return fc
      .tuple(head, fc.array(words, { maxLength: 3 }))
      .map(([line, lines]) => `${line} {\n${lines.join("\n")}\n}`);
  }
  return head;
}

const configuration = fc.oneof(
  statementsOf("root", 3),
  statementsOf("vrrp_instance", 2).map(asInstance),
  statementsOf("virtual_server", 3).map(asService),
  statementsOf("virtual_server.real_server", 2).map(asServer),
  fc.string(),
);

function asService(body: string): string {
  return `virtual_server 192.0.2.9 80 {\nreal_server 192.0.2.1 80 {\n}\n${body}\n}\n`;
}

function asServer(body: string): string {
  return `virtual_server 192.0.2.9 80 {\nreal_server 192.0.2.1 80 {\n${body}\n}\n}\n`;
}

function asInstance(body: string): string {
  return `vrrp_instance A {\ninterface eth0\nvirtual_router_id 7\n${body}\n}\n`;
}

describe("buildModel", () => {
  test("is total, and gives a model exactly where nothing is refused", () => {
    fc.assert(
      fc.property(configuration, (text) => {
        const { model, diagnostics } = build(text);
        expect(model === undefined).toBe(checkExitStatus(diagnostics) === 2);
        expect([0, 2, 5, 6]).toContain(keepalivedTestStatus(diagnostics));
      }),
      { numRuns: RUNS },
    );
  });

  test("points into the text with every diagnostic", () => {
    fc.assert(
      fc.property(configuration, (text) => {
        const tree = treeOf(text);
        for (const { span, message } of buildModel(tree, FACTS, { acceptNotYet: true }).diagnostics) {
          expect(message).not.toBe("");
          if (span === undefined) continue;
          expect(textAt(span, tree.sources)?.length).toBe(span.endColumn - span.column);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("says less, never more severe things, where it knows less of the host", () => {
    const blind: HostFacts = { ...FACTS, interfaces: undefined, users: undefined, groups: undefined };
    fc.assert(
      fc.property(configuration, (text) => {
        const codes = (facts: HostFacts) =>
          build(text, facts).diagnostics.filter((one) => one.severity === "refusal");
        expect(codes(blind).length).toBeLessThanOrEqual(codes(FACTS).length);
      }),
      { numRuns: RUNS },
    );
  });

  test("gives the same model for the same text", () => {
    fc.assert(
      fc.property(configuration, (text) => {
        const [first, second] = [build(text).model, build(text).model];
        if (first === undefined || second === undefined) return;
        expect(isUnchanged(diffModels(first, second))).toBe(true);
        expect(Object.isFrozen(first.vrrp.instances)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test("gives services that can be balanced", () => {
    fc.assert(
      fc.property(statementsOf("virtual_server", 3), (body) => {
        const tree = treeOf(asService(body));
        const { model } = buildModel(tree, FACTS, { acceptNotYet: true });
        const services = model?.director.virtualServers ?? [];
        if (model !== undefined) expect(services).toHaveLength(1);
        for (const { quorum, hysteresis, realServers, persistence } of services) {
          const total = realServers.reduce((sum, { weight }) => sum + weight, 0);
          expect(quorum).toBeLessThanOrEqual(total);
          expect(hysteresis).toBeLessThan(Math.max(quorum, 1));
          expect(persistence?.timeout ?? 1).toBeGreaterThan(0);
          expect(new Set(realServers.map(({ key }) => key)).size).toBe(realServers.length);
          for (const { checks } of realServers) {
            expect(new Set(checks.map(({ key }) => key)).size).toBe(checks.length);
            for (const { timing } of checks) expect(timing.delayLoop).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("keeps every number inside its bounds", () => {
    fc.assert(
      fc.property(statementsOf("vrrp_instance", 2), (body) => {
        for (const one of build(asInstance(body)).model?.vrrp.instances ?? []) {
          expect(one.priority).toBeGreaterThanOrEqual(1);
          expect(one.priority).toBeLessThanOrEqual(255);
          expect(one.virtualRouterId).toBeGreaterThanOrEqual(1);
          expect(one.advertisementInterval).toBeGreaterThanOrEqual(10_000);
          expect(one.advertisementInterval % (one.version === 2 ? 1_000_000 : 10_000)).toBe(0);
          expect(one.garp.masterRepeat).toBeGreaterThanOrEqual(1);
          expect(one.virtualAddresses.every((address) => address.family === one.family)).toBe(true);
          expect(one.version === 2 || one.authentication.kind === "none").toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
