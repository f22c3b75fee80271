/**
 * Many kinds of services side by side in nftables, with real traffic: datagrams, groups, marks, hashes, persistence, servers
 * that are kept at weight 0. All servers' checks ask for a port of its own, so that they fail while the servers go on.
 */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ipToBytes } from "../../src/base/ip.ts";
import { buoy } from "../e2e/daemon.ts";
import { sumOf } from "../support/crafted.ts";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import type { Answers, Held, Target } from "../support/named-servers.ts";
import {
  askFrom,
  count,
  gather,
  hold,
  isProgrammed,
  serve,
  tableOf,
  WITHIN,
} from "../support/named-servers.ts";
import { Tcpdump } from "../support/tcpdump.ts";
import { waitFor } from "../support/wait.ts";

const NAMES = ["a", "b", "c"] as const;
const HEALTH = 7;
const PORTS = [53, 80, 443, 8080];
const VIP6 = "2001:db8:9::100";
const EVERY_VIP = Array.from({ length: 30 }, (_, index) => `10.9.0.1${String(index).padStart(2, "0")}`);
/** Clients of a network that is local to one host, address by address. */
const CLIENTS = Array.from({ length: 200 }, (_, index) => `10.9.2.${index + 1}`);

const vip = (last: number): string => `10.9.0.1${String(last).padStart(2, "0")}`;

interface Words {
  readonly words?: string;
  readonly weights?: readonly number[];
  readonly server?: string;
  readonly port?: number;
  readonly method?: "NAT" | "DR";
  readonly protocol?: "TCP" | "UDP" | "SCTP";
  readonly checked?: boolean;
}

/** A service with the three servers, behind the director (NAT) or beside it (DR). */
function service(head: string, options: Words = {}): string {
  const { words = "lb_algo rr", weights = [1, 1, 1], server = "", port, method = "NAT" } = options;
  const { protocol = "TCP", checked = false } = options;
  const net = method === "NAT" ? "10.8.0.1" : "10.9.0.1";
  const net6 = method === "NAT" ? "2001:db8:8::1" : "2001:db8:9::1";
  const start = head.includes("::") ? net6 : net;
  const at = port ?? Number(/ (\d+)$/.exec(head)?.[1] ?? 80);
  const check = checked ? `TCP_CHECK {\n connect_port ${HEALTH}\n connect_timeout 1\n retry 0\n }` : "";
  const list = weights.map(
    (weight, index) => `real_server ${start}${index} ${at} {\n weight ${weight}\n ${server}\n ${check}\n }`,
  );
  return `virtual_server ${head} {\n delay_loop 1\n protocol ${protocol}\n lb_kind ${method}\n ${words}\n ${list.join("\n ")}\n}\n`;
}

const CONFIG = `global_defs {
  data_plane nft
}
virtual_server_group several {
  ${vip(10)}-112 80
  ${vip(13)} 8080
  fwmark 9
}
${service(`${vip(0)} 53`, { protocol: "UDP", words: "lb_algo wrr", weights: [1, 2, 3], checked: true })}
${service(`${VIP6} 53`, { protocol: "UDP", words: "lb_algo wrr", weights: [1, 2, 3] })}
${service(`${vip(1)} 53`, { protocol: "UDP", words: "lb_algo wrr", weights: [1, 2, 3], method: "DR", checked: true })}
${service("2001:db8:9::101 53", { protocol: "UDP", words: "lb_algo wrr", weights: [1, 2, 3], method: "DR" })}
${service(`${vip(2)} 53`, { protocol: "UDP", words: "lb_algo rr\n ops", method: "DR" })}
${service("group several", { port: 80 })}
${service("fwmark 5", { words: "lb_algo rr\n persistence_timeout 60", port: 0 })}
${service(`${vip(3)} 80`, { words: "lb_algo sh", checked: true })}
${service(`${vip(4)} 80`, { words: "lb_algo mh", checked: true })}
${service(`${vip(5)} 80`, { words: "lb_algo sh\n sh-port" })}
${service("fwmark 6", { words: "lb_algo mh\n mh-port", port: 0 })}
${service(`${vip(6)} 80`, { words: "lb_algo rr\n persistence_timeout 2" })}
${service(`${vip(7)} 80`, { words: "lb_algo rr\n persistence_timeout 60\n persistence_granularity 255.255.255.0" })}
${service(`${vip(8)} 80`, { words: "lb_algo rr\n persistence_timeout 60", checked: true })}
${service(`${vip(9)} 80`, { words: "lb_algo rr", server: "inhibit_on_failure", checked: true })}
${service(`${vip(14)} 80`, { words: "lb_algo rr", server: "inhibit_on_failure", checked: true, method: "DR" })}
${service(`${vip(19)} 80`, { words: "lb_algo rr" })}
${service(`${vip(22)} 80`, { words: "lb_algo rr", method: "DR" })}
${service(`${vip(23)} 36412`, { words: "lb_algo rr", protocol: "SCTP" })}
${service(`${vip(15)} 80`, { words: "lb_algo rr\n sorry_server 127.0.0.1 8080", checked: true })}
${service(`${vip(16)} 0`, { words: "lb_algo rr\n persistence_timeout 60", port: 0 })}
${service(`${vip(17)} 80`, { words: "lb_algo rr\n persistence_timeout 60", method: "DR", checked: true })}
${service(`${vip(18)} 53`, { words: "lb_algo rr\n persistence_timeout 60", protocol: "UDP" })}
${service("2001:db8:9::102 80", { words: "lb_algo rr\n persistence_timeout 60\n persistence_granularity 64" })}
${service("2001:db8:9::103 80", { words: "lb_algo mh", method: "DR" })}
`;

/** Asks for connections until one is held by this server. */
async function holdAt(host: Host, name: string, target: Target): Promise<Held> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const held = await hold(host, target);
    if (held.name === name) return held;
    held.end();
  }
  throw new Error(`no connection goes to ${name}`);
}

function sharesOf(answers: Readonly<Record<string, string>>): Answers {
  const shares: Record<string, number> = {};
  for (const name of Object.values(answers)) shares[name] = (shares[name] ?? 0) + 1;
  return shares;
}

/** The first packet of an SCTP connection: this kernel may have no sockets for it. */
function sendInit(host: Host, from: number, address: string, port: number): void {
  const packet = Buffer.alloc(32);
  packet.writeUInt16BE(from, 0);
  packet.writeUInt16BE(port, 2);
  // INIT of 20 bytes: tag, window, streams out and in, first number.
  packet.writeUInt32BE(0x0100_0014, 12);
  packet.writeUInt32BE(0x1234_5678, 16);
  packet.writeUInt32BE(65_536, 20);
  packet.writeUInt32BE(0x0001_0001, 24);
  packet.writeUInt32BE(1, 28);
  packet.writeUInt32LE(crc32c(packet), 8);
  const script = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
s.sendto(bytes.fromhex("${packet.toString("hex")}"), ("${address}", 0))`;
  host.run("python3", "-c", script);
}

/** As a router on the way says it that cannot pass a packet on: of this server's to this client. */
function sendTooBig(host: Host, client: Target, service: Target): void {
  const isIpv4 = client.address.includes(".");
  const bytes = (address: string): Uint8Array => ipToBytes(address) ?? new Uint8Array(0);
  const ends = Buffer.concat([bytes(service.address), bytes(client.address)]);
  const ports = Buffer.alloc(8);
  ports.writeUInt16BE(service.port, 0);
  ports.writeUInt16BE(client.port, 2);
  const head = isIpv4
    ? Buffer.from([0x45, 0, 5, 220, 0, 0, 0x40, 0, 64, 6, 0, 0])
    : Buffer.from([0x60, 0, 0, 0, 5, 180, 6, 64]);
  const error = Buffer.from(isIpv4 ? [3, 4, 0, 0, 0, 0, 5, 120] : [2, 0, 0, 0, 0, 0, 5, 120]);
  const packet = Buffer.concat([error, head, ends, ports]);
  if (isIpv4) packet.writeUInt16BE(sumOf(packet), 2);
  const [family, protocol] = isIpv4 ? ["AF_INET", 1] : ["AF_INET6", 58];
  const script = `import socket
s = socket.socket(socket.${family}, socket.SOCK_RAW, ${protocol})
s.sendto(bytes.fromhex("${packet.toString("hex")}"), ("${service.address}", 0))`;
  host.run("python3", "-c", script);
}

function crc32c(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f6_3b78 : sum >>> 1;
  }
  return ~sum >>> 0;
}

describe("services in nftables", () => {
  let lan: Lan;
  let client: Host;
  let host: Host;
  let webs: Host[];
  let director: Director;
  let health: ChildProcess[];

  beforeAll(async () => {
    lan = new Lan();
    client = lan.addHost("client", { ipv4: "10.9.0.50/16", ipv6: "2001:db8:9::50/64" });
    client.ip(
      "addr add 10.9.0.51/16 dev eth0",
      "addr add 10.9.1.50/16 dev eth0",
      "route add local 10.9.2.0/24 dev lo",
      "addr add 2001:db8:9::51/64 dev eth0 nodad",
    );
    host = lan.addHost("director", { ipv4: "10.9.0.1/16", ipv6: "2001:db8:9::1/64" });
    webs = NAMES.map((name, index) =>
      lan.addHost(name, { ipv4: `10.9.0.1${index}/16`, ipv6: `2001:db8:9::1${index}/64` }),
    );
    const behind = webs.map((web, index) => [web, `10.8.0.1${index}/24`] as const);
    lan.addSecondLan(new Map([[host, "10.8.0.1/24"], ...behind]));
    host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    host.ip("addr add 2001:db8:8::1/64 dev eth1 nodad");
    const six = ["2001:db8:9::100", "2001:db8:9::101", "2001:db8:9::102", "2001:db8:9::103"];
    host.ip(
      ...EVERY_VIP.map((address) => `addr add ${address}/32 dev eth0`),
      ...six.map((address) => `addr add ${address}/128 dev eth0 nodad`),
    );
    for (const [index, web] of webs.entries()) {
      web.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
      web.ip(
        ...EVERY_VIP.map((address) => `addr add ${address}/32 dev lo`),
        ...six.map((address) => `addr add ${address}/128 dev lo`),
        `addr add 2001:db8:8::1${index}/64 dev eth1 nodad`,
        // What is asked of it through the director is answered through the director.
        "rule add from 10.8.0.0/24 table 100",
        "route add default via 10.8.0.1 table 100",
        "route add default via inet6 2001:db8:8::1 table 100",
      );
      web.run("ip", "-6", "rule", "add", "from", "2001:db8:8::/64", "table", "100");
    }
    await Promise.all(
      webs.map((web, index) =>
        serve(web, PORTS, [`10.8.0.1${index}`, `2001:db8:8::1${index}`, vip(1), vip(2), "2001:db8:9::101"]),
      ),
    );
    await serve(host, [8080], [], "sorry");
    health = await Promise.all(webs.map((web) => serve(web, [HEALTH])));
    host.run("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_timeout_close=1");
    host.run(
      "nft",
      "-f",
      host.writeFile(
        "marks.nft",
        `table ip marks {
          chain pre { type filter hook prerouting priority mangle;
            ip daddr ${vip(20)} tcp dport { 80, 443, 8080 } meta mark set 5
            ip daddr ${vip(25)} tcp dport 80 meta mark set 6
            ip daddr ${vip(21)} tcp dport 80 meta mark set 9; }; }\n`,
      ),
    );
    director = new Director("buoy", host);
    director.start(CONFIG);
    await waitFor("the last service", () => tableOf(host, "ip6").includes("2001-db8-9--103"), {
      ...WITHIN,
      detail: () => director.output,
    });
    await isProgrammed(director, "udp/10.9.0.118/53 {");
  });
  afterAll(async () => {
    await director.stop();
    lan.destroy();
  });

  const inTable = (text: string | RegExp): Promise<void> => isProgrammed(director, text);

  it("spread datagrams by weight, and one by one where they are told so", () => {
    for (const address of [vip(0), VIP6, vip(1), "2001:db8:9::101"]) {
      const counted = count(client, 300, { address, port: 53, protocol: "udp" });
      // With DR a client's port that comes again is the same connection.
      for (const [index, name] of NAMES.entries())
        expect(Math.abs((counted[name] ?? 0) - 50 * (index + 1)), JSON.stringify(counted)).toBeLessThan(10);
    }
    const single = { address: vip(2), port: 53, protocol: "udp" } as const;
    expect(count(client, 30, single)).toEqual({ a: 10, b: 10, c: 10 });
  });

  it("sends the datagrams of one port to one server, and without a memory to all", async () => {
    const held = await hold(client, { address: vip(1), port: 53, protocol: "udp" });
    await held.ask();
    held.end();
    const several = await hold(client, { address: vip(2), port: 53, protocol: "udp" });
    await several.moved();
    several.end();
  });

  it("are found by ranges of a group, by marks of the operator's rules, and by all ports", () => {
    const thirds = { a: 10, b: 10, c: 10 };
    for (const [last, port] of [
      [10, 80],
      [11, 80],
      [12, 80],
      [13, 8080],
      [21, 80],
    ] as const)
      expect(count(client, 30, { address: vip(last), port }), `${last}`).toEqual(thirds);
    for (const last of [16, 20]) {
      const ports = [80, 443, 8080].map((port) => count(client, 6, { address: vip(last), port }));
      // A client's connections to all ports of a persistent service go to one server.
      expect(new Set(ports.flatMap(Object.keys)).size, JSON.stringify(ports)).toBe(1);
      expect(ports.map((one) => Object.values(one))).toEqual([[6], [6], [6]]);
    }
  });

  it("know clients again by their hash, or by that and their port", () => {
    for (const last of [3, 4]) {
      const target = { address: vip(last), port: 80 };
      const answers = askFrom(client, CLIENTS, target);
      expect(askFrom(client, CLIENTS, target)).toEqual(answers);
      const shares = sharesOf(answers);
      for (const name of NAMES) expect(shares[name], JSON.stringify(shares)).toBeGreaterThan(40);
    }
    for (const last of [5, 25]) {
      const counted = count(client, 60, { address: vip(last), port: 80 });
      expect(Object.keys(counted).sort(), `${last}`).toEqual([...NAMES]);
    }
  });

  it("keep a client with its server for the timeout, and a network's clients together", async () => {
    const ask = (last: number, source: string, protocol: "tcp" | "udp" = "tcp"): string => {
      const port = protocol === "udp" ? 53 : 80;
      const counted = count(client, 4, { address: vip(last), port, source, protocol });
      expect(Object.keys(counted), JSON.stringify(counted)).toHaveLength(1);
      return Object.keys(counted)[0] ?? "";
    };
    for (const [last, protocol] of [
      [8, "tcp"],
      [17, "tcp"],
      [18, "udp"],
    ] as const) {
      const names = CLIENTS.slice(0, 3).map((source) => ask(last, source, protocol));
      expect(names).toEqual([...NAMES]);
      expect(CLIENTS.slice(0, 3).map((source) => ask(last, source, protocol))).toEqual(names);
    }
    const [near, same, far] = ["10.9.0.50", "10.9.0.51", "10.9.1.50"].map((source) => ask(7, source));
    expect(same).toBe(near);
    expect(far).not.toBe(near);
    const six = ["2001:db8:9::50", "2001:db8:9::51"].map((source) =>
      count(client, 4, { address: "2001:db8:9::102", port: 80, source }),
    );
    expect(six[0]).toEqual(six[1]);

    const first = ask(6, "10.9.0.50");
    const forgotten = (): boolean => !/10\.9\.0\.50 timeout 2s expires [^0]/.test(tableOf(host));
    await waitFor("the end of the client's time", forgotten, WITHIN);
    expect(ask(6, "10.9.0.50")).not.toBe(first);
  });

  it("move what a dead server had, keep what goes on, and fall back to the sorry server", async () => {
    const udp = (last: number): Promise<Held> =>
      holdAt(client, "c", { address: vip(last), port: 53, protocol: "udp" });
    const streams = [await udp(0), await udp(1)];
    const kept = [9, 14].map((last) => ({ address: vip(last), port: 80 }));
    const crowds = await Promise.all(kept.map((target) => gather(client, 9, target)));
    const hashes = [3, 4].map((last) => ({ address: vip(last), port: 80 }));
    const before = hashes.map((target) => askFrom(client, CLIENTS, target));

    health[2]?.kill("SIGKILL");
    await inTable(/^(?!.*tcp\/10.9.0.117\/80\/10.9.0.12\/80)/s);
    await inTable(/^(?!.*tcp\/10.9.0.108\/80\/10.8.0.12\/80)/s);
    await inTable(/(weight=0.*){2}/s);
    for (const stream of streams) await stream.moved();
    for (const [index, target] of hashes.entries()) {
      const after = askFrom(client, CLIENTS, target);
      expect(Object.values(after)).not.toContain("c");
      const others = CLIENTS.filter((one) => before[index]?.[one] !== "c");
      const stayed = others.filter((one) => after[one] === before[index]?.[one]);
      // The scheme moves a few that it need not.
      expect(stayed.length / others.length).toBeGreaterThan(0.85);
    }
    for (const last of [8, 17]) {
      const counted = count(client, 6, { address: vip(last), port: 80, source: CLIENTS[2] ?? "" });
      expect(Object.values(counted)).toEqual([6]);
      expect(counted.c).toBeUndefined();
    }
    for (const [index, target] of kept.entries()) {
      expect(count(client, 20, target)).toEqual({ a: 10, b: 10 });
      expect(await crowds[index]?.ask()).toEqual({ a: 3, b: 3, c: 3 });
    }

    for (const child of health) child.kill("SIGKILL");
    await inTable("tcp/10.9.0.115/80/127.0.0.1/8080");
    expect(count(client, 10, { address: vip(15), port: 80 })).toEqual({ sorry: 10 });
    expect(count(client, 4, { address: vip(9), port: 80 })).toEqual({ ECONNREFUSED: 4 });
    expect(count(client, 4, { address: vip(8), port: 80 })).toEqual({ ECONNREFUSED: 4 });
    expect(await crowds[0]?.ask()).toEqual({ a: 3, b: 3, c: 3 });

    for (const [index, web] of webs.entries()) health[index] = await serve(web, [HEALTH]);
    await inTable(/^(?!.*127.0.0.1)(?!.*weight=0)/s);
    expect(count(client, 30, { address: vip(15), port: 80 })).toEqual({ a: 10, b: 10, c: 10 });
    expect(hashes.map((target) => askFrom(client, CLIENTS, target))).toEqual(before);
    for (const one of [...streams, ...crowds]) one.end();
  });

  it("let a drained server's connections end, and leave the others alone in a reload", async () => {
    const targets = [19, 22].map((last) => ({ address: vip(last), port: 80 }));
    const crowds = await Promise.all(targets.map((target) => gather(client, 99, target)));
    const thirds = { a: 33, b: 33, c: 33 };
    director.reload(`${CONFIG}${service(`${vip(24)} 80`)}`);
    await inTable("tcp/10.9.0.124/80 {");
    expect(count(client, 30, { address: vip(24), port: 80 })).toEqual({ a: 10, b: 10, c: 10 });
    expect(await Promise.all(crowds.map((crowd) => crowd.ask()))).toEqual([thirds, thirds]);

    buoy(director, "pool", "drain", `${vip(19)}:80`, "10.8.0.12:80", "--no-wait");
    await inTable("weight=0");
    expect(count(client, 20, targets[0] as Target)).toEqual({ a: 10, b: 10 });
    expect(await crowds[0]?.ask()).toEqual(thirds);
    const shown = buoy(director, "ipvs");
    expect(shown).toMatch(/10\.8\.0\.12:80 +Masq +0 +33 +0/);
    expect(shown).toMatch(/10\.9\.0\.12:80 +Route +1 +33 +0/);
    crowds[0]?.end();
    await waitFor("the drained server's end", () => director.output.includes("is drained"), WITHIN);
    await inTable(/^(?!.*weight=0)/s);
    expect(await crowds[1]?.ask()).toEqual(thirds);
    crowds[1]?.end();
    const ended = (): boolean => /10\.9\.0\.12:80 +Route +1 +0 +33/.test(buoy(director, "ipvs"));
    await waitFor("closed connections to be inactive", ended, { ...WITHIN, every: 200 });
  });

  it("hear of ICMP errors about connections that they answer themselves", async () => {
    for (const { target, family } of [
      { target: { address: vip(22), port: 80 }, family: "ip" },
      { target: { address: "2001:db8:9::103", port: 80 }, family: "ip6" },
    ] as const) {
      const heard: string[] = [];
      const filter = "icmp[icmptype] == 3 or (icmp6 and ip6[40] == 2)";
      const dumps = await Promise.all(
        webs.map((web) =>
          Tcpdump.start(web, ["-t", "-i", "eth0", filter], (line) => {
            if (line !== "") heard.push(`${web.name}: ${line}`);
          }),
        ),
      );
      const held = await hold(client, target);
      const port = new RegExp(
        `tcp \\. (\\S+) \\. (\\d+) \\. ${target.address} \\. 80 timeout 15m expires 1[45]m`,
      );
      const [, source = "", from = ""] = port.exec(tableOf(host, family)) ?? [];
      sendTooBig(client, { address: source, port: Number(from) }, target);
      await waitFor("the error", () => heard.length > 0, { ...WITHIN, detail: () => tableOf(host, family) });
      await Promise.all(dumps.map((dump) => dump.stop()));
      expect(heard).toEqual([
        expect.stringMatching(new RegExp(`^${held.name}: .*(need to frag|too big).*1400`)),
      ]);
      held.end();
    }
  });

  it("translate SCTP", async () => {
    const seen: string[] = [];
    const dumps = await Promise.all(
      webs.map((web) => Tcpdump.start(web, ["-t", "-i", "eth1", "sctp"], (line) => seen.push(line))),
    );
    for (const port of [1, 2, 3]) sendInit(client, 40_000 + port, vip(23), 36_412);
    await waitFor("three packets", () => seen.filter((line) => line.includes("INIT")).length >= 3, WITHIN);
    await Promise.all(dumps.map((dump) => dump.stop()));
    const lines = seen
      .map((line) => /> (\S+): sctp.*INIT/.exec(line)?.[1])
      .filter((place) => place !== undefined);
    expect(lines.sort()).toEqual(["10.8.0.10.36412", "10.8.0.11.36412", "10.8.0.12.36412"]);
  });
});
