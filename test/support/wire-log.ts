/**
 * What crosses the LAN as tcpdump on a third host decodes it. Nothing here uses buoy's codecs: tcpdump is the witness.
 */
import type { Host } from "./lan.ts";
import { Tcpdump } from "./tcpdump.ts";

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

/** Room for seconds of a busy wire: a test that waits for a command in its own process reads nothing meanwhile. */
const ROOM = ["-s", "2048", "-B", "8192"];
const FILTER = "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or (icmp6 and ip6[40] == 136)";

export class WireLog {
  readonly advertisements: SeenAdvertisement[] = [];
  readonly announcements: SeenAnnouncement[] = [];
  /** Every packet's text as it came, for failure messages. */
  readonly packets: string[] = [];
  #dump: Tcpdump | undefined;
  #packet = "";

  private constructor() {}

  /** Starts the capture and waits until it runs. */
  static async start(host: Host, device = "eth0"): Promise<WireLog> {
    const log = new WireLog();
    const options = ["-i", device, ...ROOM, "-tt", "-e", "-vvv", FILTER];
    log.#dump = await Tcpdump.start(host, options, (line) => log.#read(line));
    return log;
  }

  async stop(): Promise<void> {
    await this.#dump?.stop();
    this.#flush();
  }

  advertisementsFrom(source: string): SeenAdvertisement[] {
    return this.advertisements.filter((seen) => seen.source === source);
  }

  /** A packet begins at the line's start; its further lines are indented. */
  #read(line: string): void {
    if (/^\d/.test(line)) this.#flush();
    this.#packet += `${line}\n`;
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
