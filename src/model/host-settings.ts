/** What a configuration means for the host as a whole rather than for one instance: plain values, like those of `model.ts`. */
import type { Micros } from "../base/time.ts";

export interface HostSettings {
  /** Stay silent until the machine has been up for this long (`vrrp_delay_after_boot`), if `startupDelay` is over then. */
  readonly delayAfterBoot?: Micros;
  /** How long links must be up or down to count (`interface_up_down_delays`). */
  readonly linkDelays?: readonly LinkDelayModel[];
  /** Absent where every instance accepts packets to its addresses. */
  readonly firewall?: FirewallModel;
}

/** One line of `interface_up_down_delays`. */
export interface LinkDelayModel {
  readonly interface: string;
  readonly down: Micros;
  readonly up: Micros;
}

/** The nftables table that drops packets to and from the virtual addresses of masters with `no_accept`. */
export interface FirewallModel {
  readonly table: string;
  /** Hook priority of its chains. */
  readonly priority: number;
  readonly counters: boolean;
}
