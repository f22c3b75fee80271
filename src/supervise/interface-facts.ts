/** What interfaces there are, and what we have changed of them. */
import type { IpAddress } from "../base/ip.ts";
import type { MacAddress } from "../base/mac.ts";
import type { VirtualInterfaceModel } from "../model/model.ts";

/** Settings of IPv4 that an interface has for itself. */
export type Setting = "rp_filter" | "arp_filter" | "arp_ignore" | "promote_secondaries" | "accept_local";

/** An interface as it is. */
export interface FoundLink {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
  readonly mac: MacAddress | undefined;
  readonly master?: number;
  readonly parent?: number;
  readonly linkInfoKind?: string;
  readonly mode?: VirtualInterfaceModel["mode"];
  readonly group?: number;
  readonly addressGeneration?: number;
  readonly ipv4?: Readonly<Record<Setting, number>>;
}

export interface Found {
  readonly links: readonly FoundLink[];
  readonly addresses: readonly {
    readonly index: number;
    readonly address: IpAddress;
    readonly prefixLength: number;
  }[];
  /** Values of `sysctlsOfInterest`, by path; undefined where there is none. */
  readonly sysctls: ReadonlyMap<string, number | undefined>;
}

/** What was changed and is to be undone in the end: survives the process that changed it. Plain values. */
export interface InterfaceHoldings {
  /** Index 0: about to be made. */
  readonly created: readonly { readonly name: string; readonly index: number }[];
  /** What settings of interfaces that are not ours were before. */
  readonly settings: readonly OriginalSetting[];
  readonly sysctls: readonly { readonly path: string; readonly value: number }[];
}

export interface OriginalSetting {
  readonly name: string;
  readonly index: number;
  readonly setting: Setting;
  readonly value: number;
}

export const NO_HOLDINGS: InterfaceHoldings = { created: [], settings: [], sysctls: [] };
