// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test writes its references so
import { expect, test } from "vitest";
import { formatConfiguration } from "./format.ts";

test("indents by depth and leaves comments and words alone", () => {
  const text =
    "\n\n! head\nvrrp_instance A   {\r\ninterface eth0   # why {\n\n\n  virtual_ipaddress\n{\n10.0.0.1\n} }\n\n";
  expect(formatConfiguration(text)).toBe(
    [
      "! head",
      "vrrp_instance A   {",
      "    interface eth0   # why {",
      "",
      "    virtual_ipaddress",
      "    {",
      "        10.0.0.1",
      "} }",
      "",
    ].join("\n"),
  );
});

test("takes another indentation", () => {
  expect(formatConfiguration("a {\nb\n}", { indent: "\t" })).toBe("a {\n\tb\n}\n");
});

test("keeps the lines of a definition as they are", () => {
  const text = "a {\n  $M=x { \\\n     y \\\n     # z\n   }\nb\n}\n";
  expect(formatConfiguration(text)).toBe("a {\n    $M=x { \\\n     y \\\n     # z\n   }\n    b\n}\n");
});

test("braces of references, sequences, includes, quotes and comments are none", () => {
  const text = '${X}\n~LST({a,b},{1,2}) x\ninclude {a,b}.conf\n"{"\n\\# {\n}\n# {\nend\n';
  expect(formatConfiguration(text)).toBe(
    '${X}\n~LST({a,b},{1,2}) x\ninclude {a,b}.conf\n"{"\n\\# {\n}\n# {\nend\n',
  );
});

test("leaves alone what would become readable or unreadable by it", () => {
  const long = `${" ".repeat(1000)}${"x".repeat(30)}`;
  const brim = `  ${"y".repeat(1020)}`;
  expect(formatConfiguration(`${long}\na {\nb {\n${brim}\n}\n}\n`)).toBe(
    `${long}\na {\n    b {\n${brim}\n    }\n}\n`,
  );
});

test("an empty file stays empty", () => {
  expect(formatConfiguration("")).toBe("");
  expect(formatConfiguration(" \n\n")).toBe("");
});
