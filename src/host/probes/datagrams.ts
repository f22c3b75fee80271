/** A connected datagram socket of a check: errors that routers and hosts report reach it. */
import type { Target } from "../../model/director-models.ts";
import type { Loop } from "../loop.ts";
import { check, errnoName, native } from "../native.ts";
import { SOCK_DGRAM } from "../socket.ts";
import { errnoClause } from "./clauses.ts";
import { openTargetSocket } from "./target-socket.ts";

const EAGAIN = 11;
const inbox = new Uint8Array(65_536);

export interface DatagramUser {
  /** The bytes are the caller's again when this returns. */
  received(bytes: Uint8Array): void;
  failed(detail: string): void;
}

export interface Datagrams {
  /** Throws SystemError for what this host refuses. */
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Opens it. Throws SystemError. `type` and `protocol` are UDP's unless given. */
export function openDatagrams(
  loop: Loop,
  target: Target,
  user: DatagramUser,
  type = SOCK_DGRAM,
  protocol = 0,
): Datagrams {
  const fd = openTargetSocket(target, type, protocol);
  let open = true;
  const failed = (errno: number): void => user.failed(errnoClause(errnoName(errno)));
  const registration = loop.onReadable(fd, () => {
    const length = native.receive(fd, inbox);
    if (length >= 0) user.received(inbox.subarray(0, Math.min(length, inbox.length)));
    else if (length !== -EAGAIN) failed(length);
  });
  return {
    send(bytes) {
      check("send", "a datagram", native.send(fd, bytes));
    },
    close() {
      if (!open) return;
      open = false;
      registration.close();
      native.close(fd);
    },
  };
}
