import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Target } from "../../model/director-models.ts";
import { createLoop } from "../loop.ts";
import { SocketSet } from "./socket-set.ts";
import { TcpStream } from "./tcp-stream.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function listen(answer: string): Promise<Target> {
  const listening = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(answer);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", 1_024, resolve));
  const { port } = listening.address() as { port: number };
  const own = { bindAddress: undefined, bindPort: undefined, bindInterface: undefined, mark: undefined };
  return { address: "127.0.0.1", port, ...own, timeout: 1_000_000 };
}

/** What one connection hears, in order. */
function hear(target: Target, set: SocketSet, seen: string[], close = false): Promise<void> {
  return new Promise((resolve) => {
    const stream = new TcpStream(
      target,
      {
        connected: () => {
          seen.push("connected");
          if (!close) return;
          stream.close();
          resolve();
        },
        received: (bytes) => seen.push(Buffer.from(bytes).toString()),
        ended: () => {
          seen.push("ended");
          resolve();
        },
        failed: (detail) => {
          seen.push(detail);
          resolve();
        },
      },
      set.watch,
    );
  });
}

test("a thousand connections behind one descriptor each hear their own", async () => {
  const target = await listen("hello");
  const set = new SocketSet(createLoop());
  const all = Array.from({ length: 1_000 }, (): string[] => []);
  // In parts: the server is in this process, too.
  for (let from = 0; from < all.length; from += 100)
    await Promise.all(all.slice(from, from + 100).map((seen, at) => hear(target, set, seen, at % 10 === 0)));
  all.forEach((seen, at) => {
    expect(seen).toEqual(at % 10 === 0 ? ["connected"] : ["connected", "hello", "ended"]);
  });
});

test("a refused connection is told of, and the set goes on", async () => {
  const target = await listen("hello");
  const set = new SocketSet(createLoop());
  const refused: string[] = [];
  await hear({ ...target, address: "127.0.0.2", port: 1 }, set, refused);
  expect(refused).toEqual(["connection refused"]);
  const seen: string[] = [];
  await hear(target, set, seen);
  expect(seen).toEqual(["connected", "hello", "ended"]);
});

test("what came while this process stood still is told in one turn, however much it is", async () => {
  const target = await listen("");
  const set = new SocketSet(createLoop());
  const all = Array.from({ length: 1_000 }, (): string[] => []);
  const heard = all.map((seen) => hear(target, set, seen, true));
  for (const begun = performance.now(); performance.now() - begun < 50; );
  // As a run's end does: timers come first, and then what can be read.
  await new Promise((resolve) => setTimeout(() => setImmediate(resolve)));
  expect(all.filter(([first]) => first === "connected")).toHaveLength(all.length);
  await Promise.all(heard);
});
