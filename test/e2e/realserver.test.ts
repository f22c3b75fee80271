/** `buoy realserver` in a host of a LAN: neighbours do not hear of the VIP, and `down` leaves nothing behind. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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

describe("what `up` began `down` ends", () => {
  let lan: Lan;
  let web: Host;
  let etc: string;
  beforeEach(() => {
    lan = new Lan();
    web = lan.addHost("web", { ipv4: "10.9.0.11/24" });
    etc = web.path("etc");
  });
  afterEach(() => lan.destroy());

  /** What there is of it: on lo, in the kernel's settings, on disk. */
  function traces(): readonly string[] {
    const files = existsSync(etc) ? readdirSync(etc, { recursive: true, withFileTypes: true }) : [];
    const names = files.filter((file) => file.isFile()).map(({ name }) => name);
    return [
      ...web.addresses("lo").filter((address) => /^(10|2001)/.test(address)),
      ...settings(web),
      ...names,
    ];
  }
  const CLEAN = ["0", "0"];

  test("where it failed half way", () => {
    web.run("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=1");
    expect(() => realserver(web, "up", VIP, "2001:db8::100")).toThrow(/2001:db8::100 on lo/);
    expect(traces()).toEqual([`${VIP}/32`, "1", "2"]);
    realserver(web, "down");
    expect(traces()).toEqual(CLEAN);
  });

  test("where it was to come back in one way, and then in another", () => {
    realserver(web, "up", VIP, "--persist", "interfaces", "--etc", etc);
    realserver(web, "up", VIP, "--persist", "networkd", "--etc", etc);
    expect(traces()).toEqual([
      `${VIP}/32`,
      "1",
      "2",
      expect.stringMatching(/sysctl|conf$|network$/),
      expect.anything(),
    ]);
    realserver(web, "down", "--etc", etc);
    expect(traces()).toEqual(CLEAN);
  });

  test("after a boot", () => {
    realserver(web, "up", VIP, "--persist", "interfaces", "--etc", etc);
    forget(web);
    realserver(web, "up", "10.9.0.101", "--etc", etc);
    expect(readFileSync(`${etc}/network/interfaces.d/buoy-realserver`, "utf8")).toContain(
      `address ${VIP}/32`,
    );
    forget(web);
    realserver(web, "down", "--etc", etc);
    expect(traces()).toEqual(CLEAN);
  });

  test("where somebody else took the VIP off", () => {
    realserver(web, "up", VIP);
    web.ip(`addr del ${VIP}/32 dev lo`);
    realserver(web, "down");
    expect(traces()).toEqual(CLEAN);
  });
});

/** As a boot does, after which the files of --persist have brought everything back. */
function forget(host: Host): void {
  host.run("sh", "-c", "rm /run/buoy-realserver-$(readlink /proc/self/ns/net | tr -dc 0-9).json");
}
