/**
 * The control socket's server: lines of JSON from local clients. What a client sends is trusted in nothing but that the
 * kernel let its user open the socket.
 */
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";

export interface ControlServerLimits {
  readonly clients: number;
  /** Characters of one request line. */
  readonly line: number;
  /** Bytes that may wait for a client that does not read. */
  readonly unread: number;
  /** A client that asks nothing for so long is closed; milliseconds. A following one is never idle. */
  readonly idle: number;
}

export const CONTROL_LIMITS: ControlServerLimits = {
  clients: 32,
  line: 65_536,
  unread: 8 << 20,
  idle: 60_000,
};

/** One connected client. */
export interface ControlClient {
  /** Sends one object as a line. A client that does not read is closed. */
  reply(value: unknown): void;
  /** The client goes on listening: it is not closed for being idle. */
  keepOpen(): void;
  onClose(callback: () => void): void;
}

export interface ControlServer {
  close(): void;
}

/**
 * Listens on `path` (mode 0600). `onRequest` gets every line that is JSON, as an unchecked value; what is none is
 * answered here. Rejects if the socket cannot be made.
 */
export function listenControl(
  path: string,
  onRequest: (request: unknown, client: ControlClient) => void,
  limits: ControlServerLimits = CONTROL_LIMITS,
): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    if (sockets.size >= limits.clients) {
      // It may be gone already; and one that stays must not hold a descriptor by never closing its side.
      socket.on("error", () => socket.destroy());
      socket.write(`${JSON.stringify({ ok: false, error: "too many clients" })}\n`);
      socket.destroySoon();
      return;
    }
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, onRequest, limits);
  });
  return new Promise((resolve, reject) => {
    // Bound in a folder that nobody else may enter, then given its mode and moved: what an earlier life left behind is
    // replaced in one step, and the name that Node unlinks on close is never a successor's.
    const folder = mkdtempSync(`${path}.`);
    const ownName = join(folder, "s");
    const failed = (error: Error): void => {
      rmSync(folder, { recursive: true, force: true });
      reject(error);
    };
    server.once("error", failed);
    server.listen(ownName, () => {
      chmodSync(ownName, 0o600);
      renameSync(ownName, path);
      rmdirSync(folder);
      server.off("error", failed);
      const inode = lstatSync(path).ino;
      resolve({
        close() {
          for (const socket of sockets) socket.destroy();
          if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path, { force: true });
          server.close();
        },
      });
    });
  });
}

function serve(
  socket: Socket,
  onRequest: (request: unknown, client: ControlClient) => void,
  limits: ControlServerLimits,
): void {
  const client: ControlClient = {
    reply(value) {
      if (socket.destroyed) return;
      socket.write(`${JSON.stringify(value)}\n`);
      if (socket.writableLength > limits.unread) socket.destroy();
    },
    keepOpen: () => socket.setTimeout(0),
    onClose: (callback) => socket.on("close", callback),
  };
  let buffered = "";
  socket.setEncoding("utf8");
  socket.setTimeout(limits.idle, () => socket.destroy());
  // A client that resets its connection is its own business; `close` follows.
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    const lines = (buffered + text).split("\n");
    buffered = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") handleLine(line, client, onRequest);
    if (buffered.length > limits.line) {
      client.reply({ ok: false, error: `a request is longer than ${limits.line} characters` });
      socket.destroySoon();
    }
  });
}

function handleLine(
  line: string,
  client: ControlClient,
  onRequest: (request: unknown, client: ControlClient) => void,
): void {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    client.reply({ ok: false, error: "a request is one JSON object in one line" });
    return;
  }
  onRequest(request, client);
}
