/** `buoy realserver` in a host of a LAN: neighbours do not hear of the VIP, and `down` leaves nothing behind. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Host, Lan } from "../support/lan.ts";

const BUOY = new URL("../../bin/buoy", import.meta.url).pathname;
const VIP = "10.9.0.100";
const SETTINGS = ["arp_ignore", "arp_announce"] as const;

function realserver(host: Host, ...words: readonly string[]): string {
  return host.run(process.execPath, BUOY, "realserver", ...words);
}

function settings(host: Host): readonly string[] {
  return SETTINGS.map((name) => host.run("cat", `/proc/sys/net/ipv4/conf/all/${name}`).trim());
}

/** Whether somebody on the LAN answers for the VIP. */
function isHeard(client: Host): boolean {
  client.run("ip", "neigh", "flush", "all");
  try {
    client.run("ping", "-c", "1", "-W", "1", VIP);
    return true;
  } catch {
    return false;
  }
}

test("a VIP comes, is not heard of, and goes without a trace", () => {
  const lan = new Lan();
  try {
    const client = lan.addHost("client", { ipv4: "10.9.0.50/24" });
    const web = lan.addHost("web", { ipv4: "10.9.0.11/24" });
    // Without the settings it would be heard: that is what they are for.
    web.ip(`addr add ${VIP}/32 dev lo`);
    expect(isHeard(client)).toBe(true);
    expect(() => realserver(web, "show", VIP)).toThrow(/not ready/);
    web.ip(`addr del ${VIP}/32 dev lo`);

    expect(settings(web)).toEqual(["0", "0"]);
    const etc = web.path("etc");
    realserver(web, "up", VIP, "2001:db8::100", "--persist", "interfaces", "--etc", etc);
    expect(web.addresses("lo")).toEqual(expect.arrayContaining([`${VIP}/32`, "2001:db8::100/128"]));
    expect(settings(web)).toEqual(["1", "2"]);
    expect(isHeard(client)).toBe(false);
    expect(realserver(web, "show")).toContain(`${VIP}/32 is on lo\n`);
    // Twice is as good as once.
    realserver(web, "up", VIP);
    const files = ["network/interfaces.d/buoy-realserver", "sysctl.d/90-buoy-realserver.conf"].map(
      (path) => `${etc}/${path}`,
    );
    expect(files.map((path) => readFileSync(path, "utf8")).join("")).toMatch(
      /iface lo:buoy0 inet static\n {4}address 10\.9\.0\.100\/32\n[\s\S]*iface lo inet6 static\n[\s\S]*net\.ipv4\.conf\.all\.arp_ignore = 1\n/u,
    );

    realserver(web, "down", "2001:db8::100", "--etc", etc);
    expect(settings(web)).toEqual(["1", "2"]);
    expect(() => realserver(web, "down", "10.9.0.11", "--etc", etc)).toThrow(/left alone/);
    realserver(web, "down", "--etc", etc);
    expect(web.addresses("lo")).not.toContain(`${VIP}/32`);
    expect(settings(web)).toEqual(["0", "0"]);
    expect(files.map((path) => existsSync(path))).toEqual([false, false]);
    expect(realserver(web, "down")).toContain("no VIP was put on lo");
  } finally {
    lan.destroy();
  }
});
