/**
 * Traffic that shows who answered. `serve NAME ADDRESS PORT` answers each connection with a name, and each line on one that
 * stays open; and each datagram. `count ADDRESS PORT TOTAL [SOURCE]` opens connections and prints how many got which name.
 * `hold ADDRESS PORT` keeps one connection and prints who answers each line of standard input.
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const AT_ONCE = 50;
const PATIENCE_MS = 3_000;
const [mode, ...words] = process.argv.slice(2);

function serve(name, address, port) {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(`${name}\n`);
    socket.on("data", () => socket.write(`${name}\n`));
  });
  const datagrams = createSocket(address.includes(":") ? "udp6" : "udp4");
  datagrams.on("message", (_, from) => datagrams.send(name, from.port, from.address));
  datagrams.bind(Number(port), address, () =>
    server.listen({ port: Number(port), host: address, backlog: 1024 }, () => console.log("ready")),
  );
}

function askOnce(address, port, source) {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, localAddress: source });
    const end = (answer) => {
      socket.resetAndDestroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE_MS, () => end("silence"));
    socket.on("error", (error) => end(error.code));
    socket.on("data", (data) => end(data.toString().trim()));
  });
}

async function count(address, port, total, source) {
  const answers = {};
  let left = Number(total);
  const worker = async () => {
    while (left-- > 0) {
      const answer = await askOnce(address, Number(port), source);
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  console.log(JSON.stringify(answers));
}

function hold(address, port) {
  const socket = connect({ host: address, port: Number(port) });
  socket.on("data", (data) => process.stdout.write(data));
  socket.on("error", (error) => console.log(error.code));
  createInterface(process.stdin).on("line", (line) => socket.write(`${line}\n`));
}

if (mode === "serve") serve(...words);
else if (mode === "count") await count(...words);
else hold(...words);
