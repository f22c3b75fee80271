/**
 * A gateway that ignores gratuitous ARP (unsolicited neighbour advertisements) and would keep the old station of the virtual
 * address for 20 minutes, a client behind it, a keepalived that is master and loses its cable, and the buoy that takes over.
 */
import { fileURLToPath } from "node:url";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { PingLog } from "../support/ping-log.ts";
import { pause, waitFor } from "../support/wait.ts";
import { WireLog } from "../support/wire-log.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));

export interface Family {
  readonly name: "IPv4" | "IPv6";
  readonly address: string;
  readonly gateway: string;
  readonly client: string;
  /** What sits on the instance, the virtual address among it. */
  readonly virtual: string;
  /** Keeps announcements away from the gateway. */
  readonly rules: string;
}

export const FAMILIES: readonly Family[] = [
  {
    name: "IPv4",
    address: "10.9.0.100",
    gateway: "10.9.0.254",
    client: "10.8.0.2",
    virtual: "10.9.0.100/24",
    rules: `table arp deaf {
  chain in {
    type filter hook input priority 0;
    arp operation request arp saddr ip 10.9.0.100 arp daddr ip 10.9.0.100 drop
  }
}`,
  },
  {
    name: "IPv6",
    address: "2001:db8::100",
    gateway: "2001:db8::254",
    client: "2001:db8:8::2",
    virtual: "fe80::5:1/64\n    2001:db8::100/64",
    rules: `table ip6 deaf {
  chain in {
    type filter hook input priority 0;
    icmpv6 type nd-neighbor-advert ip6 daddr ff02::1 drop
  }
}`,
  },
];

export interface Site {
  readonly two: Director;
  readonly pings: PingLog;
  readonly gatewayMac: string;
  /** Pulls the master's cable; the moment of the backup's first advertisement. */
  takeOver(): Promise<number>;
  /** Plugs it in again, waits until keepalived is master, and lets the gateway know it. */
  giveBack(): Promise<void>;
  neighbourEntry(): string;
  ask(...words: readonly string[]): string;
}

export async function withDeafGateway(
  family: Family,
  extra: string,
  run: (site: Site) => Promise<void>,
): Promise<void> {
  const lan = new Lan();
  let wire: WireLog | undefined;
  try {
    const one = new Director(
      "keepalived",
      lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "2001:db8::1/64" }),
    );
    const two = new Director("buoy", lan.addHost("two", { ipv4: "10.9.0.2/24", ipv6: "2001:db8::2/64" }));
    const witness = lan.addHost("witness", { ipv4: "10.9.0.3/24" });
    const { gateway, client } = addGateway(lan, family);
    for (const { host } of [one, two]) {
      host.run("ip", "route", "add", "default", "via", "10.9.0.254");
      host.run("ip", "-6", "route", "add", "default", "via", "2001:db8::254");
    }
    wire = await WireLog.start(witness);
    const seen = wire;
    one.start(config(family, 200, ""));
    await waitFor("keepalived to be master", () => one.host.holds(family.address), {
      within: 10_000,
      detail: () => one.output,
    });
    two.start(config(family, 100, extra));
    await waitFor("buoy to be backup", () => two.output.includes("Entering BACKUP STATE"), {
      within: 10_000,
      detail: () => two.output,
    });
    const pings = PingLog.start(client, family.address);
    await waitFor("the client to reach the virtual address", () => pings.firstAfter(0), { within: 5_000 });
    await pause(1_000);
    try {
      await run({
        two,
        pings,
        gatewayMac: gateway.mac(),
        async takeOver() {
          const source = sourceOf(family, two.host);
          const before = seen.advertisementsFrom(source).length;
          lan.setCable(one.host, false);
          const taken = await waitFor("the takeover", () => seen.advertisementsFrom(source).at(before), {
            within: 5_000,
          });
          return taken.at;
        },
        async giveBack() {
          lan.setCable(one.host, true);
          await waitFor("keepalived to be master again", () => !two.host.holds(family.address), {
            within: 10_000,
          });
          const station = ["lladdr", one.host.mac(), "dev", "eth0", "nud", "reachable"];
          gateway.run("ip", "neigh", "replace", family.address, ...station);
        },
        neighbourEntry: () => gateway.run("ip", "neigh", "show", family.address),
        ask: (...words) => two.host.run(process.execPath, BUOY, ...words, "--runtime-dir", two.runtimeDir),
      });
    } catch (error) {
      const story = [one.output.slice(-1500), two.output.slice(-3000), ...seen.packets.slice(-40)];
      throw new Error(`${(error as Error).message}\n${story.join("\n")}`, { cause: error });
    }
    await two.stop();
  } finally {
    await wire?.stop();
    lan.destroy();
  }
}

function sourceOf(family: Family, host: Host): string {
  if (family.name === "IPv4") return "10.9.0.2";
  return (
    (host.addresses().find((held) => held.startsWith("fe80:") && !held.startsWith("fe80::5:1/")) ?? "").split(
      "/",
    )[0] ?? ""
  );
}

/** A router between the LAN and a client, deaf to announcements. */
function addGateway(lan: Lan, family: Family): { readonly gateway: Host; readonly client: Host } {
  const gateway = lan.addHost("gw", { ipv4: "10.9.0.254/24", ipv6: "2001:db8::254/64" });
  const client = lan.addHost("client");
  gateway.run("ip", "link", "add", "c0", "type", "veth", "peer", "name", "c1", "netns", client.namespace);
  for (const [host, device, side] of [
    [gateway, "c0", 1],
    [client, "c1", 2],
  ] as const) {
    host.run("ip", "addr", "add", `10.8.0.${side}/24`, "dev", device);
    host.run("ip", "-6", "addr", "add", `2001:db8:8::${side}/64`, "dev", device, "nodad");
    host.run("ip", "link", "set", device, "up");
  }
  client.run("ip", "route", "add", "default", "via", "10.8.0.1");
  client.run("ip", "-6", "route", "add", "default", "via", "2001:db8:8::1");
  gateway.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  const twentyMinutes = ["ipv4", "ipv6"].flatMap((version) => [
    `net.${version}.neigh.eth0.base_reachable_time_ms=1200000`,
    `net.${version}.neigh.eth0.gc_stale_time=1200`,
  ]);
  gateway.run("sysctl", "-qw", ...twentyMinutes);
  gateway.run("nft", "-f", gateway.writeFile("deaf.nft", family.rules));
  return { gateway, client };
}

function config(family: Family, priority: number, extra: string): string {
  return `
global_defs {
  router_id test
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  version 3
  ${extra}
  virtual_ipaddress {
    ${family.virtual}
  }
}
`;
}
