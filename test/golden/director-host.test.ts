/** What is said of a director's host: whether it has IPVS, and whether it forwards. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { HostFacts } from "../../src/model/model.ts";
import { loadConfiguration } from "../../src/processes/load-configuration.ts";
import { goldenFacts } from "./host.ts";

const directory = mkdtempSync(join(tmpdir(), "buoy-host-"));
afterAll(() => rmSync(directory, { recursive: true }));

function service(method: string, server: string): string {
  return `virtual_server ${server.includes(":") ? "2001:db8::10" : "192.0.2.10"} 80 {
    lb_algo rr
    lb_kind ${method}
    protocol TCP
    real_server ${server} 80 {
    }
}
`;
}

function notes(text: string, facts: Partial<HostFacts>): readonly string[] {
  const file = join(directory, "buoy.conf");
  writeFileSync(file, text);
  const { diagnostics } = loadConfiguration(file, {
    facts: (wanted) => ({ ...goldenFacts(wanted), ...facts }),
    seed: 1,
    configId: "director1",
    acceptNotYet: false,
  });
  return diagnostics.map(({ message }) => message);
}

it("says that nftables is used where there is no IPVS, and nothing where there is", () => {
  const text = service("NAT", "10.8.0.1");
  expect(notes(text, { ipvs: false })).toEqual(["this host has no IPVS for buoy: nftables is used"]);
  expect(notes(text, { ipvs: true })).toEqual([]);
  expect(notes(`global_defs {\n data_plane ipvs\n}\n${text}`, { ipvs: false })).toEqual([]);
});

it("says that servers with NAT are not reached through a host that does not forward", () => {
  const closed = { ipvs: true, forwarding: { ipv4: false, ipv6: false } };
  const begin = "servers with NAT are reached through this host, which does not forward:";
  expect(notes(service("NAT", "10.8.0.1"), closed)).toEqual([`${begin} net.ipv4.ip_forward is 0`]);
  expect(notes(service("NAT", "2001:db8::1"), closed)).toEqual([
    `${begin} net.ipv6.conf.all.forwarding is 0`,
  ]);
  expect(notes(service("DR", "10.8.0.1"), closed)).toEqual([]);
  expect(notes(service("NAT", "127.0.0.1"), closed)).toEqual([]);
  expect(notes(`net_namespace_ipvs other\n${service("NAT", "10.8.0.1")}`, closed)).toEqual([]);
  const open = { ipvs: true, forwarding: { ipv4: true, ipv6: undefined } };
  expect(notes(service("NAT", "10.8.0.1"), open)).toEqual([]);
});
