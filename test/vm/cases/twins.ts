/** The whole daemon beside keepalived: the same configuration, the same events, the same table in the kernel. */
import type { MachineCase } from "../case.ts";

import { DAEMONS } from "../director/daemons.ts";
import { type Configuration, play } from "../director/play.ts";
import { SERVICES } from "../director/services.ts";
import { CHECKS } from "../director/sites/checks.ts";
import { FORWARDING } from "../director/sites/forwarding.ts";
import { POOLS } from "../director/sites/pools.ts";
import { withTwins } from "../director/twins.ts";

const CONFIGURATIONS: readonly Configuration[] = [
  ...SERVICES,
  ...DAEMONS,
  ...FORWARDING,
  ...POOLS,
  ...CHECKS,
];

export const twinCases: readonly MachineCase[] = CONFIGURATIONS.map((configuration) => ({
  name: `twins: ${configuration.name}`,
  run: () => withTwins((twins) => play(twins, configuration)),
}));
