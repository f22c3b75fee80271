/**
 * A reload reads only the virtual servers whose text has changed. Whatever an editor does to a file, what comes of it is what
 * a reading of everything comes to: the model, all that is said, and where.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { FileTree } from "../../src/config/glob.ts";
import { type LoadedConfiguration, loadConfiguration } from "../../src/processes/load-configuration.ts";
import { goldenFacts } from "./host.ts";

const FILE = "/etc/keepalived/keepalived.conf";
const PLAIN = ["81", "82", "83"].map(
  (last) => `virtual_server 192.0.2.${last} 80 {
    delay_loop 10
    lb_algo ${last === "83" ? "wlc" : "wrr"} # a comment
    lb_kind DR

    protocol TCP
    real_server 172.16.0.${last} 80 {
        weight 3
        HTTP_GET {
            url {
                path "/a b"
                status_code 200
            }
            connect_timeout 3
        }
    }
    real_server 172.16.1.${last} 80 {
        TCP_CHECK {
        }
    }
}
`,
);
const GOLDEN = ["virtual-servers", "checks", "director", "nft-plane"].map((name) =>
  readFileSync(new URL(`config/${name}.conf`, import.meta.url), "utf8"),
);
const BASES = [
  `global_defs {\n  router_id one\n}\n${PLAIN.join("\n")}\nvrrp_script x {\n  script /bin/true\n}\n`,
  `${PLAIN[0]}${PLAIN[0]}${PLAIN[1]}`,
  ...GOLDEN.map((text) => `${text}\n${PLAIN.join("")}`),
];

/** Lines that an editor may put in, some of which change how the lines around them are read. */
const LINES = [
  "",
  "}",
  "{",
  "# a comment",
  "weight 7",
  "  weight 7",
  "nonsense",
  "virtual_server 192.0.2.90 80 {",
  "virtual_server 192.0.2.81 80",
  "  real_server 172.16.9.9 80 {",
  "global_defs {\n  smtp_alert_checker\n}",
  "global_defs {\n  data_plane nft\n}",
  "  lb_algo wlc",
  "global_defs {\n  checker_log_all_failures\n}",
  "global_defs {\n  checker_log_all_failures off\n}",
  "$X=1 \\",
  "weight $X",
  "@other weight 9",
  "include other.conf",
  '  path "/unfinished',
  "vrrp_instance V",
];

type Edit = { readonly at: number; readonly removes: number; readonly puts: readonly string[] };

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.nat(1000),
    removes: fc.nat(2),
    puts: fc.array(fc.constantFrom(...LINES), { maxLength: 2 }),
  }),
  { maxLength: 3 },
);

function edited(text: string, changes: readonly Edit[]): string {
  const lines = text.split("\n");
  for (const { at, removes, puts } of changes) lines.splice(at % (lines.length + 1), removes, ...puts);
  return lines.join("\n");
}

function diskOf(text: string): FileTree {
  const texts = new Map([
    [FILE, text],
    ["/etc/keepalived/other.conf", PLAIN[2] ?? ""],
  ]);
  return {
    list: () => undefined,
    exists: (path) => texts.has(path),
    read: (path) => ({ text: texts.get(path) ?? "" }),
  };
}

function load(text: string, known?: LoadedConfiguration["known"]): LoadedConfiguration {
  return loadConfiguration(FILE, {
    files: diskOf(text),
    facts: goldenFacts,
    seed: 1,
    configId: "one",
    acceptNotYet: true,
    known,
  });
}

test("what is known changes nothing of what a configuration means", () => {
  let used = 0;
  fc.assert(
    fc.property(fc.constantFrom(...BASES), edits, edits, (base, first, second) => {
      let { known } = load(base);
      for (const text of [edited(base, first), edited(edited(base, first), second), base]) {
        const quick = load(text, known);
        const whole = load(text);
        used += [...quick.tree.statements].filter((statement) => statement.known !== undefined).length;
        expect(quick.model).toEqual(whole.model);
        expect(quick.diagnostics).toEqual(whole.diagnostics);
        expect(quick.lines()).toEqual(whole.lines());
        known = quick.known;
      }
    }),
    { numRuns: 150 },
  );
  expect(used).toBeGreaterThan(150);
});

test.each([
  ["a definition in a block", `$W=3\n${PLAIN[0]?.replace("weight 3", "weight $W")}`, ["$W=3", "$W=4"]],
  ["a definition that goes on", `${PLAIN[0]}${PLAIN[1]}`, ["virtual_server", "$X=1 \\\nvirtual_server"]],
  ["a condition in a block", `${PLAIN[0]?.replace("    weight", "@one weight")}`, ["@one", "@two"]],
  ["a brace that is lost", `global_defs {\n}\n${PLAIN[0]}`, ["}", ""]],
] as const)("what is around it: %s", (_, base, [from, to]) => {
  const { known } = load(base);
  const text = base.replace(from, to);
  expect(load(text, known).model).toEqual(load(text).model);
  expect(load(text, known).diagnostics).toEqual(load(text).diagnostics);
});

test("a service that stays is the same value", () => {
  const [base = ""] = BASES;
  const before = load(base);
  const after = load(`# one line more\n${base.replace("weight 3", "weight 4")}`, before.known);
  const servers = (loaded: LoadedConfiguration) => loaded.model?.director.virtualServers ?? [];
  expect(servers(after)[0]).not.toEqual(servers(before)[0]);
  expect(servers(after)[1]).toBe(servers(before)[1]);
  expect(servers(after)).toHaveLength(3);
});
