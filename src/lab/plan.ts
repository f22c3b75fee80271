/** The lab's LAN: who is there, with which address. */

export interface HostPlan {
  readonly name: string;
  /** Address of its eth0 without prefix length, which is 24. */
  readonly address: string;
  readonly role: "director" | "server" | "client" | "shopper";
  /** The switch that its eth0 is plugged into; `lan` unless told. */
  readonly switch?: Switch;
  /** Address of an eth1 that is plugged into `back`. */
  readonly second?: string;
  readonly gateway?: string;
}

export type Switch = "lan" | "back";

export const DIRECTOR_1: HostPlan = { name: "director1", address: "10.7.0.1", role: "director" };
export const DIRECTOR_2: HostPlan = { name: "director2", address: "10.7.0.2", role: "director" };
export const WEB_1: HostPlan = { name: "web1", address: "10.7.0.11", role: "server" };
export const WEB_2: HostPlan = { name: "web2", address: "10.7.0.12", role: "server" };
export const CLIENT: HostPlan = { name: "client", address: "10.7.0.50", role: "client" };

export const HOSTS: readonly HostPlan[] = [DIRECTOR_1, DIRECTOR_2, WEB_1, WEB_2, CLIENT];

/** As in examples/nginx-ha. */
export const VIRTUAL_ADDRESS = "10.7.0.100";
export const INSTANCE = "VI_WEB";
export const PREFIX_LENGTH = 24;

/** UDP port on which directors say their name to whoever asks. */
export const ECHO_PORT = 7007;
export const WEB_PORT = 80;

/** How often the client asks. */
export const PROBE_EVERY_MS = 10;
export const HTTP_EVERY_MS = 50;
