/** The client's side of the control socket: one request, its answers line by line. */
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { CONTROL_SOCKET, type ControlReply, type ControlRequest } from "../observe/control-protocol.ts";
import { CommandError, EXIT_FAILED, EXIT_NO_DAEMON, EXIT_NO_PERMISSION } from "./exit-codes.ts";

/** sun_path of Linux, without the closing zero. */
const LONGEST_SOCKET_PATH = 107;

/** A reply whose command is that of the request. */
export type ReplyTo<Name extends ControlRequest["command"]> = Extract<
  ControlReply,
  { readonly ok: true; readonly command: Name }
>;

/**
 * Sends one request and returns its one answer. A refusal by the daemon is a `CommandError` with its diagnostics.
 * `timeout` in milliseconds.
 */
export async function ask<Name extends ControlRequest["command"]>(
  runtimeDir: string,
  request: ControlRequest & { readonly command: Name },
  timeout = 5_000,
): Promise<ReplyTo<Name>> {
  const socket = await connect(runtimeDir);
  const timer = setTimeout(() => socket.destroy(silence(runtimeDir, timeout)), timeout);
  try {
    for await (const reply of replies(socket, request)) return accepted(reply, request.command);
    throw new CommandError(
      `the daemon at ${runtimeDir} closed the connection without an answer`,
      EXIT_FAILED,
    );
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Sends one request and yields answers until the daemon closes. */
export async function* follow<Name extends ControlRequest["command"]>(
  runtimeDir: string,
  request: ControlRequest & { readonly command: Name },
): AsyncGenerator<ReplyTo<Name>> {
  const socket = await connect(runtimeDir);
  try {
    for await (const reply of replies(socket, request)) yield accepted(reply, request.command);
  } finally {
    socket.destroy();
  }
}

/** Whether a daemon accepts connections; never an error. */
export async function answers(runtimeDir: string): Promise<boolean> {
  const socket = createConnection(`${runtimeDir}/${CONTROL_SOCKET}`);
  const outcome = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "close").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return outcome;
}

async function connect(runtimeDir: string): Promise<Socket> {
  const path = `${runtimeDir}/${CONTROL_SOCKET}`;
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new CommandError(`${path} is too long for a socket: use a shorter --runtime-dir`, EXIT_FAILED);
  }
  const socket = createConnection(path);
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    throw connectError(path, error);
  }
}

function connectError(path: string, error: unknown): Error {
  const code = errnoOf(error);
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    const stale = code === "ECONNREFUSED" ? " (the socket is a dead daemon's)" : "";
    return new CommandError(
      `no daemon is running: nobody answers on ${path}${stale}\nstart one with \`buoy run -f FILE\`, or name the runtime directory of yours with --runtime-dir DIR`,
      EXIT_NO_DAEMON,
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return new CommandError(
      `no permission for ${path}: run the command as the user who started the daemon`,
      EXIT_NO_PERMISSION,
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** The symbolic errno of a system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function silence(runtimeDir: string, timeout: number): Error {
  return new CommandError(
    `the daemon at ${runtimeDir} did not answer within ${timeout / 1000} s; its log may say why`,
    EXIT_FAILED,
  );
}

async function* replies(socket: Socket, request: ControlRequest): AsyncGenerator<ControlReply> {
  // readline swallows the errors of its input, so they are kept and thrown when it ends.
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
  socket.write(`${JSON.stringify(request)}\n`);
  socket.once("close", () => lines.close());
  for await (const line of lines) {
    if (line !== "") yield parseReply(line);
  }
  if (failure !== undefined) throw failure;
}

function parseReply(line: string): ControlReply {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("ok" in value) || typeof value.ok !== "boolean") {
    throw new CommandError("the daemon's answer makes no sense: is it another version?", EXIT_FAILED);
  }
  return value as ControlReply;
}

function accepted<Name extends ControlRequest["command"]>(reply: ControlReply, command: Name): ReplyTo<Name> {
  if (!reply.ok) {
    const diagnostics =
      reply.diagnostics === undefined || reply.diagnostics === "" ? "" : `\n${reply.diagnostics}`;
    throw new CommandError(`${reply.error}${diagnostics}`, EXIT_FAILED);
  }
  if (reply.command !== command) {
    throw new CommandError("the daemon answered another question: is it another version?", EXIT_FAILED);
  }
  // The discriminator was just compared; the compiler cannot follow it through the type parameter.
  return reply as ReplyTo<Name>;
}
