/** Every case that needs the machine. */
import type { MachineCase } from "./case.ts";
import { bondCases } from "./cases/bond.ts";
import { dummyCases } from "./cases/dummy.ts";

export const CASES: readonly MachineCase[] = [...bondCases, ...dummyCases];
