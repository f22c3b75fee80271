/** Reads what may stand in the way of forwarded packets, in the network namespace of this thread. */
import { readFileSync } from "node:fs";
import type { PassageFacts, StrictChain } from "../supervise/passage.ts";
import type { NetlinkMessage } from "../wire/netlink/message.ts";
import { splitMessages } from "../wire/netlink/message.ts";
import { NETLINK_NETFILTER } from "../wire/netlink/nftables-constants.ts";
import {
  type BaseChainFact,
  decodeBaseChain,
  decodeFilterRule,
  encodeChainDump,
  encodeFilterDump,
} from "../wire/netlink/nftables-filters.ts";
import type { Loop } from "./loop.ts";
import { SystemError } from "./native.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";
import { openNetlinkWriter } from "./netlink-writer.ts";

const QUEUE_LIMIT = 64;

export function readForwarding(): PassageFacts["forwarding"] {
  const isOn = (path: string): boolean | undefined => {
    const value = numberIn(path);
    return value === undefined ? undefined : value !== 0;
  };
  return {
    ipv4: isOn("/proc/sys/net/ipv4/ip_forward"),
    ipv6: isOn("/proc/sys/net/ipv6/conf/all/forwarding"),
  };
}

export function readTracked(): PassageFacts["tracked"] {
  const count = numberIn("/proc/sys/net/netfilter/nf_conntrack_count");
  const limit = numberIn("/proc/sys/net/netfilter/nf_conntrack_max");
  return count === undefined || limit === undefined ? undefined : { count, limit };
}

function numberIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    // A kernel without it, or a /proc that hides it.
    return undefined;
  }
}

/**
 * Chains that drop what is forwarded. One whose table asks for translated connections anywhere, as that of firewalld does,
 * counts as open; where nothing can be read, there are none.
 */
export function readStrictChains(loop: Loop, done: (chains: readonly StrictChain[]) => void): void {
  let writer: NetlinkWriter;
  try {
    writer = openNetlinkWriter(loop, QUEUE_LIMIT, NETLINK_NETFILTER);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    queueMicrotask(() => done([]));
    return;
  }
  ask(writer, encodeChainDump, (messages) => {
    const facts = messages.flatMap((message) => decodeBaseChain(message) ?? []);
    const dropping = facts.filter(({ forwards, drops }) => forwards && drops);
    withoutOpened(writer, dropping, [], (chains) => {
      writer.close();
      done(chains.map(({ family, table, chain }) => ({ family, table, chain })));
    });
  });
}

function withoutOpened(
  writer: NetlinkWriter,
  [first, ...others]: readonly BaseChainFact[],
  kept: readonly BaseChainFact[],
  done: (chains: readonly BaseChainFact[]) => void,
): void {
  if (first === undefined) {
    done(kept);
    return;
  }
  ask(
    writer,
    (sequence) => encodeFilterDump(first.family, first.table, sequence),
    (rules) =>
      withoutOpened(
        writer,
        others,
        rules.some((rule) => decodeFilterRule(rule)?.asksStatus === true) ? kept : [...kept, first],
        done,
      ),
  );
}

function ask(
  writer: NetlinkWriter,
  encode: (sequence: number) => Uint8Array,
  done: (messages: readonly NetlinkMessage[]) => void,
): void {
  const sequence = writer.nextSequence();
  writer.submit("nftables: list", "filters", sequence, encode(sequence), (_, reply) =>
    done(splitMessages(reply)),
  );
}
