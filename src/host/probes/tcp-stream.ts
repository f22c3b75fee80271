/**
 * A TCP connection on an own descriptor, as bare as a check needs it: no queue, no thread, one watch for its whole life.
 * (A `net.Socket` costs several times as much; what needs one gets the descriptor by `detach`.)
 */
import type { Target } from "../../model/director-models.ts";
import { errnoName, native } from "../native.ts";
import { SOL_SOCKET } from "../socket.ts";
import { errnoClause } from "./clauses.ts";
import { type SocketWatch, type WatchSocket, watchAlone } from "./socket-set.ts";
import { openTargetSocket, SO_ERROR, SOCK_STREAM } from "./target-socket.ts";

/** Who uses a connection. After `ended` or `failed`, and after its own `close`, it hears nothing more. */
export interface StreamUser {
  /** Before `connected`, where TLS has to be agreed upon first. */
  reached?(): void;
  connected(): void;
  /** The bytes are the caller's again when this returns. */
  received(bytes: Uint8Array): void;
  /** The peer sends no more. */
  ended(): void;
  /** A clause for people: `connection refused`. */
  failed(detail: string): void;
}

/** A connection, plain or with TLS, as its user sees it. */
export interface Channel {
  send(bytes: Uint8Array): void;
  close(): void;
}

const EAGAIN = 11;
/** All streams of a thread read into it, one after the other. */
const inbox = new Uint8Array(65_536);

export class TcpStream implements Channel {
  readonly #fd: number;
  readonly #user: StreamUser;
  readonly #watch: SocketWatch;
  #connecting = true;
  #open = true;

  /** Begins to connect. Throws SystemError for what this host refuses; what happens elsewhere the user is told. */
  constructor(target: Target, user: StreamUser, watch: WatchSocket = watchAlone) {
    this.#user = user;
    this.#fd = openTargetSocket(target, SOCK_STREAM);
    try {
      this.#watch = watch(this.#fd, () => (this.#connecting ? this.#connected() : this.#receive()));
    } catch (error) {
      native.close(this.#fd);
      throw error;
    }
  }

  #connected(): void {
    const error = native.getOption(this.#fd, SOL_SOCKET, SO_ERROR);
    if (error !== 0) {
      this.#failed(error);
      return;
    }
    this.#connecting = false;
    this.#watch.whenReadable();
    this.#user.connected();
  }

  #receive(): void {
    const length = native.receiveStream(this.#fd, inbox);
    if (length > 0) this.#user.received(inbox.subarray(0, length));
    else if (length === 0) {
      this.close();
      this.#user.ended();
    } else if (length !== -EAGAIN) this.#failed(length);
  }

  #failed(errno: number): void {
    this.close();
    this.#user.failed(errnoClause(errnoName(errno)));
  }

  /** For what fits the socket's buffer: requests of a check do. */
  send(bytes: Uint8Array): void {
    const sent = native.send(this.#fd, bytes);
    if (sent === bytes.length) return;
    const errno = sent < 0 ? sent : -EAGAIN;
    // Never from within the caller's own call.
    queueMicrotask(() => {
      if (this.#open) this.#failed(errno);
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch.end(true);
    native.close(this.#fd);
  }

  /** Gives the descriptor away; nothing is heard any more. */
  detach(): number {
    this.#open = false;
    this.#watch.end(false);
    return this.#fd;
  }
}
