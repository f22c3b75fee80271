/** The whole daemon beside keepalived: the same configuration, the same events, the same table in the kernel. */
import type { MachineCase } from "../case.ts";

import { DAEMONS } from "../director/daemons.ts";
import { type Configuration, play } from "../director/play.ts";
import { SERVICES } from "../director/services.ts";
import { withTwins } from "../director/twins.ts";

/** Of the daemons' the first three only: the lists of differences of the others are not complete yet. */
const CONFIGURATIONS: readonly Configuration[] = [...SERVICES, ...DAEMONS.slice(0, 3)];

export const twinCases: readonly MachineCase[] = CONFIGURATIONS.map((configuration) => ({
  name: `twins: ${configuration.name}`,
  run: () => withTwins((twins) => play(twins, configuration)),
}));
