/** Whether this process could use IPVS, from files alone: nothing is loaded and nobody is asked. */
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";

/** Of whom the machine's own user namespace has as many, from 0 on. */
const ALL_USERS = 0xffff_ffff;

/** False where the kernel has no such module, or where only the machine itself may use it. */
export function mayUseIpvs(): boolean {
  if (!isFirstUserNamespace(readOr("/proc/self/uid_map", ""))) return false;
  if (existsSync("/proc/net/ip_vs")) return true;
  const modules = `/lib/modules/${release()}`;
  return ["modules.dep", "modules.builtin"].some((list) =>
    /(^|\/)ip_vs\.ko/m.test(readOr(`${modules}/${list}`, "")),
  );
}

/** IPVS asks for privileges over the machine, which a user namespace does not give. */
export function isFirstUserNamespace(map: string): boolean {
  const [inside, outside, count] = map.trim().split(/\s+/).map(Number);
  return inside === 0 && outside === 0 && count === ALL_USERS;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
