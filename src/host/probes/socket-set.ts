/** Watches sockets: one by itself, or thousands that come and go behind a single descriptor. */
import type { Loop, Registration } from "../loop.ts";
import { check, native } from "../native.ts";

/** A socket that is watched until it is closed or given away. It calls back first when it can be written. */
export interface SocketWatch {
  /** From now on it calls back when it can be read. */
  whenReadable(): void;
  /** No more calls; `isClosing` says that the descriptor is closed right after. */
  end(isClosing: boolean): void;
}

export type WatchSocket = (fd: number, ready: () => void) => SocketWatch;

const READABLE = 1;
const WRITABLE = 2;
const EPOLLIN = 1;
const EPOLLOUT = 4;
/** Sockets that one call to the kernel tells of. */
const BATCH = 128;

/** A watch of its own in the loop. */
export const watchAlone: WatchSocket = (fd, ready) => {
  const watch = check("watch", "a socket", native.pollOpen(fd, false, ready));
  native.pollEvents(watch, WRITABLE);
  return {
    whenReadable: () => void native.pollEvents(watch, READABLE),
    end: () => native.pollClose(watch),
  };
};

export class SocketSet {
  readonly #fd: number;
  readonly #registration: Registration;
  readonly #tokens = new Int32Array(BATCH);
  readonly #ready = new Map<number, () => void>();
  #last = 0;

  constructor(loop: Loop) {
    this.#fd = check("epoll_create1", "sockets", native.epollOpen());
    this.#registration = loop.onReadable(this.#fd, () => this.#tell());
    this.#registration.keepAlive(false);
  }

  readonly watch: WatchSocket = (fd, ready) => {
    // A token is never given again while one of its events may still be on its way.
    const token = this.#last;
    this.#last = (this.#last + 1) % 2 ** 31;
    check("epoll_ctl", "a socket", native.epollAdd(this.#fd, fd, token, EPOLLOUT));
    this.#ready.set(token, ready);
    if (this.#ready.size === 1) this.#registration.keepAlive(true);
    return {
      whenReadable: () => void native.epollChange(this.#fd, fd, token, EPOLLIN),
      end: (isClosing) => {
        this.#ready.delete(token);
        if (this.#ready.size === 0) this.#registration.keepAlive(false);
        // The kernel takes a descriptor out by itself when it is closed.
        if (!isClosing) native.epollRemove(this.#fd, fd);
      },
    };
  };

  /**
   * All that are ready have their turn at once: a run whose time is over counts on it. Otherwise a process with more to do
   * than it can would take ever more servers for silent, that have answered.
   */
  #tell(): void {
    for (let left = this.#ready.size; left > 0; left -= BATCH) {
      const count = check("epoll_wait", "sockets", native.epollReady(this.#fd, this.#tokens));
      // One of them may end another that is ready as well.
      for (let index = 0; index < count; index++) this.#ready.get(this.#tokens[index] ?? -1)?.();
      if (count < BATCH) return;
    }
  }
}
