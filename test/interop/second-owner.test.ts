/**
 * The switch splits for 3 s and both routers are master. When it is whole again the lower one yields; from its last word on
 * every host, deaf to announcements or not, and on whichever side it was, reaches the right one within 200 ms. And owners that
 * are none: real servers of direct routing.
 */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { PingLog } from "../support/ping-log.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import { WireLog } from "../support/wire-log.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
const VIP = "10.9.0.100";
/** Seconds, less what the machine withheld. */
const LIMIT = 0.2;
const DEAF = `table arp deaf {
  chain in {
    type filter hook input priority 0;
    arp operation request arp saddr ip ${VIP} arp daddr ip ${VIP} drop
  }
}`;

const stalls = watchStalls();

test.concurrent("after a second owner has gone, every host reaches the right one within 200 ms", async () => {
  const lan = new Lan();
  let wire: WireLog | undefined;
  try {
    const one = new Director("buoy", lan.addHost("one", { ipv4: "10.9.0.1/24" }));
    const two = new Director("buoy", lan.addHost("two", { ipv4: "10.9.0.2/24" }));
    const near = lan.addHost("near", { ipv4: "10.9.0.11/24" });
    const far = lan.addHost("far", { ipv4: "10.9.0.12/24" });
    const farDeaf = lan.addHost("fardeaf", { ipv4: "10.9.0.13/24" });
    const hosts = [near, far, farDeaf];
    farDeaf.run("nft", "-f", farDeaf.writeFile("deaf.nft", DEAF));
    for (const host of hosts) host.run("sysctl", "-qw", "net.ipv4.neigh.eth0.base_reachable_time_ms=1200000");
    wire = await WireLog.start(lan.addHost("witness", { ipv4: "10.9.0.3/24" }));
    const seen = wire;
    one.start(config(200));
    await waitFor("one to be master", () => one.host.holds(VIP), { within: 8_000, detail: () => one.output });
    two.start(config(100));
    const pings = hosts.map((host) => PingLog.start(host, VIP));
    await waitFor("all hosts to reach it", () => pings.every((log) => log.answers.length > 10), {
      within: 5_000,
    });
    await pause(1_500);
    const move = (bridge: string): void => {
      for (const { port } of [two.host, far, farDeaf])
        lan.switch("ip", "link", "set", port, "master", bridge);
    };
    lan.switch("ip", "link", "add", "br1", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0");
    lan.switch("ip", "link", "set", "br1", "up");
    move("br1");
    await waitFor("two masters", () => two.host.holds(VIP), { within: 5_000, detail: () => two.output });
    await waitFor(
      "the far side to believe the second owner",
      () => maps(far, two.host) && maps(farDeaf, two.host),
      {
        within: 2_000,
        detail: () => farDeaf.run("ip", "neigh", "show"),
      },
    );
    await pause(3_000);
    expect(one.host.holds(VIP), "the first owner goes on").toBe(true);
    move("br0");
    try {
      const lastWord = await waitFor(
        "the second owner's last word",
        () => seen.advertisementsFrom("10.9.0.2").at(0),
        {
          within: 5_000,
        },
      );
      for (const [index, log] of pings.entries()) {
        const back = await waitFor(
          `${hosts[index]?.name} to be back`,
          () => log.firstAfter(lastWord.at + 0.002),
          {
            within: 3_000,
          },
        );
        const took = back - lastWord.at - (await stalls.lost(lastWord.at, back));
        expect(took, hosts[index]?.name).toBeLessThan(LIMIT);
      }
      expect(two.host.holds(VIP)).toBe(false);
      for (const host of hosts) expect(maps(host, one.host), host.run("ip", "neigh", "show")).toBe(true);
      await pause(1_000);
      for (const log of pings) {
        const later = log.answers.filter((at) => at > lastWord.at + LIMIT);
        expect(longestGap(later), "nobody is cut off again").toBeLessThan(0.5);
      }
    } catch (error) {
      const story = [one.output.slice(-3000), two.output.slice(-3000), ...seen.packets.slice(-40)];
      throw new Error(`${(error as Error).message}\n${story.join("\n")}`, { cause: error });
    }
    await Promise.all([one.stop(), two.stop()]);
  } finally {
    await wire?.stop();
    lan.destroy();
  }
});

test.concurrent("a real server that answers for the address is named, with what it lacks", async () => {
  const lan = new Lan();
  try {
    const director = new Director("buoy", lan.addHost("one", { ipv4: "10.9.0.1/24" }));
    const server = lan.addHost("server", { ipv4: "10.9.0.21/24" });
    server.run("ip", "addr", "add", `${VIP}/32`, "dev", "lo");
    server.spawn([process.execPath, "-e", 'require("net").createServer().listen(80, "10.9.0.21")']);
    director.start(`${config(200).replace("advert_int 0.1", "advert_int 1")}\n${POOL}`);
    const why = (): string =>
      director.host.run(process.execPath, BUOY, "why", "--runtime-dir", director.runtimeDir);
    await waitFor("the first owner", () => director.host.holds(VIP), { within: 8_000 });
    const told = await waitFor("the conflict", () => why().includes("claims it too") && why(), {
      within: 5_000,
      every: 200,
      detail: () => director.output,
    });
    expect(told).toContain(`VI_1 holds ${VIP}, but 10.9.0.21 (${server.mac()}) on eth0 claims it too`);
    expect(told).toContain("it only answers for the address");
    expect(told).toContain("net.ipv4.conf.all.arp_ignore=1");
    await director.stop();
  } finally {
    lan.destroy();
  }
});

function maps(host: Host, owner: Host): boolean {
  return host.run("ip", "neigh", "show", VIP).includes(owner.mac());
}

function longestGap(moments: readonly number[]): number {
  return Math.max(0, ...moments.slice(1).map((at, index) => at - (moments[index] ?? at)));
}

/** The director's checks have met the server long before the address comes here. */
const POOL = `
virtual_server ${VIP} 80 {
  delay_loop 0.2
  lb_algo rr
  lb_kind DR
  protocol TCP
  real_server 10.9.0.21 80 {
    TCP_CHECK {
      connect_timeout 1
    }
  }
}
`;

function config(priority: number): string {
  return `
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  version 3
  virtual_ipaddress {
    ${VIP}/24
  }
}
`;
}
