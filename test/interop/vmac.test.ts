/**
 * VMACs beside keepalived's: adverts and answers carry the virtual MAC, so that a client with that MAC nailed down stays
 * connected over every change of master; a backup never says a word with it; interfaces and settings are keepalived's.
 */
import { expect, test } from "vitest";
import type { DirectorKind } from "../support/director.ts";
import { Director } from "../support/director.ts";
import type { Host } from "../support/lan.ts";
import { Lan } from "../support/lan.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { Tcpdump } from "../support/tcpdump.ts";
import { pause, waitFor } from "../support/wait.ts";
import { type Flavour, instanceConfig, type Pair, VRID, withPair } from "./pair.ts";

const VMAC = `vrrp.${VRID}`;
/** A ping every so many milliseconds. */
const SPACING = 20;

const stalls = watchStalls();

function virtualMac(flavour: Flavour): string {
  return flavour === "v3-ipv6" ? "00:00:5e:00:02:33" : "00:00:5e:00:01:33";
}

function isMaster(pair: Pair, director: Director): boolean {
  const there = director.host.run("ip", "-br", "link").includes(VMAC);
  return there && director.host.holds(pair.address, VMAC);
}

async function waitForMaster(pair: Pair, director: Director): Promise<void> {
  const other = director === pair.one ? pair.two : pair.one;
  await waitFor(
    `${director.host.name} (${director.kind}) to be the only master`,
    () => isMaster(pair, director) && !isMaster(pair, other),
    { within: 8_000, detail: () => pair.story() },
  );
}

/** Sequence numbers that were answered, with the times they came at. */
class Pinger {
  readonly answered: number[] = [];
  readonly #child;

  constructor(client: Host, address: string) {
    this.#child = client.spawn(["ping", "-n", "-i", `${SPACING / 1000}`, "-W", "1", address]);
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      for (const [, sequence] of chunk.toString().matchAll(/icmp_seq=(\d+) ttl/g))
        this.answered.push(Number(sequence));
    });
  }

  /** The longest run of unanswered pings since a number, as milliseconds. */
  longestOutage(since: number): number {
    const later = this.answered.filter((sequence) => sequence >= since);
    const gaps = later.map((sequence, index) => sequence - (later[index - 1] ?? sequence));
    return Math.max(0, ...gaps.map((gap) => gap - 1)) * SPACING;
  }

  get last(): number {
    return this.answered.at(-1) ?? 0;
  }

  stop(): void {
    this.#child.kill("SIGINT");
  }
}

/** The client knows the virtual MAC for good, and learns no other. */
function nailDown(client: Host, address: string, mac: string): void {
  client.run("ip", "neigh", "replace", address, "lladdr", mac, "dev", "eth0", "nud", "permanent");
}

async function takeover(pair: Pair, extra: string): Promise<void> {
  const { flavour, one, two, wire } = pair;
  const mac = virtualMac(flavour);
  const client = pair.lan.addHost("client", { ipv4: "10.9.0.9/24", ipv6: "2001:db8::9/64" });
  nailDown(client, pair.address, mac);
  // What it sends with the virtual MAC, as its own tcpdump sees it.
  const said: string[] = [];
  const sent = ["-i", "eth0", "-Q", "out", "ether", "src", mac];
  const mute = await Tcpdump.start(one.host, sent, (line) => said.push(line));

  two.start(instanceConfig(flavour, { priority: 100, extra }));
  await waitForMaster(pair, two);
  const pinger = new Pinger(client, pair.address);
  await waitFor("the client to be answered", () => pinger.last > 3, {
    within: 3_000,
    detail: () => pair.story(),
  });

  // The other one listens, and says nothing meanwhile: a switch would send the client's traffic to it.
  one.start(instanceConfig(flavour, { priority: 150, extra: `nopreempt\n${extra}` }));
  await pause(3_000);
  if (one.kind === "buoy") expect(said, "frames with the virtual MAC from a backup").toEqual([]);
  expect(isMaster(pair, one), "a backup with nopreempt").toBe(false);
  expect(pinger.longestOutage(4), "the coming of a backup").toBe(0);

  // A clean stop: the backup waits for its skew time, and nothing but that is lost.
  const before = pinger.last;
  const since = Date.now() / 1_000;
  await two.stop();
  await waitForMaster(pair, one);
  await waitFor("answers of the new master", () => pinger.last > before + 100, { within: 5_000 });
  const outage = pinger.longestOutage(before) - 1_000 * (await stalls.lost(since, Date.now() / 1_000));
  expect(outage, "skew time of priority 150 and a little").toBeLessThan(700);
  await mute.stop();
  pinger.stop();

  const sources = wire.advertisements.map(({ text }) => /([0-9a-f:]{17}) > /.exec(text)?.[1]);
  if (extra.includes("xmit_base")) expect(sources).not.toContain(mac);
  else expect(new Set(sources)).toEqual(new Set([mac]));
  for (const seen of wire.advertisements) expect(seen.badChecksum, seen.text).toBe(false);
  const claims = wire.announcements.filter(({ address }) => address === pair.address);
  expect(new Set(claims.map((claim) => claim.mac))).toEqual(new Set([mac]));

  await one.stop();
  for (const host of pair.hosts()) expect(host.run("ip", "-br", "link")).not.toContain(VMAC);
}

const KINDS: readonly (readonly [DirectorKind, DirectorKind])[] = [
  ["buoy", "keepalived"],
  ["keepalived", "buoy"],
];
const AH = "authentication {\n  auth_type AH\n  auth_pass secret\n  }";
const VARIANTS: readonly (readonly [name: string, Flavour, extra: string])[] = [
  ["v2", "v2", "use_vmac"],
  ["v3-ipv4", "v3-ipv4", "use_vmac"],
  ["v3-ipv6", "v3-ipv6", "use_vmac"],
  ["v2, vmac_xmit_base", "v2", "use_vmac\n  vmac_xmit_base"],
  ["v2, AH", "v2", `use_vmac\n  ${AH}`],
];

for (const [name, flavour, extra] of VARIANTS) {
  for (const kinds of KINDS) {
    test.concurrent(`${name}: ${kinds[1]} hands over to ${kinds[0]}`, () =>
      withPair(flavour, kinds, (pair) => takeover(pair, extra)));
  }
}

/** What buoy sets beyond keepalived 2.2.7, by name: see docs/compatibility.md. */
const BEYOND = /^net\.ipv4\.conf\.vrrp6.*arp_ignore|^net\.ipv6\.conf\.vrrp6.*(accept_ra|autoconf) /;

/** All settings of interfaces, without those of the kernel's own counting. */
function settings(host: Host): readonly string[] {
  return host
    .run("sh", "-c", "sysctl -a 2>/dev/null | grep -E '^net.ipv[46].conf|igmp_link_local'")
    .split("\n")
    .filter((line) => line !== "" && !/stable_secret|\.mtu /.test(line));
}

function describeLink(host: Host, name: string): Record<string, unknown> {
  const [link] = JSON.parse(host.run("ip", "-d", "-j", "link", "show", "dev", name)) as [
    Record<string, unknown>,
  ];
  const { address, flags, link: base, linkinfo, inet6_addr_gen_mode: generation, group } = link;
  return { address, flags, base, linkinfo, generation, group };
}

test("interfaces and settings are those of keepalived, and buoy undoes them", async () => {
  const lan = new Lan();
  try {
    const directors = (["buoy", "keepalived"] as const).map((kind, index) => {
      const host = lan.addHost(kind, { ipv4: `10.9.0.${index + 1}/24`, ipv6: `2001:db8::${index + 1}/64` });
      host.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1");
      lan.setCable(host, false);
      lan.switch("ip", "link", "add", `b-${kind}`, "type", "bridge");
      lan.switch("ip", "link", "set", `b-${kind}`, "up");
      lan.switch("ip", "link", "set", host.port, "master", `b-${kind}`, "up");
      return new Director(kind, host);
    });
    const before = directors.map(({ host }) => settings(host));
    const [four, six] = [
      instanceConfig("v2", { priority: 250, extra: "use_vmac" }),
      instanceConfig("v3-ipv6", { priority: 250, extra: "use_vmac" }),
    ];
    const config = four + six.replace(/global_defs \{[^}]*\}/, "").replace("VI_1", "VI_6");
    for (const director of directors) director.start(config);
    const held = ({ host }: Director): boolean =>
      host.run("ip", "-br", "link").includes(`vrrp6.${VRID}`) &&
      host.holds("10.9.0.100", VMAC) &&
      host.holds("2001:db8::100", `vrrp6.${VRID}`);
    for (const one of directors) {
      await waitFor(`${one.kind} to hold all`, () => held(one), { within: 8_000, detail: () => one.output });
    }
    const [ours = [], theirs = []] = directors.map(({ host }) =>
      settings(host).filter((line) => !BEYOND.test(line)),
    );
    expect(ours.length).toBeGreaterThan(200);
    expect(ours).toEqual(theirs);
    for (const name of [VMAC, `vrrp6.${VRID}`]) {
      const [our, their] = directors.map(({ host }) => describeLink(host, name));
      expect(our).toEqual(their);
    }
    const [buoy, keepalived] = directors;
    await Promise.all([buoy?.stop(), keepalived?.stop()]);
    expect(settings(directors[0]?.host as Host)).toEqual(before[0]);
  } finally {
    lan.destroy();
  }
});
