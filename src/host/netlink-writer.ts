/** Requests to the kernel through the addon's writer thread: in order, one at a time, never on the loop. */
import type { OsError } from "../base/result.ts";
import { NETLINK_ROUTE } from "../wire/netlink/constants.ts";
import { decodeAcknowledgement, splitMessages } from "../wire/netlink/message.ts";
import type { Loop } from "./loop.ts";
import { check, errnoName, native, osError } from "./native.ts";

/** What became of a request: undefined is success. `reply` is all that the kernel answered. */
export type RequestDone = (error: OsError | undefined, reply: Uint8Array) => void;

export interface NetlinkWriter {
  /** Port id of its socket: the kernel's notifications carry it. */
  readonly port: number;
  /** The sequence number the next request must carry; the first of `count` in a row where it is of so many messages. */
  nextSequence(count?: number): number;
  /**
   * Hands over one message (or several, each asking for an acknowledgement, the last with that sequence number, which is
   * the last of those given by {@link nextSequence}). `done` is called once, from the loop; with ENOBUFS where the queue is full.
   */
  submit(call: string, subject: string, sequence: number, request: Uint8Array, done: RequestDone): void;
  /** Requests not answered yet. */
  pending(): number;
  /** Requests handed over since it was opened: what a reload that changes nothing does not add to. */
  submitted(): number;
  /** Requests still waiting are dropped, and their `done` is not called. */
  close(): void;
}

interface Pending {
  readonly call: string;
  readonly subject: string;
  readonly done: RequestDone;
}

/** Answers taken before other work of the loop gets its turn: each may be a word to the engine, and to the journal. */
const ANSWERS_A_TURN = 4;
const NO_BYTES = new Uint8Array(0);
const SEQUENCES = 0x7fff_ffff;

/** Starts the thread. `protocol` is a netlink family, rtnetlink unless given. Throws SystemError. */
export function openNetlinkWriter(
  loop: Loop,
  queueLimit: number,
  protocol: number = NETLINK_ROUTE,
): NetlinkWriter {
  const handle = check("writer thread", `netlink ${protocol}`, native.writerOpen(protocol, queueLimit));
  const waiting = new Map<number, Pending>();
  let sequence = 0;
  let submitted = 0;
  let open = true;
  const registration = loop.onReadable(native.writerDescriptor(handle), () => {
    // The descriptor stays readable as long as answers wait.
    for (let taken = 0; open && taken < ANSWERS_A_TURN; taken++) {
      const answer = native.writerTake(handle);
      if (answer === undefined) return;
      const [id, errno, reply] = answer;
      const request = waiting.get(id);
      if (request === undefined) continue;
      waiting.delete(id);
      request.done(errno === 0 ? undefined : describe(request, errno, reply), reply);
    }
  });
  return {
    port: native.writerPort(handle),
    nextSequence: (count = 1) => (sequence + count > SEQUENCES ? 1 : sequence + 1),
    submit(call, subject, used, request, done) {
      sequence = used;
      submitted++;
      const result = native.writerSubmit(handle, used, request);
      if (result === 0) waiting.set(used, { call, subject, done });
      else queueMicrotask(() => open && done(osError(call, subject, result), NO_BYTES));
    },
    pending: () => waiting.size,
    submitted: () => submitted,
    close() {
      if (!open) return;
      open = false;
      registration.close();
      native.writerClose(handle);
      waiting.clear();
    },
  };
}

/** The error with the kernel's own words, which the acknowledgement that refused may carry. */
function describe(request: Pending, errno: number, reply: Uint8Array): OsError {
  for (const message of splitMessages(reply)) {
    const acknowledgement = decodeAcknowledgement(message);
    if (acknowledgement?.text !== undefined && errnoName(acknowledgement.errno) === errnoName(errno)) {
      return osError(request.call, request.subject, errno, acknowledgement.text);
    }
  }
  return osError(request.call, request.subject, errno);
}
