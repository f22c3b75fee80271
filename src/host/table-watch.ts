/** Hears of nftables tables that are removed, by whomever. */
import { splitMessages } from "../wire/netlink/message.ts";
import { decodeTable } from "../wire/netlink/nftables.ts";
import {
  NETLINK_NETFILTER,
  NFNL_SUBSYS_NFTABLES,
  NFNLGRP_NFTABLES,
  NFT_MSG_DELTABLE,
} from "../wire/netlink/nftables-constants.ts";
import { hostNumber } from "../wire/netlink/nftables-expressions.ts";
import type { Loop } from "./loop.ts";
import { check, errnoName, native } from "./native.ts";

export interface TableWatch {
  close(): void;
}

const RECEIVE_BUFFER = 1 << 18;
const DATAGRAM = 1 << 16;
const DATAGRAMS_A_TURN = 16;
/** Of the port in a message's header. */
const PORT_OFFSET = 12;
const DELTABLE = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELTABLE;

/**
 * Calls back with the name of a table that is gone, and with undefined where news were lost. What is done through the socket
 * with the port `except` is no news: a large change of ours would fill the buffer with itself. Throws SystemError.
 */
export function watchTables(
  loop: Loop,
  gone: (name: string | undefined) => void,
  except?: number,
): TableWatch {
  const groups = 1 << (NFNLGRP_NFTABLES - 1);
  const fd = check("netlink", "nftables", native.netlinkOpen(NETLINK_NETFILTER, groups, RECEIVE_BUFFER));
  if (except !== undefined) check("SO_ATTACH_FILTER", "nftables", native.attachFilter(fd, notFrom(except)));
  const buffer = new Uint8Array(DATAGRAM);
  let open = true;
  const registration = loop.onReadable(fd, () => {
    for (let taken = 0; open && taken < DATAGRAMS_A_TURN; taken++) {
      const length = native.receive(fd, buffer);
      if (length < 0 && errnoName(length) === "EAGAIN") return;
      if (length < 0 && errnoName(length) !== "ENOBUFS") check("recv", "nftables", length);
      if (length < 0 || length > DATAGRAM) {
        gone(undefined);
        continue;
      }
      for (const message of splitMessages(buffer.subarray(0, length))) {
        const table = message.type === DELTABLE ? decodeTable(message) : undefined;
        if (table !== undefined) gone(table.name);
      }
    }
  });
  return {
    close(): void {
      if (!open) return;
      open = false;
      registration.close();
      native.close(fd);
    },
  };
}

/** The kernel puts the news of one transaction together: the port in the first of them is that of all. */
function notFrom(port: number): Uint32Array {
  const LOAD_WORD = 0x20;
  const JUMP_EQUAL = 0x15;
  const RETURN = 0x06;
  // Loads are in network byte order, netlink is in the host's.
  const inNetworkOrder = hostNumber(port).reduce((number, byte) => number * 0x100 + byte, 0);
  return Uint32Array.of(
    ...[LOAD_WORD, 0, 0, PORT_OFFSET],
    ...[JUMP_EQUAL, 0, 1, inNetworkOrder],
    ...[RETURN, 0, 0, 0],
    ...[RETURN, 0, 0, 0xffff_ffff],
  );
}
