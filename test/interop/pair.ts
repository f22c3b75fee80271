/** Two directors and a witness on one LAN, for every VRRP flavour: what the interop tests have in common. */
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";
import { WireLog } from "../support/wire-log.ts";

export type Flavour = "v2" | "v2-pass" | "v3-ipv4" | "v3-ipv6";

export const FLAVOURS: readonly Flavour[] = ["v2", "v2-pass", "v3-ipv4", "v3-ipv6"];

/** The first one is the intended master. */
export const COMBINATIONS: readonly (readonly [DirectorKind, DirectorKind])[] = [
  ["buoy", "keepalived"],
  ["keepalived", "buoy"],
  ["buoy", "buoy"],
];

export const VRID = 51;

export function virtualAddress(flavour: Flavour): string {
  return flavour === "v3-ipv6" ? "2001:db8::100" : "10.9.0.100";
}

export interface InstanceOptions {
  readonly priority: number;
  readonly interval?: number;
  /** Further lines of the instance. */
  readonly extra?: string;
}

export function instanceConfig(flavour: Flavour, options: InstanceOptions): string {
  const ipv6 = flavour === "v3-ipv6";
  const authentication =
    flavour === "v2-pass" ? "authentication {\n auth_type PASS\n auth_pass secret\n }" : "";
  return `
global_defs {
  router_id test
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id ${VRID}
  priority ${options.priority}
  advert_int ${options.interval ?? 1}
  version ${flavour.startsWith("v2") ? 2 : 3}
  ${authentication}
  virtual_ipaddress {
    ${ipv6 ? "fe80::5:1/64\n    2001:db8::100/64" : "10.9.0.100/24"}
  }
  ${options.extra ?? ""}
}
`;
}

/** Master_Down_Interval in seconds (RFC 9568 section 6.1; v2: RFC 3768). */
export function masterDownInterval(flavour: Flavour, priority: number, interval = 1): number {
  const skew = ((256 - priority) / 256) * (flavour.startsWith("v2") ? 1 : interval);
  return 3 * interval + skew;
}

export function skewTime(flavour: Flavour, priority: number, interval = 1): number {
  return masterDownInterval(flavour, priority, interval) - 3 * interval;
}

export class Pair {
  readonly flavour: Flavour;
  readonly lan: Lan;
  readonly one: Director;
  readonly two: Director;
  readonly wire: WireLog;

  private constructor(flavour: Flavour, lan: Lan, one: Director, two: Director, wire: WireLog) {
    this.flavour = flavour;
    this.lan = lan;
    this.one = one;
    this.two = two;
    this.wire = wire;
  }

  /** Builds the LAN and the witness; starts nobody. */
  static async create(flavour: Flavour, kinds: readonly [DirectorKind, DirectorKind]): Promise<Pair> {
    const lan = new Lan();
    try {
      const one = lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "2001:db8::1/64" });
      const two = lan.addHost("two", { ipv4: "10.9.0.2/24", ipv6: "2001:db8::2/64" });
      const witness = lan.addHost("witness", { ipv4: "10.9.0.3/24", ipv6: "2001:db8::3/64" });
      return new Pair(
        flavour,
        lan,
        new Director(kinds[0], one),
        new Director(kinds[1], two),
        await WireLog.start(witness),
      );
    } catch (error) {
      lan.destroy();
      throw error;
    }
  }

  async destroy(): Promise<void> {
    await this.wire.stop();
    this.lan.destroy();
  }

  get address(): string {
    return virtualAddress(this.flavour);
  }

  /** The address this director's advertisements come from. */
  sourceOf(director: Director): string {
    if (this.flavour !== "v3-ipv6") return director === this.one ? "10.9.0.1" : "10.9.0.2";
    const linkLocal = director.host
      .addresses()
      .find((held) => held.startsWith("fe80:") && !held.startsWith("fe80::5:1/"));
    return (linkLocal ?? "").split("/")[0] ?? "";
  }

  async waitForMaster(director: Director, within = 10_000): Promise<void> {
    const other = director === this.one ? this.two : this.one;
    await waitFor(
      `${director.host.name} (${director.kind}) to be the only master`,
      () => director.host.holds(this.address) && !other.host.holds(this.address),
      { within, detail: () => this.story() },
    );
  }

  /** What everybody printed and what was seen on the wire, for a failed test. */
  story(): string {
    return [
      `--- one (${this.one.kind})`,
      this.one.output.slice(-3000),
      `--- two (${this.two.kind})`,
      this.two.output.slice(-3000),
      "--- wire",
      ...this.wire.packets.slice(-20),
    ].join("\n");
  }

  hosts(): readonly Host[] {
    return [this.one.host, this.two.host];
  }
}

/** Runs a story with a pair of its own; a failure tells what both printed and what was on the wire. */
export async function withPair(
  flavour: Flavour,
  kinds: readonly [DirectorKind, DirectorKind],
  run: (pair: Pair) => Promise<void>,
): Promise<void> {
  const pair = await Pair.create(flavour, kinds);
  try {
    await run(pair);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${pair.story()}`, { cause: error });
  } finally {
    await pair.destroy();
  }
}
