/** UDP_CHECK: a datagram is not refused, and where a reply is required it comes and looks as it should. */
import type { UdpProbeModel } from "../../model/director-models.ts";
import type { Loop } from "../loop.ts";
import type { Attempt } from "./attempt.ts";
import { printable } from "./body-check.ts";
import { openDatagrams } from "./datagrams.ts";

export function startUdp(loop: Loop, probe: UdpProbeModel, attempt: Attempt): void {
  const { target, requireReply } = probe;
  const socket = openDatagrams(loop, target, {
    received(bytes) {
      const fault = replyFault(probe, bytes);
      if (fault === undefined) attempt.pass(`replied with ${bytes.length} bytes`);
      else attempt.fail(fault, printable(bytes));
    },
    failed: (detail) => attempt.fail(detail === "connection refused" ? "port unreachable" : detail),
  });
  attempt.holds(() => socket.close());
  if (requireReply) attempt.wait(target.timeout, "no reply");
  else attempt.waitForSilence(target.timeout, "not refused");
  socket.send(Buffer.from(probe.payload, "hex"));
}

/** What is wrong with a reply; nothing is asked of one that is not required. */
function replyFault(probe: UdpProbeModel, bytes: Uint8Array): string | undefined {
  if (!probe.requireReply) return undefined;
  const { minLength, maxLength, reply } = probe;
  if (bytes.length < minLength || bytes.length > maxLength) {
    return `replied with ${bytes.length} bytes instead of ${minLength} to ${maxLength}`;
  }
  if (reply === undefined || beginsWith(bytes, reply)) return undefined;
  const head = Buffer.from(bytes.subarray(0, reply.length / 2)).toString("hex");
  return `replied ${head} instead of ${reply}`;
}

/** Compares hex digit by hex digit; `x` is any. */
function beginsWith(bytes: Uint8Array, pattern: string): boolean {
  const hex = Buffer.from(bytes.subarray(0, Math.ceil(pattern.length / 2))).toString("hex");
  if (hex.length < pattern.length) return false;
  return [...pattern.toLowerCase()].every((digit, index) => digit === "x" || digit === hex.charAt(index));
}
