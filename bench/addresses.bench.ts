/**
 * 1,000 virtual addresses of one instance taken over when the master's machine dies. What crosses the wire is written down as bytes
 * with the kernel's time stamps and read afterwards, and the capture must have lost nothing; what the kernel has of the addresses is
 * told by `ip monitor`. buoy and keepalived take over one after the other. The master is a keepalived that has the advertised address
 * alone: with all of them it would be silent for seconds at its start, and the backup master before it is to be.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { Director, type DirectorKind } from "../test/support/director.ts";
import { type Host, Lan } from "../test/support/lan.ts";
import { type CapturedFrame, readPcap } from "../test/support/pcap.ts";
import { pause, waitFor } from "../test/support/wait.ts";
import { median, table, writeSection } from "./results.ts";

const scale = Number(process.env.BUOY_BENCH_SCALE ?? "1");
const ROUNDS = Math.ceil(3 * scale);
const ADVERTISED = "10.9.0.100";
const OTHERS = Array.from({ length: 999 }, (_, n) => `10.40.${Math.floor(n / 250)}.${(n % 250) + 1}`);
const ADDRESSES = 1 + OTHERS.length;
/** keepalived has announced everything, five times, by then; what is repeated later (`garp_master_delay`) is put off. */
const WATCHED_MS = 10_000;
/** The kernel hands frames to tcpdump in blocks, the last one after a second; those that it has not handed over are lost in silence. */
const BLOCK_MS = 2_000;
/** Before everything else: a witness that waits for a processor sees nothing of what it is to measure. */
const AT_ONCE = ["chrt", "--fifo", "90"];

interface Setting {
  readonly backup: DirectorKind;
  readonly interval: number;
}

/** keepalived with so many addresses is silent for many times as long as a backup would wait at 0.1 s. */
const SETTINGS: readonly Setting[] = [
  { backup: "buoy", interval: 1 },
  { backup: "keepalived", interval: 1 },
  { backup: "buoy", interval: 0.1 },
];

/** Milliseconds from the first advertisement, and between two. */
interface Takeover {
  readonly lastInKernel: number;
  readonly firstAnnounced: number;
  readonly eachAnnounced: number;
  readonly lastAnnouncement: number;
  readonly longestGap: number;
}

test("1,000 addresses taken over", async () => {
  const samples = new Map<Setting, Takeover[]>(SETTINGS.map((setting) => [setting, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [setting, taken] of samples) taken.push(await takeOver(setting));
  }
  const rows = [...samples].map(([{ backup, interval }, taken]) => {
    const column = (pick: (one: Takeover) => number): string => median(taken.map(pick)).toFixed(0);
    return [
      `${backup}, ${interval} s`,
      String(taken.length),
      column(({ firstAnnounced }) => firstAnnounced),
      column(({ lastInKernel }) => lastInKernel),
      column(({ eachAnnounced }) => eachAnnounced),
      column(({ lastAnnouncement }) => lastAnnouncement),
      column(({ longestGap }) => longestGap),
    ];
  });
  const text = table(
    [
      "backup, advert_int",
      "rounds",
      "first announced",
      "last address in the kernel",
      "each announced once",
      "last announcement",
      "longest gap",
    ],
    rows,
  );
  process.stdout.write(`1,000 addresses taken over\n${text}\n`);
  writeSection(
    "addresses",
    "1,000 addresses taken over",
    `The machine of the master dies, and its backup takes over ${ADDRESSES} addresses. Milliseconds from the backup's first advertisement to its first gratuitous ARP, to the last address that its kernel has, to the first announcement of the last address, and to the last announcement of the burst; and the longest time between two of its advertisements in the ${WATCHED_MS} ms after the first, which is all of these where no second one came. Medians.\n\n${text}`,
  );
});

/** One takeover on a LAN of its own. */
async function takeOver({ backup, interval }: Setting): Promise<Takeover> {
  const lan = new Lan();
  const hosts = ["one", "two", "witness"].map((name, index) =>
    lan.addHost(name, { ipv4: `10.9.0.${index + 1}/24` }),
  );
  const [first, second, third] = hosts as [Host, Host, Host];
  try {
    const one = new Director("keepalived", first);
    const two = new Director(backup, second);
    one.start(configuration(200, interval, []));
    await waitFor("the master", () => first.holds(ADVERTISED), { within: 30_000, every: 200 });
    two.start(configuration(100, interval, OTHERS));
    await pause(9_000);
    expect(second.holds(ADVERTISED), "the backup is master already").toBe(false);
    const wire = await Capture.start(third);
    const kernel = await Monitor.start(second);
    lan.setCable(first, false);
    await waitFor("the takeover", () => second.addresses().length > ADDRESSES, {
      within: 60_000,
      every: 500,
      detail: () => two.output.slice(-2_000),
    });
    await pause(WATCHED_MS + BLOCK_MS);
    return measure(await wire.stop(), await kernel.stop(), second.mac());
  } finally {
    lan.destroy();
  }
}

/** What the backup has done, by the frames that carry its MAC. */
function measure(
  frames: readonly CapturedFrame[],
  added: ReadonlyMap<string, number>,
  mac: string,
): Takeover {
  const own = frames.filter(({ bytes }) => hex(bytes, 6, 12) === mac.replaceAll(":", ""));
  const adverts = own.filter(({ bytes }) => hex(bytes, 12, 14) === "0800").map(({ at }) => at);
  const begun = adverts[0] ?? 0;
  const end = begun + WATCHED_MS * 1_000;
  const announcements = own.filter((frame) => isAnnouncement(frame) && frame.at <= end);
  const told = new Map<string, number>();
  for (const { at, bytes } of announcements) {
    const address = hex(bytes, 28, 32);
    if (!told.has(address)) told.set(address, at);
  }
  expect(told.size, "announced addresses").toBe(ADDRESSES);
  expect(added.size, "addresses in the kernel").toBe(ADDRESSES);
  const seen = adverts.filter((at) => at <= end);
  // A silence that lasts until the end is one, too.
  const gaps = [...seen.slice(1), end].map((at, index) => at - (seen[index] ?? at));
  const after = (at: number): number => (at - begun) / 1_000;
  return {
    lastInKernel: after(Math.max(...added.values())),
    firstAnnounced: after(Math.min(...told.values())),
    eachAnnounced: after(Math.max(...told.values())),
    lastAnnouncement: after(Math.max(...announcements.map(({ at }) => at))),
    longestGap: Math.max(...gaps) / 1_000,
  };
}

/** ARP that says of its own sender where it is; one who asks for another is none. */
function isAnnouncement({ bytes }: CapturedFrame): boolean {
  return hex(bytes, 12, 14) === "0806" && hex(bytes, 28, 32) === hex(bytes, 38, 42);
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString("hex");
}

/** tcpdump that decodes nothing, with room for seconds of a busy wire. */
class Capture {
  readonly #process: ChildProcess;
  readonly #file: string;
  #said = "";

  private constructor(host: Host) {
    // Not in the host's own folder: tcpdump writes as a user of its own.
    this.#file = `/tmp/bench-addresses-${process.pid}.pcap`;
    const options = ["-i", "eth0", "-B", "65536", "-s", "256", "-w", this.#file, "ip proto 112 or arp"];
    this.#process = host.spawn([...AT_ONCE, "tcpdump", ...options]);
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
  }

  static async start(host: Host): Promise<Capture> {
    const capture = new Capture(host);
    await waitFor("tcpdump", () => capture.#said.includes("listening on"), { within: 10_000 });
    return capture;
  }

  /** All frames; that none is missing is what the kernel says. */
  async stop(): Promise<CapturedFrame[]> {
    this.#process.kill("SIGINT");
    await once(this.#process, "close");
    expect(this.#said, "what tcpdump says of losses").toContain("\n0 packets dropped by kernel");
    try {
      return readPcap(this.#file);
    } finally {
      rmSync(this.#file, { force: true });
    }
  }
}

/** When the kernel said that it has an address: microseconds since 1970, by address. */
class Monitor {
  readonly #process: ChildProcess;
  #text = "";

  private constructor(host: Host) {
    const command = ["ip", "-ts", "-o", "-4", "-rcvbuf", "8388608", "monitor", "address"];
    this.#process = host.spawn([...AT_ONCE, ...command]);
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
  }

  /** It is there when it tells of an address that comes and goes. */
  static async start(host: Host): Promise<Monitor> {
    const monitor = new Monitor(host);
    await waitFor(
      "ip monitor",
      () => {
        host.ip("addr add 127.0.0.9/32 dev lo", "addr del 127.0.0.9/32 dev lo");
        return monitor.#text.includes("127.0.0.9");
      },
      { within: 10_000, every: 200 },
    );
    return monitor;
  }

  async stop(): Promise<ReadonlyMap<string, number>> {
    this.#process.kill("SIGTERM");
    await once(this.#process, "close");
    const added = new Map<string, number>();
    for (const line of this.#text.split("\n")) {
      const [, stamp, address] = /^\[([^\]]+)\] \d+: eth0 +inet ([0-9.]+)\//.exec(line) ?? [];
      if (stamp !== undefined && address !== undefined && !added.has(address))
        added.set(address, microseconds(stamp));
    }
    return added;
  }
}

/** `2026-01-31T12:34:56.123456` in the zone of this process, whose milliseconds alone a Date keeps. */
function microseconds(stamp: string): number {
  const [whole = "", part = "0"] = stamp.split(".");
  return new Date(whole).getTime() * 1_000 + Number(part.padEnd(6, "0"));
}

function configuration(priority: number, interval: number, others: readonly string[]): string {
  return [
    "vrrp_instance VI_1 {",
    `  interface eth0\n  virtual_router_id 51\n  version 3\n  priority ${priority}\n  advert_int ${interval}\n  garp_master_delay 60`,
    `  virtual_ipaddress {\n    ${ADVERTISED}/24\n  }`,
    `  virtual_ipaddress_excluded {\n${others.map((address) => `    ${address}/32`).join("\n")}\n  }`,
    "}\n",
  ].join("\n");
}
