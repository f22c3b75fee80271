/** A daemon alone with a VMAC: what others do to it, crashes, adoption, reloads, and a /proc/sys that may not be written. */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Host } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";
import { buoy, journalOf, murder, processOf } from "./daemon.ts";
import { ADDRESS, type Solo, soloConfig, withSolo } from "./solo.ts";

const VMAC = "vrrp.51";
const CONFIG = soloConfig("", "use_vmac");

interface Link {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address: string;
  readonly operstate: string;
}

function linkOf(host: Host, name: string): Link | undefined {
  const links = JSON.parse(host.run("ip", "-j", "link")) as readonly Link[];
  return links.find((link) => link.ifname === name);
}

function holds(host: Host): boolean {
  return linkOf(host, VMAC) !== undefined && host.holds(ADDRESS, VMAC);
}

async function untilMaster({ host, director }: Solo): Promise<void> {
  await waitFor("the VMAC to hold the address", () => holds(host), {
    within: 10_000,
    detail: () => director.output,
  });
}

function setting(host: Host, path: string): string {
  return host.run("cat", `/proc/sys/net/ipv4/conf/${path}`).trim();
}

const states = ({ director }: Solo): number => director.output.match(/Entering FAULT STATE/g)?.length ?? 0;

test("a VMAC that somebody deletes, and one whose base is made anew, come back by themselves", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    director.start(CONFIG);
    await untilMaster(solo);
    const first = linkOf(host, VMAC)?.ifindex;
    host.run("ip", "link", "del", VMAC);
    await waitFor("another VMAC", () => (linkOf(host, VMAC)?.ifindex ?? first) !== first, { within: 5_000 });
    await untilMaster(solo);
    expect(director.output).toMatch(/reason: interface vrrp\.51 went down/);
    expect(director.output).not.toContain("ENODEV");
    expect(states(solo)).toBe(1);

    host.run("ip", "link", "set", "eth0", "down");
    await waitFor("FAULT", () => states(solo) === 2, { within: 5_000, detail: () => director.output });
    expect(buoy(director, "why", "VI_1")).toMatch(/interface eth0 went down/);
    host.run("ip", "link", "set", "eth0", "up");
    await untilMaster(solo);

    host.run("ip", "link", "del", "eth0");
    await waitFor("FAULT", () => states(solo) === 3, { within: 5_000 });
    expect(linkOf(host, VMAC)).toBeUndefined();
    const { lan, port, namespace } = host;
    lan.switch("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    lan.switch("ip", "link", "set", port, "master", "br0", "up");
    host.run("ip", "link", "set", "eth0", "up");
    host.run("ip", "addr", "add", "10.9.0.1/24", "dev", "eth0");
    await untilMaster(solo);
    expect(setting(host, "eth0/arp_ignore")).toBe("1");
    await director.stop();
    expect(linkOf(host, VMAC)).toBeUndefined();
    expect(setting(host, "eth0/arp_ignore")).toBe("0");
  });
});

test("a vrrp process that dies keeps VMAC and mastership; what a whole daemon leaves is the next one's", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    director.start(
      soloConfig("", "use_vmac\n  promote_secondaries").replace("advert_int 0.1", "advert_int 1"),
    );
    await untilMaster(solo);
    const index = linkOf(host, VMAC)?.ifindex;
    const killed = murder(director, "vrrp");
    await waitFor("a new vrrp process", () => (processOf(director, "vrrp") ?? killed) !== killed, {
      within: 5_000,
    });
    await waitFor(
      "it to go on",
      () => buoy(director, "journal").includes("goes on where the last one ended"),
      {
        within: 5_000,
        detail: () => buoy(director, "journal"),
      },
    );
    expect(linkOf(host, VMAC)?.ifindex).toBe(index);
    expect(holds(host)).toBe(true);
    expect(states(solo)).toBe(0);

    // A supervisor that stands still starts nobody again.
    const others = (["vrrp", "steward"] as const).map((role) => processOf(director, role));
    director.signal("SIGSTOP");
    for (const pid of [...others, director.pid]) if (pid !== undefined) process.kill(pid, "SIGKILL");
    await waitFor("all of them to be gone", () => processOf(director, "vrrp") === undefined, {
      within: 5_000,
    });
    expect(holds(host)).toBe(true);
    expect(setting(host, "eth0/arp_ignore")).toBe("1");

    director.start(CONFIG);
    await waitFor("the leftover address to go", () => !host.holds(ADDRESS, VMAC), {
      within: 5_000,
      every: 5,
    });
    await untilMaster(solo);
    expect(linkOf(host, VMAC)?.ifindex).toBe(index);
    await director.stop();
    expect(linkOf(host, VMAC)).toBeUndefined();
    for (const name of ["arp_ignore", "arp_filter", "promote_secondaries"])
      expect(setting(host, `eth0/${name}`), name).toBe("0");
  });
});

test("a macvlan that is there already and suits is used, and stays", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    const mac = ["address", "00:00:5e:00:01:33"];
    host.run("ip", "link", "add", VMAC, "link", "eth0", ...mac, "type", "macvlan", "mode", "private");
    host.run("ip", "link", "set", VMAC, "up");
    const before = linkOf(host, VMAC);
    director.start(CONFIG);
    await untilMaster(solo);
    expect(linkOf(host, VMAC)?.ifindex).toBe(before?.ifindex);
    expect(setting(host, `${VMAC}/arp_ignore`)).toBe("1");
    await director.stop();
    expect(linkOf(host, VMAC)).toEqual(before);
    expect(setting(host, `${VMAC}/arp_ignore`)).toBe("0");
    expect(host.holds(ADDRESS, VMAC)).toBe(false);
  });
});

test("a reload makes the VMAC before its instance begins, removes it after, and writes nothing for an equal file", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    director.start(CONFIG);
    await untilMaster(solo);
    const file = host.path("buoy.conf");
    const requests = (): number =>
      (JSON.parse(buoy(director, "status", "--json")) as { kernelRequests: number }).kernelRequests;
    const before = requests();
    writeFileSync(file, `# the same\n${CONFIG}`);
    buoy(director, "reload");
    expect(requests()).toBe(before);

    writeFileSync(file, CONFIG.replace("use_vmac", "use_vmac name gate").replace("_id 51", "_id 52"));
    buoy(director, "reload");
    await waitFor(
      "the other VMAC to hold the address",
      () => linkOf(host, "gate") && host.holds(ADDRESS, "gate"),
      {
        within: 10_000,
        detail: () => director.output,
      },
    );
    expect(linkOf(host, "gate")?.address).toBe("00:00:5e:00:01:34");
    await waitFor("the old VMAC to go", () => linkOf(host, VMAC) === undefined, { within: 3_000 });
    // A removed instance reports FAULT, as keepalived's does; the new one must not.
    expect(states(solo)).toBe(1);
    await director.stop();
    expect(host.run("ip", "-br", "link")).not.toMatch(/gate|vrrp/);
  });
});

test("a /proc/sys that may not be written is told of, and what can be set otherwise is set", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    host.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1");
    director.start(CONFIG, {
      prefix: ["unshare", "-m", "sh", "-c", 'mount -o bind,ro /proc/sys /proc/sys && exec "$@"', "sh"],
    });
    await untilMaster(solo);
    expect(setting(host, `${VMAC}/arp_ignore`)).toBe("1");
    expect(setting(host, "eth0/arp_filter")).toBe("1");
    const told = JSON.stringify(journalOf(director).filter((entry) => entry.event.event.kind === "Degraded"));
    expect(told).toContain("setting net.ipv4.conf.all.rp_filter to 0: ");
    expect(told).toContain("may be dropped as martians");
    expect(told).toContain("disable_ipv6");
    expect(buoy(director, "status")).toContain("net.ipv4.conf.all.rp_filter");
    await director.stop();
    expect(setting(host, "eth0/arp_filter")).toBe("0");
  });
});
