/** Every case that needs the machine. */
import type { MachineCase } from "./case.ts";
import { bondCases } from "./cases/bond.ts";
import { dummyCases } from "./cases/dummy.ts";
import { forwardingCases } from "./cases/forwarding.ts";
import { ipvlanCases } from "./cases/ipvlan.ts";
import { ipvsCases } from "./cases/ipvs.ts";
import { twinCases } from "./cases/twins.ts";

export const CASES: readonly MachineCase[] = [
  ...bondCases,
  ...dummyCases,
  ...ipvlanCases,
  ...ipvsCases,
  ...forwardingCases,
  ...twinCases,
];
