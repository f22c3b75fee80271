/** How IPVS chooses a server for a connection: the kernel's modules, by their names there and in the configuration. */
export const SCHEDULERS = [
  "rr",
  "wrr",
  "lc",
  "wlc",
  "lblc",
  "lblcr",
  "sh",
  "mh",
  "dh",
  "fo",
  "ovf",
  "sed",
  "nq",
  "twos",
] as const;

export type Scheduler = (typeof SCHEDULERS)[number];
