/**
 * The nftables data plane with real traffic: a client, a director, servers behind it or beside it, each in its own
 * namespace. keepalived cannot run virtual servers where there is no IPVS, so the kernel and the traffic are the oracle.
 */
import type { ChildProcess } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { buoy, murder } from "../e2e/daemon.ts";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { chainOf, count, hold, isProgrammed, serve, tableOf, WITHIN } from "../support/named-servers.ts";
import { waitFor } from "../support/wait.ts";

const VIP = "10.9.0.100";
const VIP6 = "2001:db8:9::100";
const NAMES = ["a", "b", "c"] as const;
const PORTS = [80, 8080] as const;
const WEB = { address: VIP, port: 80 };

interface Server {
  readonly address: string;
  readonly weight: number;
  readonly words?: string;
}

function service(head: string, words: string, servers: readonly Server[], port = 80): string {
  const list = servers.map(
    ({ address, weight, words: more }) =>
      `real_server ${address} ${port} {\n weight ${weight}\n ${more ?? ""}\n }`,
  );
  return `virtual_server ${head} {\n delay_loop 1\n protocol TCP\n ${words}\n ${list.join("\n ")}\n}\n`;
}

const CHECK = "TCP_CHECK {\n connect_timeout 1\n retry 0\n }";

describe("servers behind the director", () => {
  let lan: Lan;
  let client: Host;
  let host: Host;
  let webs: Host[];
  let director: Director;
  let serving: ChildProcess[];

  beforeAll(async () => {
    lan = new Lan();
    client = lan.addHost("client", { ipv4: "10.9.0.50/24", ipv6: "2001:db8:9::50/64" });
    client.ip("addr add 10.9.0.51/24 dev eth0");
    host = lan.addHost("director", { ipv4: "10.9.0.1/24", ipv6: "2001:db8:9::1/64" });
    webs = NAMES.map((name) => lan.addHost(name));
    const behind = webs.map((web, index) => [web, `10.8.0.1${index}/24`] as const);
    lan.addSecondLan(new Map([[host, "10.8.0.1/24"], ...behind]));
    host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    host.ip(`addr add ${VIP}/32 dev eth0`, `addr add ${VIP6}/128 dev eth0 nodad`);
    host.ip("addr add 2001:db8:8::1/64 dev eth1 nodad");
    for (const [index, web] of webs.entries()) {
      web.ip(`addr add 2001:db8:8::1${index}/64 dev eth1 nodad`);
      web.ip("route add default via 10.8.0.1", "route add default via inet6 2001:db8:8::1");
    }
    serving = await Promise.all(webs.map((web) => serve(web, PORTS)));
    director = new Director("buoy", host);
  });
  afterEach(async () => {
    expect(await director.stop()).toBe(0);
    expect(tableOf(host) + tableOf(host, "ip6"), director.output.slice(-3000)).toBe("");
  });
  afterAll(() => lan.destroy());

  const all = (weights: readonly number[], words?: string): Server[] =>
    weights.map((weight, index) => ({ address: `10.8.0.1${index}`, weight, ...(words && { words }) }));

  it("get shares of 10,000 connections as their weights say", async () => {
    director.start(service(`${VIP} 80`, "lb_algo wrr\n lb_kind NAT", all([5, 3, 2])));
    await isProgrammed(director, "10.8.0.12/80 {");
    expect(director.output).toContain("services are kept by nftables");
    const counted = count(client, 10_000, WEB);
    expect(Object.values(counted).reduce((sum, one) => sum + one, 0)).toBe(10_000);
    for (const [index, share] of [0.5, 0.3, 0.2].entries()) {
      const got = (counted[NAMES[index] ?? ""] ?? 0) / 10_000;
      expect(Math.abs(got - share), JSON.stringify(counted)).toBeLessThan(0.02);
    }
  });

  it("keep their connections over changes elsewhere, and get none when they are dead", async () => {
    const config = (weight: number): string =>
      service(`${VIP} 80`, "lb_algo rr\n lb_kind NAT\n sorry_server 10.8.0.12 8080", all([1, 1], CHECK)) +
      service(`${VIP} 81`, "lb_algo wrr\n lb_kind NAT", all([1, weight]));
    director.start(config(1));
    await isProgrammed(director, "tcp/10.9.0.100/81/10.8.0.11/80 {");
    const held = await hold(client, WEB);
    const chain = chainOf(host, "tcp/10.9.0.100/80");
    expect(chain).toContain("numgen inc mod 2");

    host.writeFile("buoy.conf", config(3));
    director.signal("SIGHUP");
    await isProgrammed(director, /weight=3/);
    expect(chainOf(host, "tcp/10.9.0.100/80")).toBe(chain);
    await held.ask();

    const dead = held.name === "a" ? 1 : 0;
    serving[dead]?.kill("SIGKILL");
    await isProgrammed(director, new RegExp(`^(?!.*tcp/10.9.0.100/80/10.8.0.1${dead}/80)`, "s"));
    expect(count(client, 200, WEB)).toEqual({ [held.name]: 200 });
    await held.ask();

    serving[1 - dead]?.kill("SIGKILL");
    await isProgrammed(director, "10.8.0.12/8080");
    expect(count(client, 20, WEB)).toEqual({ c: 20 });
    held.end();
    for (const index of [0, 1]) serving[index] = await serve(webs[index] as Host, PORTS);
    await isProgrammed(director, /mod 2.*10.8.0.11\/80/s);
    expect(count(client, 20, WEB)).toEqual({ a: 10, b: 10 });
  });

  it("keep their connections while they are drained, and lose them when they are taken out", async () => {
    director.start(service(`${VIP} 80`, "lb_algo rr\n lb_kind NAT", all([1, 1])));
    await isProgrammed(director, "10.8.0.11/80 {");
    const held = await hold(client, WEB);
    const server = held.name === "a" ? "10.8.0.10:80" : "10.8.0.11:80";
    buoy(director, "pool", "drain", `${VIP}:80`, server, "--no-wait");
    await isProgrammed(director, "weight=0");
    expect(count(client, 20, WEB)[held.name]).toBeUndefined();
    await held.ask();
    expect(buoy(director, "ipvs")).toMatch(new RegExp(`${server} +Masq +0 +1 `));
    buoy(director, "pool", "disable", `${VIP}:80`, server);
    await held.ended();
    buoy(director, "pool", "enable", `${VIP}:80`, server);
  });

  it("are found by IPv6 address, by mark, and again by the same client", async () => {
    host.run(
      "nft",
      "-f",
      host.writeFile(
        "mark.nft",
        `table ip marks {
      chain pre { type filter hook prerouting priority mangle;
        ip daddr ${VIP} tcp dport 8080 meta mark set 5; }; }\n`,
      ),
    );
    const six = [0, 1].map((last) => ({ address: `2001:db8:8::1${last}`, weight: last + 1 }));
    director.start(
      service(`${VIP6} 80`, "lb_algo wrr\n lb_kind NAT", six) +
        service("fwmark 5", "lb_algo rr\n lb_kind NAT", all([1, 1]), 8080) +
        service(`${VIP} 80`, "lb_algo rr\n lb_kind NAT\n persistence_timeout 60", all([1, 1])),
    );
    await isProgrammed(director, "2001-db8-8--11/80 {", "ip6");
    await isProgrammed(director, "clients/tcp/10.9.0.100/80 {");
    expect(count(client, 30, { address: VIP6, port: 80 })).toEqual({ a: 10, b: 20 });
    expect(count(client, 30, { address: VIP, port: 8080 })).toEqual({ a: 15, b: 15 });
    const [one, other] = ["10.9.0.50", "10.9.0.51"].map((source) => count(client, 30, { ...WEB, source }));
    expect([one, other].map((names) => Object.values(names ?? {}))).toEqual([[30], [30]]);
    expect(Object.keys({ ...one, ...other }).sort()).toEqual(["a", "b"]);
    host.run("nft", "delete", "table", "ip", "marks");
  });

  it("stay in the table over a crash, and are taken over by the next daemon", async () => {
    const config = service(`${VIP} 80`, "lb_algo rr\n lb_kind NAT", all([1, 1]));
    director.start(config);
    await isProgrammed(director, "10.8.0.11/80 {");
    const before = tableOf(host);
    // A checker that outlives its supervisor takes its services out.
    murder(director, "checker");
    murder(director, "supervisor");
    expect(count(client, 10, WEB)).toEqual({ a: 5, b: 5 });
    director = new Director("buoy", host);
    director.start(config);
    await waitFor("the next daemon", () => director.output.includes("Gained quorum"), WITHIN);
    expect(count(client, 10, WEB)).toEqual({ a: 5, b: 5 });
    const withoutCounters = (text: string): string => text.replaceAll(/packets \d+ bytes \d+/g, "");
    expect(withoutCounters(tableOf(host))).toBe(withoutCounters(before));
    expect(buoy(director, "ipvs")).toContain("10.8.0.10:80");

    // What a firewall does when it is reloaded.
    host.run("nft", "flush", "ruleset");
    await isProgrammed(director, "10.8.0.11/80 {");
    expect(count(client, 10, WEB)).toEqual({ a: 5, b: 5 });
  });
});

describe("servers beside the director", () => {
  let lan: Lan;
  let client: Host;
  let webs: Host[];
  let director: Director;

  beforeAll(async () => {
    lan = new Lan();
    client = lan.addHost("client", { ipv4: "10.9.0.50/24", ipv6: "2001:db8:9::50/64" });
    const host = lan.addHost("director", { ipv4: "10.9.0.1/24", ipv6: "2001:db8:9::1/64" });
    webs = NAMES.map((name, index) =>
      lan.addHost(name, { ipv4: `10.9.0.1${index}/24`, ipv6: `2001:db8:9::1${index}/64` }),
    );
    for (const web of webs) {
      web.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
      web.ip(`addr add ${VIP}/32 dev lo`, `addr add ${VIP6}/128 dev lo`);
    }
    host.ip(`addr add ${VIP}/32 dev eth0`, `addr add ${VIP6}/128 dev eth0 nodad`);
    await Promise.all(webs.map((web) => serve(web, PORTS)));
    director = new Director("buoy", host);
  });
  afterAll(async () => {
    await director.stop();
    lan.destroy();
  });

  it("get whole connections, and answer the client themselves", async () => {
    const four = NAMES.map((_, index) => ({ address: `10.9.0.1${index}`, weight: index + 1 }));
    const six = NAMES.map((_, index) => ({ address: `2001:db8:9::1${index}`, weight: index + 1 }));
    const words = "lb_algo wrr\n lb_kind DR";
    const config = (servers: readonly Server[]): string =>
      service(`${VIP} 80`, words, servers) + service(`${VIP6} 80`, words, six);
    director.start(config(four));
    await isProgrammed(director, "2001-db8-9--12/80 {", "ip6");
    await isProgrammed(director, "10.9.0.12/80 {");
    expect(count(client, 600, WEB)).toEqual({ a: 100, b: 200, c: 300 });
    expect(count(client, 600, { address: VIP6, port: 80 })).toEqual({ a: 100, b: 200, c: 300 });

    const held = await hold(client, WEB);
    const left = four.map((one, index) => (NAMES[index] === held.name ? { ...one, weight: 0 } : one));
    director.host.writeFile("buoy.conf", config(left));
    director.signal("SIGHUP");
    await isProgrammed(director, "weight=0");
    expect(count(client, 60, WEB)[held.name]).toBeUndefined();
    await held.ask();
    held.end();
  });
});
