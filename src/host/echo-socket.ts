/** A raw ICMP socket that hears the answers to our own echo requests, which go out as frames. */
import type { IpAddress } from "../base/ip.ts";
import { ICMP_ECHO_REPLY, ICMP_PROTOCOL, isOwnEchoReply } from "../wire/icmp-echo.ts";
import type { Loop, Registration } from "./loop.ts";
import { check, native } from "./native.ts";
import { AF_INET, IP_PKTINFO, IPPROTO_IP, ReceiveBatch, SOCK_RAW, setOption } from "./socket.ts";

export interface EchoSocket {
  close(): void;
}

const SOL_RAW = 255;
const ICMP_FILTER = 1;
const RECEIVE_SLOTS = 16;
/** Header with options, and what of a reply is looked at. */
const MESSAGE_SIZE = 128;

/** Opens it; the kernel hands over echo replies only. Throws SystemError. */
export function openEchoSocket(loop: Loop, onReply: (from: IpAddress, to: IpAddress) => void): EchoSocket {
  const subject = "ICMP socket";
  const fd = check("socket", subject, native.socket(AF_INET, SOCK_RAW, ICMP_PROTOCOL));
  const batch = new ReceiveBatch(RECEIVE_SLOTS, MESSAGE_SIZE);
  let open = true;
  let registration: Registration;
  try {
    // A set bit keeps a type out.
    const mask = Uint8Array.from(new Uint8Array(Uint32Array.of(~(1 << ICMP_ECHO_REPLY)).buffer));
    setOption(fd, SOL_RAW, ICMP_FILTER, mask, "ICMP_FILTER");
    setOption(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
    registration = loop.onReadable(fd, () => {
      const count = batch.receive(fd);
      for (let slot = 0; slot < count && open; slot++) {
        const message = batch.message(slot, batch.ipv4HeaderLength(slot));
        if (isOwnEchoReply(message)) onReply(batch.source(slot), batch.destination(slot));
      }
    });
  } catch (error) {
    native.close(fd);
    throw error;
  }
  return {
    close() {
      if (!open) return;
      open = false;
      registration.close();
      native.close(fd);
    },
  };
}
