/**
 * Servers that die, fail and come back. A line on standard input is a JSON list of `[behaviour, transport, address, port]`:
 * how each behaves from now on, `gone` where nobody answers any more. The answer is a line when all of it is so.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

/** What a stream does: at the beginning, and with a request. */
const STREAMS = {
  web: http("200 OK", "fine weather\n"),
  other: http("200 OK", "something else\n"),
  broken: http("503 Service Unavailable", "fine weather\n"),
  silent: {},
  closing: { greet: (socket) => socket.end() },
  resetting: { greet: (socket) => socket.resetAndDestroy() },
  garbage: { greet: (socket) => socket.end(Buffer.from("\x00\xff\x13garbage\r\n\r\n", "latin1")) },
  mail: smtp("220 ready", "250 well met"),
  "mail-busy": smtp("421 come back later", "250 well met"),
  "mail-rude": smtp("220 ready", "502 who are you"),
};

/** What a datagram is answered with; nothing where that is undefined. */
const DATAGRAMS = {
  echo: (message) => message,
  silent: () => undefined,
  garbage: () => Buffer.from("garbage"),
  dns: (message) => dnsAnswer(message, 0),
  "dns-failing": (message) => dnsAnswer(message, 2),
  "dns-stranger": (message) => dnsAnswer(Buffer.concat([Buffer.from([0, 0]), message.subarray(2)]), 0),
};

function http(status, body) {
  const head = `HTTP/1.0 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { request: (socket) => socket.end(`${head}${body}`) };
}

function smtp(greeting, welcome) {
  return {
    greet: (socket) => socket.write(`${greeting}\r\n`),
    request(socket, text) {
      if (/^(HELO|EHLO)/i.test(text)) socket.write(`${welcome}\r\n`);
      if (/^QUIT/i.test(text)) socket.end("221 farewell\r\n");
    },
  };
}

/** The question again, as an answer without records. */
function dnsAnswer(message, code) {
  const answer = Buffer.from(message);
  answer[2] |= 0x80;
  answer[3] = code;
  return answer;
}

const open = new Map();

async function behave([behaviour, transport, address, port]) {
  const key = `${transport} ${address} ${port}`;
  const before = open.get(key);
  open.delete(key);
  await before?.();
  if (behaviour === "gone") return;
  const serve = transport === "udp" ? serveDatagrams : serveStreams;
  open.set(key, await serve(behaviour, address, port));
}

/** Resolves with what ends it. */
function serveStreams(behaviour, address, port) {
  const { greet, request } = STREAMS[behaviour];
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client may do what it likes.
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => request?.(socket, chunk.toString("latin1")));
    greet?.(socket);
  });
  const end = () =>
    new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, address, () => resolve(end));
  });
}

function serveDatagrams(behaviour, address, port) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => {
    const answer = DATAGRAMS[behaviour](message);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  const end = () => new Promise((resolve) => socket.close(resolve));
  return new Promise((resolve, reject) => {
    socket.once("error", reject).bind(port, address, () => resolve(end));
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  await Promise.all(JSON.parse(line).map(behave));
  process.stdout.write("done\n");
}
process.exit();
