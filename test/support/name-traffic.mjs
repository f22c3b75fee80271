/**
 * Traffic that shows who answered.
 *
 * - `serve NAME PORTS [ADDRESS...]` answers each connection with a name, and each line on one that stays open; and each
 *   datagram to one of the addresses.
 * - `count PROTOCOL ADDRESS PORT TOTAL [SOURCE]` asks anew each time, and prints how many were answered by whom.
 * - `clients PROTOCOL ADDRESS PORT SOURCE...` asks once from each address, and prints who answered whom.
 * - `hold PROTOCOL ADDRESS PORT [SOURCE]` asks over and over on one connection or from one port, and prints who answers.
 * - `crowd ADDRESS PORT TOTAL` opens connections and keeps them; at each line that it reads it asks on all of them, and
 *   prints how many were answered by whom.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const AT_ONCE = 50;
const PATIENCE_MS = 3_000;
const PAUSE_MS = 50;
const [mode, ...words] = process.argv.slice(2);

async function serve(name, ports, ...addresses) {
  for (const port of ports.split(",").map(Number)) {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(`${name}\n`);
      socket.on("data", () => socket.write(`${name}\n`));
    });
    server.listen({ port, host: "::", backlog: 1024 });
    await once(server, "listening");
    for (const address of addresses) {
      const datagrams = createSocket(typeOf(address));
      datagrams.on("message", (_, from) => datagrams.send(name, from.port, from.address));
      datagrams.bind(port, address);
      await once(datagrams, "listening");
    }
  }
  console.log("ready");
}

function typeOf(address) {
  return address.includes(":") ? "udp6" : "udp4";
}

function askOnce(protocol, address, port, source) {
  return protocol === "udp" ? sendOnce(address, port, source) : connectOnce(address, port, source);
}

function connectOnce(address, port, source) {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, localAddress: source });
    const end = (answer) => {
      // A reset would wait for the connection.
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE_MS, () => end("silence"));
    socket.on("error", (error) => end(error.code));
    socket.on("data", (data) => end(data.toString().trim()));
  });
}

function sendOnce(address, port, source) {
  return new Promise((resolve) => {
    const socket = createSocket(typeOf(address));
    const end = (answer) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end("silence"), PATIENCE_MS);
    socket.on("error", (error) => end(error.code));
    socket.on("message", (data) => end(data.toString()));
    socket.bind(0, source, () => socket.connect(port, address, () => socket.send("?")));
  });
}

async function inCrowds(total, each) {
  let next = 0;
  const worker = async () => {
    while (next < total) await each(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function count(protocol, address, port, total, source) {
  const answers = {};
  await inCrowds(Number(total), async () =>
    add(answers, await askOnce(protocol, address, Number(port), source)),
  );
  console.log(JSON.stringify(answers));
}

async function clients(protocol, address, port, ...sources) {
  const answers = {};
  await inCrowds(sources.length, async (index) => {
    const source = sources[index];
    answers[source] = await askOnce(protocol, address, Number(port), source);
  });
  console.log(JSON.stringify(answers));
}

function add(answers, answer) {
  answers[answer] = (answers[answer] ?? 0) + 1;
}

function hold(protocol, address, port, source) {
  if (protocol === "udp") {
    const socket = createSocket(typeOf(address));
    socket.on("message", (data) => console.log(data.toString()));
    socket.on("error", (error) => console.log(error.code));
    socket.bind(0, source, () =>
      socket.connect(Number(port), address, () => setInterval(() => socket.send("?"), PAUSE_MS)),
    );
    return;
  }
  const socket = connect({ host: address, port: Number(port), localAddress: source });
  socket.on("data", (data) => process.stdout.write(data));
  socket.on("error", (error) => console.log(error.code));
  setInterval(() => socket.write("?\n"), PAUSE_MS);
}

async function crowd(address, port, total) {
  const sockets = [];
  await inCrowds(Number(total), async () => {
    const socket = connect({ host: address, port: Number(port) });
    sockets.push(socket);
    await answerOf(socket);
  });
  console.log("open");
  for await (const _ of createInterface({ input: process.stdin })) {
    const answers = {};
    await Promise.all(
      sockets.map(async (socket) => {
        const answer = answerOf(socket);
        socket.write("?\n");
        add(answers, await answer);
      }),
    );
    console.log(JSON.stringify(answers));
  }
  for (const socket of sockets) socket.resetAndDestroy();
}

/** The next word on a connection, or why there will be none. */
function answerOf(socket) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("silence"), PATIENCE_MS);
    const end = (answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    socket.once("data", (data) => end(data.toString().trim()));
    socket.once("error", (error) => end(error.code));
  });
}

const MODES = { serve, count, clients, hold, crowd };
await MODES[mode](...words);
