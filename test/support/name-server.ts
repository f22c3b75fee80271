/** A real DNS server that knows what it is told, asks nobody, and reads nothing of the machine's. */
import type { Host } from "./lan.ts";

/** `words` are further options of dnsmasq. */
export function startNameServer(host: Host, ...words: readonly string[]): void {
  const nothing = ["--no-resolv", "--no-hosts", "-C", "/dev/null", "-x", ""];
  host.spawn(["dnsmasq", "-u", "root", "-k", ...nothing, ...words]);
}
