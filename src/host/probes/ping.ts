/** PING_CHECK: an echo comes back. By the kernel's own ICMP sockets, which need no privilege; else by a raw one. */
import { randomBytes, randomInt } from "node:crypto";
import { familyOf } from "../../base/ip.ts";
import type { ProbeModel, Target } from "../../model/director-models.ts";
import { encodeEchoMessage, isEchoReply } from "../../wire/echo-message.ts";
import type { Loop } from "../loop.ts";
import { SystemError } from "../native.ts";
import { SOCK_DGRAM, SOCK_RAW } from "../socket.ts";
import type { Attempt } from "./attempt.ts";
import { type Datagrams, type DatagramUser, openDatagrams } from "./datagrams.ts";
import { IPPROTO_ICMP, IPPROTO_ICMPV6 } from "./target-socket.ts";

const TOKEN_LENGTH = 16;

export function startPing(loop: Loop, probe: Extract<ProbeModel, { kind: "ping" }>, attempt: Attempt): void {
  const { target } = probe;
  const family = familyOf(target.address);
  const token = randomBytes(TOKEN_LENGTH);
  const socket = openEcho(loop, target, family === "ipv4" ? IPPROTO_ICMP : IPPROTO_ICMPV6, {
    received(bytes) {
      if (isEchoReply(family, bytes, token)) attempt.pass("echo came back");
    },
    failed: (detail) => attempt.fail(detail),
  });
  attempt.holds(() => socket.close());
  attempt.wait(target.timeout, "no echo");
  // Only a raw socket sends the identifier as it is; the kernel's own puts its own.
  socket.send(encodeEchoMessage(family, randomInt(65_536), token));
}

function openEcho(loop: Loop, target: Target, protocol: number, user: DatagramUser): Datagrams {
  try {
    return openDatagrams(loop, target, user, SOCK_DGRAM, protocol);
  } catch (error) {
    // `net.ipv4.ping_group_range` may leave our group out.
    if (!(error instanceof SystemError) || error.osError.errno !== "EACCES") throw error;
    return openDatagrams(loop, target, user, SOCK_RAW, protocol);
  }
}
