/**
 * What crosses the LAN as tcpdump on a third host decodes it. Nothing here uses buoy's codecs: tcpdump is the witness.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Host } from "./lan.ts";

export interface SeenAdvertisement {
  /** Seconds since the epoch, the kernel's time stamp of the frame. */
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly version: number;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly ttl: number;
  readonly badChecksum: boolean;
  /** The whole text. */
  readonly text: string;
}

export interface SeenAnnouncement {
  readonly at: number;
  readonly address: string;
  readonly mac: string;
  readonly text: string;
}

export class WireLog {
  readonly #process: ChildProcess;
  readonly advertisements: SeenAdvertisement[] = [];
  readonly announcements: SeenAnnouncement[] = [];
  /** Every packet's text as it came, for failure messages. */
  readonly packets: string[] = [];
  #pending = "";
  #packet = "";

  private constructor(child: ChildProcess) {
    this.#process = child;
    child.stdout?.on("data", (chunk: Buffer) => this.#read(chunk.toString()));
  }

  /** Starts the capture and waits until it runs. */
  static async start(host: Host, device = "eth0"): Promise<WireLog> {
    const filter = "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or (icmp6 and ip6[40] == 136)";
    // Room for seconds of a busy wire: a test that waits for a command in its own process reads nothing meanwhile.
    const room = ["-s", "2048", "-B", "8192"];
    const child = host.spawn([
      "tcpdump",
      ...["-i", device, ...room, "-U", "-l", "-nn", "-tt", "-e", "-vvv", filter],
    ]);
    const log = new WireLog(child);
    await new Promise<void>((resolve, reject) => {
      let text = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("listening on")) resolve();
      });
      child.once("exit", () => reject(new Error(`tcpdump ended: ${text}`)));
    });
    return log;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill("SIGINT");
      await once(this.#process, "exit");
    }
    this.#flush();
  }

  advertisementsFrom(source: string): SeenAdvertisement[] {
    return this.advertisements.filter((seen) => seen.source === source);
  }

  /** A packet begins at the line's start; its further lines are indented. */
  #read(text: string): void {
    this.#pending += text;
    const lines = this.#pending.split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) {
      if (/^\d/.test(line)) this.#flush();
      this.#packet += `${line}\n`;
    }
  }

  #flush(): void {
    const text = this.#packet;
    this.#packet = "";
    if (text === "") return;
    this.packets.push(text);
    const at = Number(/^(\d+\.\d+)/.exec(text)?.[1]);
    if (/VRRPv\d/.test(text)) {
      const advertisement = parseAdvertisement(at, text);
      if (advertisement !== undefined) this.advertisements.push(advertisement);
    } else {
      const announcement = parseAnnouncement(at, text);
      if (announcement !== undefined) this.announcements.push(announcement);
    }
  }
}

function parseAdvertisement(at: number, text: string): SeenAdvertisement | undefined {
  const addresses =
    /(\S+) > (\S+): (?:AH\([^)]*\([^)]*\)[^)]*\): )?(?:vrrp (\S+) > (\S+): )?VRRPv(\d), Advertisement, (?:\(ttl (\d+)\), )?vrid (\d+), prio (\d+)/.exec(
      text.replace(/\n\s*/g, " "),
    );
  if (addresses === null) return undefined;
  const [, source, destination, innerSource, innerDestination, version, ttl, vrid, priority] = addresses;
  const hopLimit = ttl ?? /ttl (\d+)/.exec(text)?.[1] ?? /hlim (\d+)/.exec(text)?.[1] ?? "255";
  return {
    at,
    source: innerSource ?? source ?? "",
    destination: innerDestination ?? destination ?? "",
    version: Number(version),
    virtualRouterId: Number(vrid),
    priority: Number(priority),
    ttl: Number(hopLimit),
    badChecksum: /bad (vrrp )?cksum/i.test(text),
    text,
  };
}

function parseAnnouncement(at: number, text: string): SeenAnnouncement | undefined {
  const arp =
    /([0-9a-f:]{17}) > ([0-9a-f:]{17}).*?(?:Request who-has (\S+?)(?: \([0-9a-f:]+\))? tell (\S+?),|Reply (\S+) is-at ([0-9a-f:]{17}))/s.exec(
      text,
    );
  if (arp !== null) {
    const [, frameMac, , wanted, teller, replied, repliedMac] = arp;
    const address = replied ?? (wanted === teller ? wanted : undefined);
    if (address !== undefined) return { at, address, mac: repliedMac ?? frameMac ?? "", text };
  }
  const advertised =
    /tgt is ([0-9a-f:]+).*?destination link-address option \(2\), length 8 \(1\): ([0-9a-f:]{17})/s.exec(
      text,
    );
  if (advertised !== null) return { at, address: advertised[1] ?? "", mac: advertised[2] ?? "", text };
  return undefined;
}
