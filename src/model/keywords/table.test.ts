import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { describeArguments } from "../values.ts";
import { KEYWORD_GRAMMAR } from "./grammar.ts";
import { findRow, KEYWORD_ROWS, rowsOf } from "./table.ts";

const LISTED = readFileSync(
  fileURLToPath(new URL("../../../test/golden/keywords.txt", import.meta.url)),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => line.split("\t"));

describe("keyword tables", () => {
  test("have a row for every keyword of keepalived", () => {
    const missing = LISTED.filter(([block, keyword]) => findRow(block ?? "", keyword ?? "") === undefined);
    expect(missing).toEqual([]);
    expect(LISTED).toHaveLength(654);
  });

  test("have nothing else but our own words and those of old versions", () => {
    const listed = new Set(LISTED.map((line) => line.join("\t")));
    const extra = KEYWORD_ROWS.filter((row) => !listed.has(`${row.block}\t${row.keyword}`));
    expect(extra.map((row) => `${row.block} ${row.keyword} (${row.since})`)).toEqual([
      "global_defs notify_timeout (buoy)",
      "global_defs vrrp_verify_takeover (buoy)",
      "global_defs vrrp_verify_neighbours (buoy)",
      "global_defs vrrp_verify_timeout (buoy)",
      "global_defs data_plane (buoy)",
      "vrrp_instance notify_timeout (buoy)",
      "vrrp_instance verify_takeover (buoy)",
      "vrrp_instance verify_neighbours (buoy)",
      "vrrp_instance verify_timeout (buoy)",
      "virtual_server check_jitter (buoy)",
      "virtual_server nat_mask (1.x)",
      "virtual_server.real_server check_jitter (buoy)",
      "virtual_server.real_server.HTTP_GET check_jitter (buoy)",
      "virtual_server.real_server.HTTP_GET grpc_health (buoy)",
      "virtual_server.real_server.SSL_GET check_jitter (buoy)",
      "virtual_server.real_server.SSL_GET grpc_health (buoy)",
      "virtual_server.real_server.SSL_GET verify_certificate (buoy)",
      "virtual_server.real_server.SSL_GET verify_name (buoy)",
      "virtual_server.real_server.TCP_CHECK check_jitter (buoy)",
      "virtual_server.real_server.SMTP_CHECK check_jitter (buoy)",
      "virtual_server.real_server.SMTP_CHECK.host check_jitter (buoy)",
      "virtual_server.real_server.DNS_CHECK check_jitter (buoy)",
      "virtual_server.real_server.UDP_CHECK check_jitter (buoy)",
      "virtual_server.real_server.PING_CHECK check_jitter (buoy)",
      "virtual_server.real_server.MISC_CHECK check_jitter (buoy)",
    ]);
  });

  test("have no keyword twice in a block", () => {
    const names = KEYWORD_ROWS.map((row) => `${row.block} ${row.keyword}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("name only blocks that have rows", () => {
    const named = KEYWORD_ROWS.flatMap((row) =>
      row.args.flatMap((arg) => (arg.kind === "block" ? [arg.block] : [])),
    );
    expect(named.filter((block) => rowsOf(block).length === 0)).toEqual([]);
  });

  test("explain every word", () => {
    expect(KEYWORD_ROWS.filter((row) => row.help.length < 5 || !row.help.endsWith("."))).toEqual([]);
  });

  test("state ranges that hold something", () => {
    const ranges = KEYWORD_ROWS.flatMap((row) =>
      row.args.flatMap((arg) => ("min" in arg ? [{ row: row.keyword, min: arg.min, max: arg.max }] : [])),
    );
    expect(ranges.filter(({ min, max }) => min >= max)).toEqual([]);
    expect(ranges.length).toBeGreaterThan(100);
  });
});

describe("the grammar made from them", () => {
  test("knows blocks by their path", () => {
    expect(KEYWORD_GRAMMAR.lookup([], "vrrp_instance")).toEqual({
      block: "required",
      style: "words",
      minWords: 1,
      maxWords: 1,
    });
    expect(KEYWORD_GRAMMAR.lookup(["vrrp_instance"], "virtual_ipaddress")?.block).toBe("values");
    expect(KEYWORD_GRAMMAR.lookup(["vrrp_instance", "authentication"], "auth_type")?.minWords).toBe(1);
    expect(KEYWORD_GRAMMAR.lookup(["virtual_server", "real_server", "HTTP_GET"], "url")?.block).toBe(
      "required",
    );
    expect(KEYWORD_GRAMMAR.lookup([], "priority")).toBeUndefined();
    expect(KEYWORD_GRAMMAR.lookup(["nowhere"], "priority")).toBeUndefined();
  });

  test("tells script-like words from others", () => {
    expect(KEYWORD_GRAMMAR.lookup(["vrrp_instance"], "notify_master")?.style).toBe("script");
    expect(KEYWORD_GRAMMAR.lookup(["vrrp_script"], "script")?.style).toBe("script");
    expect(KEYWORD_GRAMMAR.lookup(["vrrp_instance"], "interface")?.style).toBe("words");
  });

  test("leaves words missing that keepalived only complains about", () => {
    expect(KEYWORD_GRAMMAR.lookup(["global_defs"], "router_id")?.minWords).toBe(0);
    expect(KEYWORD_GRAMMAR.lookup(["vrrp_instance"], "priority")?.minWords).toBe(1);
    expect(KEYWORD_GRAMMAR.lookup(["global_defs"], "smtp_alert")).toMatchObject({ minWords: 0, maxWords: 1 });
  });

  test("finds the places of a keyword", () => {
    expect(KEYWORD_GRAMMAR.placesOf?.("auth_pass")).toEqual([["vrrp_instance", "authentication"]]);
    expect(KEYWORD_GRAMMAR.placesOf?.("virtual_server")).toEqual([[]]);
    expect(KEYWORD_GRAMMAR.placesOf?.("dev")).toEqual([]);
  });

  test("describes arguments", () => {
    const shown = (block: string, keyword: string) => describeArguments(findRow(block, keyword)?.args ?? []);
    expect(shown("vrrp_instance", "priority")).toBe("<1..255>");
    expect(shown("vrrp_instance", "notify")).toBe('"COMMAND" [USER [GROUP]]');
    expect(shown("global_defs", "smtp_server")).toBe("HOST [<1..65535>]");
  });
});
