import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answers, ask, follow } from "./control-client.ts";

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "buoy-control-"));
});

afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** A daemon that answers each request line with what `reply` writes. */
async function daemon(reply: (line: string, socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on("data", (chunk) => reply(chunk.toString(), socket));
  });
  await new Promise<void>((resolve) => server?.listen(join(folder, "control.sock"), resolve));
}

test("a request is one line, and its answer comes back, also in pieces", async () => {
  const lines: string[] = [];
  await daemon((line, socket) => {
    lines.push(line);
    socket.write('{"ok":true,"command":"reload",');
    setImmediate(() => socket.end('"outcome":"unchanged","diagnostics":""}\n'));
  });
  expect(await ask(folder, { command: "reload" })).toMatchObject({ outcome: "unchanged" });
  expect(lines).toEqual(['{"command":"reload"}\n']);
});

test("a refusal carries the daemon's words", async () => {
  await daemon((_line, socket) => socket.end('{"ok":false,"error":"refused","diagnostics":"line 3"}\n'));
  await expect(ask(folder, { command: "reload" })).rejects.toMatchObject({
    message: "refused\nline 3",
    exitCode: 1,
  });
});

test("no socket, and a dead daemon's socket, are no daemon", async () => {
  await expect(ask(folder, { command: "status" })).rejects.toMatchObject({ exitCode: 3 });
  writeFileSync(join(folder, "control.sock"), "");
  await expect(ask(folder, { command: "status" })).rejects.toThrow(/a dead daemon's/);
  expect(await answers(folder)).toBe(false);
});

test("silence ends with a message", async () => {
  await daemon(() => undefined);
  await expect(ask(folder, { command: "status" }, 50)).rejects.toThrow(/did not answer within 0.05 s/);
});

test("an end without an answer, an answer to something else and nonsense are errors", async () => {
  await daemon((_line, socket) => socket.end());
  await expect(ask(folder, { command: "status" })).rejects.toThrow(/without an answer/);
  server?.removeAllListeners("connection");
  server?.on("connection", (socket) => socket.on("data", () => socket.end('{"ok":true,"command":"stop"}\n')));
  await expect(ask(folder, { command: "status" })).rejects.toThrow(/another question/);
  server?.removeAllListeners("connection");
  server?.on("connection", (socket) => socket.on("data", () => socket.end("[]\n")));
  await expect(ask(folder, { command: "status" })).rejects.toThrow(/makes no sense/);
});

test("a path that no socket can have is told apart", async () => {
  await expect(ask(`/${"x".repeat(120)}`, { command: "status" })).rejects.toThrow(/too long/);
});

test("followed answers come one by one until the daemon closes", async () => {
  await daemon((_line, socket) => {
    socket.write('{"ok":true,"command":"journal","entries":[1]}\n');
    setImmediate(() => socket.end('{"ok":true,"command":"journal","entries":[2,3]}\n'));
  });
  const seen: unknown[] = [];
  for await (const reply of follow(folder, { command: "journal", limit: 1, follow: true }))
    seen.push(...reply.entries);
  expect(seen).toEqual([1, 2, 3]);
  expect(await answers(folder)).toBe(true);
});
