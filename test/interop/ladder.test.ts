/**
 * Every check of a received packet, shown by a packet that fails it and no check before: a running buoy names the reason in
 * its status, and in the sentence of its journal.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { DropReason } from "../../src/vrrp/event.ts";
import type { Crafted } from "../support/crafted.ts";
import { packet, sendPackets, trailer } from "../support/crafted.ts";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
const KEY = Buffer.from("0123456789abcdef0123456789abcdef");

const UNICAST = { destination: "10.9.0.1", source: "10.9.0.2" };
/** Each instance by its virtual router id. */
const CONFIG = `
${instance("V2", 51, "version 2")}
${instance("V3", 52, "version 3")}
${instance("PASS", 53, "authentication {\n auth_type PASS\n auth_pass secret\n }")}
${instance("AH", 54, "authentication {\n auth_type AH\n auth_pass secret\n }")}
${instance("UNI", 55, "unicast_src_ip 10.9.0.1\n unicast_peer {\n 10.9.0.2 min_ttl 250 max_ttl 254\n }")}
${instance("HMAC", 56, `version 3\n auth_hmac {\n key 1 ${KEY.toString()}\n active_key 1\n time_window 60\n }`)}
${instance("OWNER", 57, "owner_ignore_adverts", 255)}
${instance("WAITS", 58, "track_interface {\n eth1\n }")}
`;

function instance(name: string, vrid: number, lines: string, priority = 100): string {
  return `
vrrp_instance ${name} {
  interface eth0
  state ${priority === 255 ? "MASTER" : "BACKUP"}
  virtual_router_id ${vrid}
  priority ${priority}
  ${lines}
  virtual_ipaddress {
    10.9.0.${vrid + 49}/24
  }
}`;
}

const now = (): number => Math.floor(Date.now() / 1_000);

/** A packet for an instance of the file above that it would obey. */
function good(vrid: number, changes: Crafted = {}): Crafted {
  return { vrid, priority: 200, addresses: [`10.9.0.${vrid + 49}`], ...changes };
}

function signed(
  changes: Partial<Parameters<typeof trailer>[1]> = {},
  spoil?: (bytes: Buffer) => void,
): Crafted {
  const crafted = good(56, { version: 3 });
  const bytes = trailer(crafted, { key: KEY, seconds: now(), ...changes });
  spoil?.(bytes);
  return { ...crafted, trailer: bytes };
}

const wrapped = (sequence: number, password = "secret", nextHeader = 112): Crafted =>
  good(54, { authType: 2, ah: { password, sequence, nextHeader } });

/**
 * In keepalived's order. Packets of one line are sent one after the other; the last one is the one that is dropped. A reason
 * without its line does not compile, but for those that no instance counts.
 */
const LADDER: Readonly<
  Record<
    Exclude<DropReason, "too-short" | "unknown-virtual-router">,
    readonly [name: string, crafted: () => readonly Crafted[]]
  >
> = {
  "not-ready": ["WAITS", () => [good(58)]],
  "ah-missing": ["AH", () => [good(54, { authType: 2 })]],
  "ah-malformed": ["AH", () => [wrapped(1, "secret", 6)]],
  "ah-invalid": ["AH", () => [wrapped(1, "other")]],
  "ah-replay": ["AH", () => [wrapped(5), wrapped(5)]],
  truncated: ["V2", () => [good(51, { cut: 1 })]],
  length: ["V2", () => [good(51, { trailer: Buffer.alloc(7) })]],
  "hop-limit": ["V2", () => [good(51, { ttl: 254 })]],
  "ttl-window": ["UNI", () => [good(55, { ...UNICAST, ttl: 255 })]],
  version: ["V3", () => [good(52, { version: 2 })]],
  "auth-ext-missing": ["HMAC", () => [good(56, { version: 3 })]],
  "auth-ext-malformed": ["HMAC", () => [signed({}, (bytes) => bytes.writeUInt8(9, 0))]],
  "auth-ext-stale": ["HMAC", () => [signed({ seconds: now() - 100 })]],
  "auth-ext-unknown-key": ["HMAC", () => [signed({ keyId: 2 })]],
  "auth-ext-invalid": ["HMAC", () => [signed({ key: Buffer.alloc(32) })]],
  "auth-ext-replay": ["HMAC", () => [signed({ fine: 3 }), signed({ seconds: now() - 1, fine: 3 })]],
  "authentication-type": ["V2", () => [good(51, { authType: 1 })]],
  authentication: ["PASS", () => [good(53, { authType: 1, authData: "7365637265540000" })]],
  "advertisement-interval": ["V2", () => [good(51, { interval: 2 })]],
  type: ["V3", () => [good(52, { version: 3, type: 2 })]],
  checksum: ["V2", () => [good(51, { checksumError: 1 })]],
  destination: ["UNI", () => [good(55, { ttl: 252 })]],
  "owner-ignores": ["OWNER", () => [good(57)]],
  "own-packet": ["V2", () => [good(51, { source: "10.9.0.1" })]],
  "unicast-source": ["UNI", () => [good(55, { ...UNICAST, source: "10.9.0.3", ttl: 252 })]],
};
const REASONS = Object.entries(LADDER).map(([reason, [name, crafted]]) => ({ reason, name, crafted }));

interface Status {
  readonly vrrp: {
    readonly dropped: Readonly<Record<string, number>>;
    readonly instances: readonly {
      readonly name: string;
      readonly state: string;
      readonly masterAddress?: string;
      readonly statistics: { readonly dropped: Readonly<Record<string, number>> };
    }[];
  };
}

function ask(host: Host, director: Director, ...words: string[]): string {
  return host.run(process.execPath, BUOY, ...words, "--runtime-dir", director.runtimeDir);
}

test("every check drops what it is for, and says so", async () => {
  const lan = new Lan();
  try {
    const host = lan.addHost("one", { ipv4: "10.9.0.1/24" });
    const sender = lan.addHost("two", { ipv4: "10.9.0.2/24" });
    // Linux takes no packet from outside that claims to come from here, unless told so.
    host.run("sysctl", "-qw", "net.ipv4.conf.all.accept_local=1", "net.ipv4.conf.eth0.accept_local=1");
    host.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0");
    host.run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth2");
    const director = new Director("buoy", host);
    director.start(CONFIG);
    const status = (): Status => JSON.parse(ask(host, director, "status", "--json")) as Status;
    await waitFor("the instances", () => director.output.split("(init)").length > 6, {
      within: 8_000,
      detail: () => director.output,
    });
    // Whatever they hear first keeps them backups, and shows that a good packet passes.
    const accepted = [
      good(51),
      good(52, { version: 3 }),
      good(53, { authType: 1, authData: "7365637265740000" }),
      good(55, { ...UNICAST, ttl: 252 }),
    ];
    sendPackets(sender, host.mac(), accepted.map(packet));
    const packets = REASONS.flatMap(({ crafted }) => crafted().map(packet));
    // Too short for a message, and for a virtual router that we do not have.
    packets.push(packet({ cut: 13 }), packet({ vrid: 99 }));
    sendPackets(sender, host.mac(), packets);

    const seen = status();
    const droppedBy = new Map(seen.vrrp.instances.map(({ name, statistics }) => [name, statistics.dropped]));
    for (const { reason, name } of REASONS) {
      expect(droppedBy.get(name), `${reason} by ${name}`).toMatchObject({ [reason]: 1 });
    }
    expect(seen.vrrp.dropped).toEqual({ "too-short": 1, "unknown-virtual-router": 1 });
    const total = [...droppedBy.values()].flatMap((one) => Object.values(one)).reduce((a, b) => a + b, 0);
    expect(total, "each by one check only").toBe(REASONS.length);
    for (const name of ["V2", "V3", "PASS", "AH", "UNI", "HMAC"]) {
      const one = seen.vrrp.instances.find((candidate) => candidate.name === name);
      expect(one, name).toMatchObject({ state: "BACKUP", masterAddress: "10.9.0.2" });
    }

    const waits = seen.vrrp.instances.find(({ name }) => name === "WAITS");
    expect(waits, "neither listens nor speaks").toMatchObject({ state: "FAULT" });
    expect(waits?.masterAddress).toBeUndefined();
    const journal = ask(host, director, "journal");
    // An instance in FAULT says so itself: what it does not listen to is counted only.
    for (const { reason, name } of REASONS.filter((one) => one.reason !== "not-ready")) {
      expect(journal, "the journal").toMatch(new RegExp(`${name} dropped a packet from \\S+ \\(${reason}`));
    }
    expect(JSON.stringify(seen), "no secret is shown").not.toMatch(/:"secret"|303132333435363738/);
    await director.stop();
  } finally {
    lan.destroy();
  }
});

test("why names the packets that were dropped while nobody was heard", async () => {
  const lan = new Lan();
  try {
    const host = lan.addHost("one", { ipv4: "10.9.0.1/24" });
    const sender = lan.addHost("two", { ipv4: "10.9.0.2/24" });
    const director = new Director("buoy", host);
    director.start(instance("V2", 51, "version 2"));
    await waitFor("the instance", () => director.output.includes("(init)"), { within: 8_000 });
    sendPackets(sender, host.mac(), [packet(good(51, { ttl: 254 })), packet(good(51, { ttl: 254 }))]);
    await waitFor("mastership", () => host.holds("10.9.0.100"), { within: 8_000 });
    expect(ask(host, director, "why", "V2")).toMatch(/2 packets were dropped: hop-limit \(2\)/);
    await director.stop();
  } finally {
    lan.destroy();
  }
});

test("the packets called good have the right sums, as another program sees it", () => {
  const hex = packet(good(51)).toString("hex");
  const script = `
import struct
p = bytes.fromhex("${hex}")
def fold(b):
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return s
print(fold(p[:20]), fold(p[20:]))
`;
  expect(execFileSync("python3", ["-c", script], { encoding: "utf8" }).trim()).toBe("65535 65535");
});
