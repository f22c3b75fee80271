/**
 * The nftables data plane with real traffic: a client, a director, three servers behind it, each in its own namespace.
 * keepalived cannot run virtual servers where there is no IPVS, so the kernel and the traffic are the oracle.
 */
import { afterEach, describe, expect, it } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

const TRAFFIC = new URL("../support/name-traffic.mjs", import.meta.url).pathname;
const VIP = "10.9.0.100";
const VIP6 = "2001:db8:9::100";
const NAMES = ["a", "b", "c"] as const;

interface Site {
  readonly lan: Lan;
  readonly client: Host;
  readonly webs: readonly Host[];
  readonly director: Director;
}

let site: Site | undefined;
afterEach(async () => {
  await site?.director.stop();
  site?.lan.destroy();
  site = undefined;
});

/** Clients on one side of the director, servers on the other, with the director as their gateway. */
function natSite(): Site {
  const lan = new Lan();
  const client = lan.addHost("client", { ipv4: "10.9.0.50/24", ipv6: "2001:db8:9::50/64" });
  const host = lan.addHost("director", { ipv4: "10.9.0.1/24", ipv6: "2001:db8:9::1/64" });
  const webs = NAMES.map((name) => lan.addHost(name));
  lan.addSecondLan(
    new Map([[host, "10.8.0.1/24"], ...webs.map((web, index) => [web, `10.8.0.1${index}/24`] as const)]),
  );
  host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  host.ip(`addr add ${VIP}/32 dev eth0`, `addr add ${VIP6}/128 dev eth0 nodad`);
  host.ip("addr add 2001:db8:8::1/64 dev eth1 nodad");
  for (const [index, web] of webs.entries()) {
    web.ip(`addr add 2001:db8:8::1${index}/64 dev eth1 nodad`);
    web.ip("route add default via 10.8.0.1", "route add default via inet6 2001:db8:8::1");
  }
  site = { lan, client, webs, director: new Director("buoy", host) };
  return site;
}

/** Starts a name server in a host, on all addresses of a family. */
async function serve(host: Host, port = 80, address = "::"): Promise<void> {
  const child = host.spawn([process.execPath, TRAFFIC, "serve", host.name, address, `${port}`]);
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await waitFor(`${host.name} to serve`, () => output.includes("ready"), { within: 10_000 });
}

function count(
  host: Host,
  total: number,
  address = VIP,
  port = 80,
  ...source: string[]
): Record<string, number> {
  const words = ["count", address, `${port}`, `${total}`, ...source];
  return JSON.parse(host.run(process.execPath, TRAFFIC, ...words)) as Record<string, number>;
}

interface Server {
  readonly address: string;
  readonly weight: number;
  readonly words?: string;
}

function service(head: string, words: string, servers: readonly Server[]): string {
  const list = servers.map(
    ({ address, weight, words: more }) =>
      `real_server ${address} 80 {\n weight ${weight}\n ${more ?? ""}\n }`,
  );
  return `virtual_server ${head} {\n delay_loop 1\n protocol TCP\n ${words}\n ${list.join("\n ")}\n}\n`;
}

function tableOf(host: Host, family = "ip"): string {
  try {
    return host.run("nft", "list", "table", family, "buoy");
  } catch {
    return "";
  }
}

async function isProgrammed({ director }: Site, text: string, family = "ip"): Promise<void> {
  await waitFor(`${text} in the table`, () => tableOf(director.host, family).includes(text), {
    within: 10_000,
    detail: () => director.output.slice(-2000) + tableOf(director.host, family),
  });
}

describe("translated connections", () => {
  it("shares of 10,000 connections follow the weights", async () => {
    const here = natSite();
    await Promise.all(here.webs.map((web) => serve(web)));
    const servers = [5, 3, 2].map((weight, index) => ({ address: `10.8.0.1${index}`, weight }));
    here.director.start(service(`${VIP} 80`, "lb_algo wrr\n lb_kind NAT", servers));
    await isProgrammed(here, "10.8.0.12/80 {");
    const counted = count(here.client, 10_000);
    expect(Object.values(counted).reduce((sum, one) => sum + one, 0)).toBe(10_000);
    for (const [index, share] of [0.5, 0.3, 0.2].entries())
      expect((counted[NAMES[index] ?? ""] ?? 0) / 10_000, JSON.stringify(counted)).toBeCloseTo(share, 1.7);
    expect(here.director.output).toContain("nftables");
    expect(await here.director.stop()).toBe(0);
    expect(tableOf(here.director.host)).toBe("");
  });
});
