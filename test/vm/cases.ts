/** Every case that needs the machine. */
import type { MachineCase } from "./case.ts";
import { bondCases } from "./cases/bond.ts";
import { checkDumpCases } from "./cases/check-dump.ts";
import { dummyCases } from "./cases/dummy.ts";
import { forwardingCases } from "./cases/forwarding.ts";
import { ipvlanCases } from "./cases/ipvlan.ts";
import { ipvsCases } from "./cases/ipvs.ts";
import { lvsDrCases } from "./cases/lvs-dr.ts";
import { twinCases } from "./cases/twins.ts";
import { verdictCases } from "./cases/verdicts.ts";

export const CASES: readonly MachineCase[] = [
  ...bondCases,
  ...checkDumpCases,
  ...dummyCases,
  ...ipvlanCases,
  ...ipvsCases,
  ...forwardingCases,
  ...twinCases,
  ...verdictCases,
  ...lvsDrCases,
];
