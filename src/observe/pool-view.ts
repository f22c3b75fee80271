/** What is shown of services and servers. */

/** The data plane in use, and why it is that one. */
export interface PlaneStatus {
  /** `IPVS 1.2.1`, `nftables`, or `none`. */
  readonly name: string;
  readonly why: string;
}
