/**
 * Unicast and the Authentication Header beside a real keepalived: what leaves is the same to the byte, for every peer, and
 * three routers elect the same master.
 */
import { expect, test } from "vitest";
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { PacketLog } from "../support/packet-log.ts";
import { waitFor } from "../support/wait.ts";

type Flavour = "v2" | "v3" | "v3-ipv6" | "v2-ah";
type HostName = "one" | "two" | "three";

const FLAVOURS: readonly Flavour[] = ["v2", "v3", "v3-ipv6", "v2-ah"];
const NUMBERS: Readonly<Record<HostName, number>> = { one: 1, two: 2, three: 3 };
const FILTER = "ip proto 112 or ip proto 51 or ip6 proto 112";

const isIpv6 = (flavour: Flavour): boolean => flavour === "v3-ipv6";
const addressOf = (flavour: Flavour, name: HostName): string =>
  `${isIpv6(flavour) ? "2001:db8::" : "10.9.0."}${NUMBERS[name]}`;
const virtualOf = (flavour: Flavour): string => (isIpv6(flavour) ? "2001:db8::100" : "10.9.0.100");

function config(flavour: Flavour, name: HostName, priority: number): string {
  const peers = (Object.keys(NUMBERS) as HostName[]).filter((other) => other !== name);
  // Whoever sent another TTL, or checked it wrongly, would make a second master.
  const window = flavour === "v3" ? " min_ttl 60 max_ttl 64" : "";
  return `
vrrp_instance VI_1 {
  state ${priority === 255 ? "MASTER" : "BACKUP"}
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 1
  version ${flavour.startsWith("v2") ? 2 : 3}
  unicast_src_ip ${addressOf(flavour, name)}
  unicast_peer {
    ${peers.map((peer) => `${addressOf(flavour, peer)}${window}`).join("\n    ")}
  }
  ${window === "" ? "" : "unicast_ttl 64"}
  ${flavour === "v2-ah" ? "authentication {\n auth_type AH\n auth_pass secret\n }" : ""}
  virtual_ipaddress {
    ${isIpv6(flavour) ? "fe80::5:1/64\n    2001:db8::100/64" : "10.9.0.100/24\n    10.9.0.101/24"}
  }
}
`;
}

async function withLan(body: (hosts: Readonly<Record<HostName, Host>>) => Promise<void>): Promise<void> {
  const lan = new Lan();
  try {
    const add = (name: HostName): Host =>
      lan.addHost(name, {
        ipv4: `10.9.0.${NUMBERS[name]}/24`,
        ipv6: `2001:db8::${NUMBERS[name]}/64`,
      });
    await body({ one: add("one"), two: add("two"), three: add("three") });
  } finally {
    lan.destroy();
  }
}

/** The first four packets of a router alone on the LAN: two advertisements to each of two peers. */
async function firstPackets(kind: DirectorKind, host: Host, flavour: Flavour): Promise<readonly string[]> {
  const log = await PacketLog.start(host, FILTER);
  const director = new Director(kind, host);
  director.start(config(flavour, "one", 255));
  await waitFor(`the packets of ${kind}`, () => log.packets.length >= 4, {
    within: 8_000,
    detail: () => director.output,
  });
  await director.stop();
  return (await log.stop()).slice(0, 4).map((packet) => comparable(packet, flavour));
}

/**
 * What must be equal: of the IP header not the identification and its checksum, unless it is signed; over IPv6 neither the
 * flow label nor the hop limit, which 2.2.7 leaves at 64.
 */
function comparable(packet: string, flavour: Flavour): string {
  if (isIpv6(flavour)) return packet.replace(/^(.{2}).{6}(.{6}).{2}/, "$1$2");
  return flavour === "v2-ah" ? packet : `${packet.slice(0, 8)}${packet.slice(12, 20)}${packet.slice(24)}`;
}

for (const flavour of FLAVOURS) {
  test.concurrent(`${flavour}: every peer gets from buoy what it gets from keepalived`, () =>
    withLan(async ({ one }) => {
      const oracle = await firstPackets("keepalived", one, flavour);
      const ours = await firstPackets("buoy", one, flavour);
      expect(ours).toEqual(oracle);
      expect(new Set(oracle).size, "each its own").toBeGreaterThan(1);
    }));
}

const TRIOS: readonly (readonly [DirectorKind, DirectorKind, DirectorKind])[] = [
  ["buoy", "keepalived", "keepalived"],
  ["keepalived", "buoy", "keepalived"],
];

for (const flavour of FLAVOURS) {
  for (const kinds of TRIOS) {
    test.concurrent(`${flavour}: ${kinds.join(", ")} elect one master and hand over`, () =>
      withLan(async (hosts) => {
        const names = ["one", "two", "three"] as const;
        const routers = names.map((name, index) => new Director(kinds[index] ?? "buoy", hosts[name]));
        const [first, second] = routers;
        if (first === undefined || second === undefined) throw new Error("three routers");
        const start = (index: number): void =>
          routers[index]?.start(config(flavour, names[index] ?? "one", 150 - 50 * index));
        const master = async (wanted: Director, within: number): Promise<void> => {
          const holders = (): Director[] => routers.filter(({ host }) => host.holds(virtualOf(flavour)));
          await waitFor(
            `${wanted.host.name} (${wanted.kind}) alone as master`,
            () => {
              const [holder, ...more] = holders();
              return holder === wanted && more.length === 0;
            },
            {
              within,
              detail: () => routers.map((one) => `--- ${one.kind}\n${one.output.slice(-2000)}`).join("\n"),
            },
          );
        };
        for (const index of [0, 1, 2]) start(index);
        await master(first, 8_000);
        await first.stop();
        await master(second, 3_000);
        start(0);
        await master(first, 8_000);
      }));
  }
}
