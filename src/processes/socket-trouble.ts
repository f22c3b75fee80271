/** What follows from a socket that the system refused, and what to do about it. */
import type { OsError } from "../base/result.ts";
import type { SupervisorEvent } from "../observe/journal-entry.ts";

type Trouble = Omit<SupervisorEvent & { readonly kind: "Degraded" }, "kind">;

export function vrrpTrouble({ call, errno, subject }: OsError): Trouble {
  return {
    what: `${call} ${subject}: ${errno}`,
    consequence: "advertisements or announcements do not leave by this way",
    remedy:
      errno === "EPERM"
        ? "run as root, or with CAP_NET_RAW and CAP_NET_ADMIN"
        : "look at the interface and the firewall",
  };
}

export function bfdTrouble({ call, errno, subject }: OsError): Trouble {
  return {
    what: `${call} ${subject}: ${errno}`,
    consequence: "the session does not come up, or fails",
    remedy:
      errno === "EADDRINUSE"
        ? "another BFD daemon runs here: end it"
        : "look at source_ip, at the route to neighbor_ip and at the firewall",
  };
}
