/** What it means where the system refused a step towards the interfaces that are wanted. */
import type { InterfaceStep } from "./interface-plan.ts";
import { LOCAL_IGMP } from "./interface-wishes.ts";

/** What follows where a step was refused or had no effect, and what the operator can do about it. */
export function consequenceOf(step: InterfaceStep): {
  readonly consequence: string;
  readonly remedy: string;
} {
  const asRoot = "run as root, or with CAP_NET_ADMIN";
  switch (step.kind) {
    case "create":
      return {
        consequence: `what needs ${step.link.name} stays in FAULT`,
        remedy: `${asRoot}; the kernel needs its module ${step.link.kind}, and ${step.link.base} must not be a port of a bridge`,
      };
    case "remove":
      return { consequence: `${step.name} stays behind`, remedy: `remove it: ip link delete ${step.name}` };
    case "address":
      return { consequence: "the instance has no address to speak from", remedy: asRoot };
    case "sysctl":
      return consequenceOfSysctl(step.path, step.value);
    case "change": {
      if (step.up === true) return { consequence: "what needs it stays in FAULT", remedy: asRoot };
      const settings = Object.entries(step.ipv4 ?? {})
        .map(([setting, value]) => `net.ipv4.conf.${step.name}.${setting}=${value}`)
        .join(" ");
      return {
        consequence: "virtual addresses may be answered for with the wrong MAC, or their packets dropped",
        remedy: settings === "" ? asRoot : `${asRoot}, or set it yourself: sysctl ${settings}`,
      };
    }
  }
}

function consequenceOfSysctl(
  path: string,
  value: number,
): { readonly consequence: string; readonly remedy: string } {
  const remedy = `set it where /proc/sys may be written (outside of the container): sysctl ${path.replaceAll("/", ".")}=${value}`;
  if (path.endsWith("rp_filter")) {
    return { consequence: "packets to virtual addresses on a VMAC may be dropped as martians", remedy };
  }
  if (path === LOCAL_IGMP) return { consequence: "IGMP reports for groups of the link go on", remedy };
  return {
    consequence: "a backup may be heard with the virtual MAC, and switches then send to the wrong port",
    remedy,
  };
}
