/** Keywords of `bfd_instance`. */
import { address, block, COVERED, flag, integer, row, span, weight } from "./row.ts";

const interval = span(1, 4294967, 3, "ms");

export const BFD_ROWS = block("bfd_instance", "bfd", [
  row("source_ip", [address], COVERED, "Our address.", { default: "the kernel's choice" }),
  row("neighbor_ip", [address], COVERED, "The peer's address."),
  row("neighbour_ip", [address], COVERED, "The same in British spelling."),
  row("min_rx", [interval], COVERED, "Fastest we want to receive, in milliseconds.", { default: "10" }),
  row("min_tx", [interval], COVERED, "Fastest we want to send, in milliseconds.", { default: "10" }),
  row("idle_tx", [span(1000, 4294967, 3, "ms")], COVERED, "Sending interval while not Up, in milliseconds.", {
    default: "1000",
  }),
  row("multiplier", [integer(1, 255)], COVERED, "Intervals missed until Down.", { default: "5" }),
  row("passive", [], COVERED, "Wait for the peer to begin.", { default: "off" }),
  row("ttl", [integer(1, 255)], COVERED, "TTL sent and expected.", { default: "255" }),
  row("hoplimit", [integer(1, 255)], COVERED, "The same under IPv6's name.", { default: "64" }),
  row("max_hops", [integer(-1, 255)], COVERED, "Hops tolerated; -1 checks none.", { default: "0" }),
  row("multihop", [flag], COVERED, "Across routers, port 4784.", { since: "2.2.8", default: "off" }),
  row("weight", [weight(-253, 253)], COVERED, "Weight where an instance follows it.", { default: "0" }),
  row("vrrp", [], COVERED, "Tell the VRRP process only.", { default: "both" }),
  row("checker", [], COVERED, "Tell the checker process only.", { default: "both" }),
]);
