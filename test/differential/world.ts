/** One of two equal worlds: a subject under test, and keepalived as its peer on two LANs. */
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { type CapturedFrame, parsePcap } from "../support/pcap.ts";
import { waitFor } from "../support/wait.ts";
import { CAPTURE_FILTER } from "./wire.ts";

const execute = promisify(execFile);

/** Interfaces whose frames are compared; eth2 and eth3 lead nowhere. */
const LANS = ["eth0", "eth1"] as const;

/** Many worlds begin at once, and setting one up holds up the others. */
const PATIENCE_MS = 90_000;

/** What the kernel holds for the subject, by aspect, each as sorted lines. */
export type KernelState = Readonly<Record<"addresses" | "routes" | "rules" | "accept", readonly string[]>>;

interface Capture {
  readonly process: ChildProcess;
  readonly chunks: Buffer[];
}

export class World {
  readonly lan = new Lan();
  readonly subject: Director;
  readonly #peerHost: Host;
  #peer: Director | undefined;
  #peers = 0;
  #captures: readonly Capture[] = [];

  constructor(kind: DirectorKind) {
    const host = this.#addHost("one", 1);
    this.#peerHost = this.#addHost("peer", 2);
    this.subject = new Director(kind, host);
    writeFileSync(this.healthFile, "");
    writeFileSync(this.notifyLog, "");
    const recorder = `#!/bin/sh\necho "$*" >>${this.notifyLog}\n`;
    host.writeFile("record.sh", recorder, 0o755);
  }

  /** Equal hardware addresses in both worlds make everything that is derived from them equal too. */
  #addHost(name: string, number: 1 | 2): Host {
    const host = this.lan.addHost(name);
    const port = `x-${name}`;
    this.lan.switch(
      "ip",
      "link",
      "add",
      port,
      "type",
      "veth",
      "peer",
      "name",
      "eth1",
      "netns",
      host.namespace,
    );
    const lines = LANS.flatMap((device, index) => [
      `link set ${device} down`,
      `link set ${device} address 02:00:00:00:0${index}:0${number} up`,
    ]);
    lines.push("link add eth2 type veth peer name eth3");
    for (const end of [2, 3]) lines.push(`link set eth${end} address 02:00:00:00:0${end}:0${number} up`);
    const addresses = ["10.9.0", "192.168.200", "192.168.100"].map((net) => `${net}.${number}/24 dev eth0`);
    addresses.push(`2001:db8::${number}/64 dev eth0 nodad`, `192.168.201.${number}/24 dev eth1`);
    lines.push(...addresses.map((address) => `addr add ${address}`));
    host.ip(...lines);
    if (number === 1) this.lan.switch("ip", "link", "add", "br1", "type", "bridge", "forward_delay", "0");
    this.lan.switch("ip", "link", "set", port, "master", "br1", "up");
    if (number === 1) this.lan.switch("ip", "link", "set", "br1", "up");
    return host;
  }

  /** Exists while the subject is healthy. */
  get healthFile(): string {
    return this.subject.host.path("health");
  }

  get notifyLog(): string {
    return this.subject.host.path("notify");
  }

  /** A configuration with this world's paths in it. */
  localise(config: string): string {
    return config
      .replaceAll("@RECORD@", this.subject.host.path("record.sh"))
      .replaceAll("@HEALTH@", this.healthFile);
  }

  async beginCapture(): Promise<void> {
    this.#captures = LANS.map((device) => {
      const words = ["tcpdump", "-i", device, "-Q", "out", "-U", "-w", "-", CAPTURE_FILTER];
      const process = this.subject.host.spawn(words);
      const chunks: Buffer[] = [];
      process.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
      return { process, chunks };
    });
    await waitFor("the captures to run", () => this.#captures.every(({ chunks }) => chunks.length > 0), {
      within: PATIENCE_MS,
    });
  }

  /** What was sent, each LAN by itself. */
  async endCapture(): Promise<readonly (readonly CapturedFrame[])[]> {
    for (const { process } of this.#captures) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      process.kill("SIGINT");
      await once(process, "close");
    }
    return this.#captures.map(({ chunks }) => parsePcap(Buffer.concat(chunks)));
  }

  async start(config: string): Promise<void> {
    this.subject.start(this.localise(config));
    await entered(this.subject);
  }

  reload(config: string): void {
    this.subject.host.writeFile(`${this.subject.kind}.conf`, this.localise(config));
    this.subject.signal("SIGHUP");
  }

  async startPeer(config: string): Promise<void> {
    // Files of its own for each life.
    const host = Object.assign(Object.create(this.#peerHost) as Host, { name: `peer${this.#peers++}` });
    const peer = new Director("keepalived", host);
    this.#peer = peer;
    peer.start(config);
    await entered(peer);
  }

  async stopPeer(): Promise<void> {
    await this.#peer?.stop();
    this.#peer = undefined;
  }

  async kernelState(): Promise<KernelState> {
    const commands = [
      "ip -o addr show",
      "ip route show table all; ip -6 route show table all",
      "ip rule; ip -6 rule",
      "nft list ruleset",
    ];
    const { stdout } = await execute(
      "ip",
      ["netns", "exec", this.subject.host.namespace, "sh", "-c", commands.join("; echo =; ")],
      { maxBuffer: 16 * 1024 * 1024 },
    );
    const [addresses = "", routes = "", rules = "", accept = ""] = stdout.split(/^=\n/m);
    return {
      addresses: sortedLines(addresses),
      routes: sortedLines(routes),
      rules: sortedLines(rules),
      accept: setElements(accept),
    };
  }

  notifyCalls(): readonly string[] {
    return readFileSync(this.notifyLog, "utf8").split("\n").filter(Boolean);
  }

  setHealthy(healthy: boolean): void {
    if (healthy) writeFileSync(this.healthFile, "");
    else rmSync(this.healthFile, { force: true });
  }

  destroy(): void {
    this.lan.destroy();
  }
}

async function entered(director: Director): Promise<void> {
  await waitFor("a daemon's first state", () => / Entering \w+ STATE/.test(director.output), {
    within: PATIENCE_MS,
    detail: () => director.output,
  });
}

function sortedLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim().replace(/\s+/g, " "))
    .filter(Boolean)
    .sort();
}

/** Addresses in the sets of any table: how the tables are named and built is each program's own affair. */
function setElements(ruleset: string): string[] {
  const found = [...ruleset.matchAll(/elements = \{([^}]*)\}/g)];
  const elements = found.flatMap(([, list = ""]) => list.split(",").map((element) => element.trim()));
  return elements.filter((element) => /\d\.\d|:.*:/.test(element)).sort();
}
