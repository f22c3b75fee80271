/** Keywords of `bfd_instance`. */
import { block, flag, integer, rest, row, span, weight, works } from "./row.ts";

const interval = span(1, 4294967, 3, "ms");
/** Read where the meaning is made: a link-local address may name its interface. */
const zonedAddress = rest("ADDRESS[%INTERFACE]");

export const BFD_ROWS = block("bfd_instance", "bfd", [
  row("source_ip", [zonedAddress], works("bfd.source"), "Our address.", { default: "the kernel's choice" }),
  row("neighbor_ip", [zonedAddress], works("bfd.neighbour"), "The peer's address."),
  row("neighbour_ip", [zonedAddress], works("bfd.neighbour"), "The same in British spelling."),
  row("min_rx", [interval], works("bfd.requiredMinRx"), "Fastest we want to receive, in milliseconds.", {
    default: "10",
  }),
  row("min_tx", [interval], works("bfd.desiredMinTx"), "Fastest we want to send, in milliseconds.", {
    default: "10",
  }),
  row(
    "idle_tx",
    [span(1000, 4294967, 3, "ms")],
    works("bfd.idleTx"),
    "Sending interval while not Up, in milliseconds.",
    { default: "1000" },
  ),
  row("multiplier", [integer(1, 255)], works("bfd.multiplier"), "Intervals missed until Down.", {
    default: "5",
  }),
  row("passive", [], works("bfd.passive"), "Wait for the peer to begin.", { default: "off" }),
  row("ttl", [integer(1, 255)], works("bfd.hopLimit"), "TTL sent and expected.", { default: "255" }),
  row("hoplimit", [integer(1, 255)], works("bfd.hopLimit"), "The same under IPv6's name.", { default: "64" }),
  row("max_hops", [integer(-1, 255)], works("bfd.maxHops"), "Hops tolerated; -1 checks none.", {
    default: "0",
  }),
  row("multihop", [flag], works("bfd.multihop"), "Across routers, port 4784.", {
    since: "2.2.8",
    default: "off",
  }),
  row("weight", [weight(-253, 253)], works("bfd.weight"), "Weight where an instance follows it.", {
    default: "0",
  }),
  row("vrrp", [], works("bfd.tellsVrrp"), "Tell VRRP instances only.", { default: "both" }),
  row("checker", [], works("bfd.tellsChecker"), "Tell checkers only.", { default: "both" }),
]);
