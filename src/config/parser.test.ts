// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes its references so
import { describe, expect, test } from "vitest";
import { keepalivedTestStatus } from "./diagnostic.ts";
import { textAt } from "./source.ts";
import { outline, parseText } from "./test-support.ts";

const tree = (text: string): string[] => outline(parseText(text).statements);
const codes = (text: string): string[] =>
  parseText(text).diagnostics.map((one) => `${one.severity} ${one.code}`);
const status = (text: string): number => keepalivedTestStatus(parseText(text).diagnostics);

const INSTANCE = ["vrrp_instance A", "  interface eth0", "  virtual_ipaddress", "    - 10.0.0.1/24 dev eth1"];

describe("shapes of a block", () => {
  test.each([
    ["vrrp_instance A {\n interface eth0\n virtual_ipaddress {\n 10.0.0.1/24 dev eth1\n }\n}\n"],
    ["vrrp_instance A\n{\ninterface eth0\nvirtual_ipaddress\n{\n10.0.0.1/24 dev eth1\n}\n}"],
    ["vrrp_instance A { interface eth0\nvirtual_ipaddress { 10.0.0.1/24 dev eth1 } }"],
    ["vrrp_instance A{interface eth0\nvirtual_ipaddress{10.0.0.1/24 dev eth1}}"],
    ['"vrrp_instance" "A" { interface "eth0"\n virtual_ipaddress {10.0.0.1/24 "dev" eth1}}'],
  ])("%j", (text) => {
    expect(tree(text)).toEqual(INSTANCE);
    expect(codes(text)).toEqual([]);
  });

  test("an optional block may be left out, an empty one is there", () => {
    expect(codes("vrrp_instance A {\nuse_vmac\n}\nvrrp_instance B {\nuse_vmac v { colour red }\n}")).toEqual(
      [],
    );
    const [, b] = parseText("vrrp_instance A { use_vmac\n}\nvrrp_instance B { use_vmac {} }").statements;
    expect(b?.block?.[0]?.block).toEqual([]);
    expect(b?.closeSpan).toBeDefined();
  });

  test("statements repeat in order", () => {
    expect(tree("vrrp_instance A {\npriority 1\npriority 2\n}")).toEqual([
      "vrrp_instance A",
      "  priority 1",
      "  priority 2",
    ]);
  });
});

describe("spans", () => {
  test("of keyword, words, statement and raw rest point at what is written", () => {
    const { statements, sources } = parseText('vrrp_instance A {\n  notify_master "/x y" root  # why\n}');
    const notify = statements[0]?.block?.[0];
    expect(notify && textAt(notify.keywordSpan, sources)).toBe("notify_master");
    expect(notify && textAt(notify.span, sources)).toBe('notify_master "/x y" root');
    expect(notify?.rawRest.text).toBe('"/x y" root');
    expect(notify?.words.map((word) => textAt(word.span, sources))).toEqual(['"/x y"', "root"]);
  });
});

describe("unknown keywords", () => {
  const around = (inner: string): string => `vrrp_instance A {\ninterface eth0\n${inner}\npriority 7\n}`;
  const expected = ["vrrp_instance A", "  interface eth0", "  priority 7"];

  test.each([
    ["bogus 1 2"],
    ["bogus { priority 5 }"],
    ["bogus x\n{\npriority 5\ninner { deep { } }\n}"],
    ["// { priority 5 }"],
    ["{ priority 5 }"],
    ["nonsense}{"],
  ])("%j changes nothing around it", (inner) => {
    if (inner !== "nonsense}{") expect(tree(around(inner))).toEqual(expected);
    expect(codes(around(inner)).length).toBeGreaterThan(0);
  });

  test("get the nearest name, or the block they belong in", () => {
    const hint = (text: string): string | undefined => parseText(text).diagnostics[0]?.hint;
    expect(hint("vrrp_instance A {\n priorty 3\n}")).toBe("did you mean 'priority'?");
    expect(hint("vrrp_instance A {\n connect_timeout 3\n}")).toBe(
      "it belongs in 'virtual_server / real_server / TCP_CHECK'",
    );
    expect(hint("global_defs {\n vrrp_instance B {\n}\n}")).toBe("it stands outside of all blocks");
    expect(hint("frobnicate")).toBeUndefined();
  });

  test("cost one diagnostic, and keepalived's status for an error", () => {
    expect(codes("bogus {\na 1\nb 2\n}")).toEqual(["repair unknown-keyword"]);
    expect(status("bogus 1")).toBe(5);
  });
});

describe("missing words", () => {
  test("a keyword without its value is refused, with keepalived's status 2", () => {
    const text = "vrrp_instance A {\npriority\n}";
    expect(codes(text)).toEqual(["refusal missing-parameter"]);
    expect(status(text)).toBe(2);
    expect(tree(text)).toEqual(["vrrp_instance A"]);
    expect(status("vrrp_instance A {\nnotify_master\n}")).toBe(2);
    expect(status('vrrp_instance A {\ninterface "eth0\n}')).toBe(2);
  });

  test("a block without its name is left out", () => {
    const text = "vrrp_instance {\npriority 3\n}\nglobal_defs {\nrouter_id x\n}";
    expect(codes(text)).toEqual(["repair missing-name"]);
    expect(status(text)).toBe(5);
    expect(tree(text)).toEqual(["global_defs", "  router_id x"]);
  });
});

describe("too many words", () => {
  test("two statements on a line: the second is ignored, and pointed at", () => {
    const text = "vrrp_instance A {\ninterface eth0 virtual_router_id 51\nnopreempt priority 3\n}";
    expect(tree(text)).toEqual(["vrrp_instance A", "  interface eth0", "  nopreempt"]);
    expect(codes(text)).toEqual(["repair two-statements", "repair two-statements"]);
    expect(parseText(text).diagnostics[0]).toMatchObject({
      hint: "put 'virtual_router_id 51' on a line of its own",
      span: { line: 2, column: 16, endColumn: 36 },
    });
    expect(status(text)).toBe(0);
  });

  test("other words are ignored as keepalived does", () => {
    const text = 'vrrp_instance A {\npriority 1 2 "priority"\n}';
    expect(tree(text)).toEqual(["vrrp_instance A", "  priority 1"]);
    expect(codes(text)).toEqual(["repair surplus-words"]);
    expect(status(text)).toBe(0);
  });

  test("prose after a block's name", () => {
    const text = "virtual_server 10.0.0.1 80   the web service {\nprotocol TCP\n}";
    expect(tree(text)).toEqual(["virtual_server 10.0.0.1 80", "  protocol TCP"]);
    expect(codes(text)).toEqual(["repair words-after-name"]);
  });
});

describe("somebody's comment", () => {
  test("after a value is passed over with a note", () => {
    const text = "vrrp_instance A {\ninterface eth0 // priority 3\nnopreempt //no\n}";
    expect(tree(text)).toEqual(["vrrp_instance A", "  interface eth0", "  nopreempt"]);
    expect(codes(text)).toEqual(["note foreign-comment", "note foreign-comment"]);
    expect(status(text)).toBe(0);
  });

  test("in a list, a script line or alone is a repair", () => {
    const text =
      "// x\nvrrp_instance A {\nvirtual_ipaddress {\n10.0.0.1 // a\n// b\n}\nnotify_master /x // y z\n}";
    expect(tree(text)).toEqual([
      "vrrp_instance A",
      "  virtual_ipaddress",
      "    - 10.0.0.1",
      "  notify_master /x",
    ]);
    expect(codes(text)).toEqual(Array.from({ length: 4 }, () => "repair foreign-comment"));
    expect(status(text)).toBe(5);
  });

  test("is none inside quotes, inside a word, or as a path", () => {
    const text =
      'vrrp_instance A {\ninterface a//b\nnotify_master "/x // y"\nnotify_master //x\n}\nglobal_defs {\nrouter_id //r\n}';
    expect(codes(text)).toEqual([]);
  });
});

describe("quotes", () => {
  test("one that is not closed ends the words", () => {
    const text = 'vrrp_instance A {\nvirtual_ipaddress {\n10.0.0.1 "dev\n"x\n}\n}';
    expect(tree(text)).toEqual(["vrrp_instance A", "  virtual_ipaddress", "    - 10.0.0.1"]);
    expect(codes(text)).toEqual(["repair unterminated-quote", "repair unterminated-quote"]);
  });

  test("one that is not closed leaves a script line out", () => {
    const text = 'vrrp_instance A {\nnotify_master "/x\npriority 3\n}';
    expect(tree(text)).toEqual(["vrrp_instance A", "  priority 3"]);
    expect(codes(text)).toEqual(["repair unterminated-quote"]);
    expect(status(text)).toBe(5);
  });

  test("one that touches its keyword is read as meant", () => {
    const text = 'vrrp_instance A {\nnotify_master"/x.sh master" root\n}';
    expect(parseText(text).statements[0]?.block?.[0]?.rawRest.text).toBe('"/x.sh master" root');
    expect(codes(text)).toEqual(["note quote-touches-keyword"]);
  });
});

describe("lost braces", () => {
  test("an opening one is told, and the block read as meant", () => {
    const text =
      "vrrp_instance A\n  interface eth0\n  virtual_ipaddress {\n    10.0.0.1/24 dev eth1\n  }\n}\nglobal_defs {\n}";
    expect(tree(text)).toEqual([...INSTANCE, "global_defs"]);
    expect(codes(text)).toEqual(["refusal missing-open"]);
    expect(status(text)).toBe(5);
  });

  test("an opening one with prose in its place", () => {
    const text = "virtual_server 10.0.0.1 80   the web service\n  protocol TCP\n}\nglobal_defs {\n}";
    expect(tree(text)).toEqual(["virtual_server 10.0.0.1 80", "  protocol TCP", "global_defs"]);
    expect(parseText(text).diagnostics).toMatchObject([
      {
        code: "missing-open",
        message:
          "'virtual_server' begins a block, but its '{' is missing, and 'the web service' is no part of it",
        hint: "write 'virtual_server 10.0.0.1 80 {', and 'the web service' as a comment after it: '# the web service'",
      },
    ]);
  });

  test("an opening one of a list", () => {
    const text = "vrrp_instance A {\n interface eth0\n virtual_ipaddress\n  10.0.0.1/24 dev eth1\n }\n}";
    expect(tree(text)).toEqual(INSTANCE);
    expect(codes(text)).toEqual(["refusal missing-open"]);
  });

  test("a block keyword with nothing that looks like its block", () => {
    const text = "vrrp_instance A\nvrrp_instance B {\n}";
    expect(tree(text)).toEqual(["vrrp_instance A", "vrrp_instance B"]);
    expect(codes(text)).toEqual(["refusal missing-open"]);
  });

  test("a closing one at the end of the file: the block is used", () => {
    const text = "vrrp_instance A {\n interface eth0\n virtual_ipaddress {\n 10.0.0.1/24 dev eth1\n }\n";
    expect(tree(text)).toEqual(INSTANCE);
    expect(codes(text)).toEqual(["repair missing-close"]);
  });

  test("a closing one before the next block", () => {
    const text =
      "vrrp_instance A {\n priority 1\nvrrp_instance B {\n authentication {\n auth_type PASS\n priority 2\n}\n";
    expect(tree(text)).toEqual([
      "vrrp_instance A",
      "  priority 1",
      "vrrp_instance B",
      "  authentication",
      "    auth_type PASS",
      "  priority 2",
    ]);
    expect(parseText(text).diagnostics).toMatchObject([
      { code: "missing-close", severity: "refusal", span: { line: 3 } },
      { code: "missing-close", severity: "refusal", span: { line: 6 } },
    ]);
  });

  test("a closing one of a list", () => {
    const text = "vrrp_instance A {\nvirtual_ipaddress {\n10.0.0.1\ntrack_script {\nx\n}\npriority 2\n}";
    expect(tree(text)).toEqual([
      "vrrp_instance A",
      "  virtual_ipaddress",
      "    - 10.0.0.1",
      "  track_script",
      "    - x",
      "  priority 2",
    ]);
  });

  test("a block in the wrong place is not taken for one", () => {
    const text = "vrrp_instance A {\nvrrp_instance B {\npriority 3\n}\npriority 1\n}";
    expect(tree(text)).toEqual(["vrrp_instance A", "  priority 1"]);
    expect(codes(text)).toEqual(["repair unknown-keyword"]);
  });

  test("one inside an ignored block does not swallow what follows", () => {
    const text = "bogus {\n a {\n}\nglobal_defs {\nrouter_id x\n}";
    expect(tree(text)).toEqual(["global_defs", "  router_id x"]);
  });

  test("one too many is ignored", () => {
    expect(tree("}\nglobal_defs {\n}\n}")).toEqual(["global_defs"]);
    expect(codes("}\nglobal_defs {\n}\n}")).toEqual(["repair extra-close", "repair extra-close"]);
  });

  test("an undefined reference is no brace", () => {
    const text = "vrrp_instance A {\npriority ${X}\ninterface eth0\n}";
    expect(tree(text)).toEqual(["vrrp_instance A", "  priority ${X}", "  interface eth0"]);
    expect(codes(text)).toEqual(["refusal undefined-name"]);
  });
});

test("a keyword that has no block keeps its words", () => {
  const text = "vrrp_instance A {\npriority 3 { x }\n}";
  expect(tree(text)).toEqual(["vrrp_instance A", "  priority 3"]);
  expect(codes(text)).toEqual(["repair unexpected-block"]);
});
