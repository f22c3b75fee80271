import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as conntrack from "./conntrack-constants.ts";
import * as constants from "./constants.ts";
import * as generic from "./generic-constants.ts";
import * as ipvs from "./ipvs-constants.ts";
import * as nftables from "./nftables-constants.ts";

const HEADERS = [
  "sys/socket.h",
  "net/if.h",
  "linux/netlink.h",
  "linux/rtnetlink.h",
  "linux/if_addr.h",
  "linux/if_link.h",
  "linux/fib_rules.h",
  "linux/lwtunnel.h",
  "linux/ila.h",
  "linux/ip.h",
  "linux/netfilter/nfnetlink.h",
  "linux/netfilter/nf_tables.h",
  "linux/netfilter.h",
  "linux/netfilter/nf_conntrack_common.h",
  "linux/netfilter/nf_conntrack_tcp.h",
  "linux/netfilter/nfnetlink_conntrack.h",
  "linux/genetlink.h",
  "linux/ip_vs.h",
];
/** Where ours is not named as the kernel's, the kernel's expression. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  LIFETIME_FOREVER: "0xFFFFFFFFu",
  RTMGRP_IPV6_RULE: "1 << (RTNLGRP_IPV6_RULE - 1)",
  NFT_GOTO: "(unsigned int)NFT_GOTO",
  NFT_JUMP: "(unsigned int)NFT_JUMP",
};
/** Newer than the headers of some distributions that are still in use. */
const MAY_BE_MISSING: readonly string[] = ["IFA_PROTO", "RTPROT_KEEPALIVED"];

/** Values the C compiler gives, or undefined where there is none. A constant that its headers lack is left out. */
function fromHeaders(names: readonly string[]): Record<string, number> | undefined {
  const directory = mkdtempSync(join(tmpdir(), "buoy-constants-"));
  try {
    const lines = names.map((name) => {
      const print = `printf("\\"${name}\\": %llu,\\n", (unsigned long long)(${EXPRESSIONS[name] ?? name}));`;
      return MAY_BE_MISSING.includes(name) ? `${guard(name)}\n${print}\n#endif` : print;
    });
    const source = join(directory, "constants.c");
    const program = join(directory, "constants");
    const includes = HEADERS.map((header) => `#include <${header}>`).join("\n");
    writeFileSync(
      source,
      `#include <stdio.h>\n${includes}\nint main(void) {\nputs("{");\n${lines.join("\n")}\nputs("\\"end\\": 0}");\n}\n`,
    );
    const compiled = spawnSync(process.env.CC ?? "cc", ["-o", program, source], { encoding: "utf8" });
    if (compiled.error !== undefined) return undefined;
    expect(compiled.stderr).toBe("");
    return JSON.parse(spawnSync(program, { encoding: "utf8" }).stdout) as Record<string, number>;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Enumerators cannot be asked for by the preprocessor: a macro of the same header version is. */
function guard(name: string): string {
  return name === "IFA_PROTO" ? "#ifdef IFAPROT_KERNEL_LO" : `#ifdef ${name}`;
}

describe("constants of netlink", () => {
  it("are those of the system's headers", () => {
    const ours: Readonly<Record<string, number>> = {
      ...constants,
      ...nftables,
      ...conntrack,
      ...generic,
      ...ipvs,
    };
    const theirs = fromHeaders(Object.keys(ours));
    if (theirs === undefined) {
      process.stdout.write("no C compiler: the constants are not compared with the headers\n");
      return;
    }
    const compared = Object.keys(ours).filter((name) => name in theirs);
    expect(
      Object.keys(ours).filter((name) => !compared.includes(name) && !MAY_BE_MISSING.includes(name)),
    ).toEqual([]);
    expect(Object.fromEntries(compared.map((name) => [name, theirs[name]]))).toEqual(
      Object.fromEntries(compared.map((name) => [name, ours[name]])),
    );
  });
});
