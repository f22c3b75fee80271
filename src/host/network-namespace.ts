/** Named network namespaces, as `ip netns` keeps them. */
import { closeSync, openSync, statSync } from "node:fs";
import { enterNetworkNamespace, mountOwnSys, replaceProcess } from "./system.ts";

/** The file that stands for a namespace. */
export function namespaceFile(name: string): string {
  return `/run/netns/${name}`;
}

/** Whether this process runs in it. Throws Node's error where there is no such namespace. */
export function isInside(name: string): boolean {
  return isInsideFile(namespaceFile(name));
}

/** The same, by the file that stands for the namespace. */
export function isInsideFile(file: string): boolean {
  const here = statSync("/proc/self/ns/net");
  const there = statSync(file);
  return here.ino === there.ino && here.dev === there.dev;
}

/** Starts this program anew inside the namespace: the same process, whole. Returns only where it is inside already. */
export function restartInside(name: string): void {
  if (isInside(name)) return;
  enterNetworkNamespace(namespaceFile(name));
  mountOwnSys();
  replaceProcess([process.execPath, ...process.execArgv, ...process.argv.slice(1)], process.env);
}

/** Does something synchronous with the calling thread inside, and comes back. Only for the main thread. */
export function inside<T>(name: string, action: () => T): T {
  return insideFile(namespaceFile(name), action);
}

/** The same, by the file that stands for the namespace. */
export function insideFile<T>(file: string, action: () => T): T {
  const home = openSync("/proc/self/ns/net", "r");
  try {
    enterNetworkNamespace(file);
    try {
      return action();
    } finally {
      enterNetworkNamespace(`/proc/self/fd/${home}`);
    }
  } finally {
    closeSync(home);
  }
}
