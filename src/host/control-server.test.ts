import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ControlServer, ControlServerLimits } from "./control-server.ts";
import { CONTROL_LIMITS, listenControl } from "./control-server.ts";

let directory: string;
let path: string;
let server: ControlServer | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "buoy-control-"));
  path = join(directory, "control.sock");
});

afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function serve(limits: Partial<ControlServerLimits> = {}): Promise<void> {
  const echo = (request: unknown, client: { reply(value: unknown): void }): void =>
    client.reply({ echo: request });
  server = await listenControl(path, echo, { ...CONTROL_LIMITS, ...limits });
}

async function connect(): Promise<Socket> {
  const socket = createConnection(path);
  await once(socket, "connect");
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Everything the server says until it closes, or until there are so many lines. */
async function lines(socket: Socket, count: number): Promise<readonly unknown[]> {
  let text = "";
  socket.setEncoding("utf8");
  for await (const chunk of socket) {
    text += chunk;
    if (text.split("\n").length > count) break;
  }
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe("listenControl", () => {
  it("is for its owner alone, and replaces what an earlier life left", async () => {
    writeFileSync(path, "stale");
    await serve();
    const found = statSync(path);
    expect(found.isSocket()).toBe(true);
    expect(found.mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["control.sock"]);
    server?.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves a successor's socket alone", async () => {
    await serve();
    const first = server;
    await serve();
    first?.close();
    const socket = await connect();
    socket.write("1\n");
    expect(await lines(socket, 1)).toEqual([{ echo: 1 }]);
  });

  it("survives clients beyond its limit that are gone before they are told, and keeps none of them", async () => {
    await serve({ clients: 1 });
    const first = await connect();
    for (let i = 0; i < 20; i++) {
      const gone = createConnection(path);
      gone.on("error", () => gone.destroy());
      gone.destroy();
    }
    const stubborn = createConnection({ path, allowHalfOpen: true });
    stubborn.resume();
    await once(stubborn, "end");
    const refused = new Promise((resolve) => stubborn.once("error", resolve));
    stubborn.write("1\n");
    expect(await refused).toMatchObject({ code: "EPIPE" });
    first.write("1\n");
    expect(await lines(first, 1)).toEqual([{ echo: 1 }]);
  });

  it("answers several requests in one write and one in several writes", async () => {
    await serve();
    const socket = await connect();
    socket.write('{"a":1}\n\n[2]\n{"b"');
    socket.write(":3}\n");
    expect(await lines(socket, 3)).toEqual([{ echo: { a: 1 } }, { echo: [2] }, { echo: { b: 3 } }]);
  });

  it("answers what is no JSON and goes on", async () => {
    await serve();
    const socket = await connect();
    socket.write(`\0\xff{{{\n${"[".repeat(5_000)}\n"good"\n`);
    expect(await lines(socket, 3)).toMatchObject([{ ok: false }, { ok: false }, { echo: "good" }]);
  });

  it("closes a client whose line never ends", async () => {
    await serve({ line: 100 });
    const socket = await connect();
    socket.write("x".repeat(1_000));
    expect(await lines(socket, 99)).toMatchObject([{ ok: false }]);
  });

  it("turns away more clients than the bound", async () => {
    await serve({ clients: 2 });
    const served = [await connect(), await connect()];
    expect(await lines(await connect(), 99)).toEqual([{ ok: false, error: "too many clients" }]);
    for (const socket of served) socket.destroy();
  });

  it("closes a client that asks nothing, and one that does not read", async () => {
    await serve({ idle: 50, unread: 10_000 });
    const idle = await connect();
    expect(await lines(idle, 99)).toEqual([]);
    const deaf = await connect();
    const closed = new Promise((resolve) => deaf.once("close", resolve));
    deaf.pause();
    const request = `${JSON.stringify("y".repeat(9_000))}\n`;
    const pump = setInterval(() => deaf.write(request.repeat(50)), 1);
    await closed;
    clearInterval(pump);
  });

  it("survives clients that vanish", async () => {
    await serve();
    for (let index = 0; index < 20; index++) {
      const socket = await connect();
      socket.write('{"a":1}\n{"half');
      socket.destroy();
    }
    const socket = await connect();
    socket.write("1\n");
    expect(await lines(socket, 1)).toEqual([{ echo: 1 }]);
  });
});
