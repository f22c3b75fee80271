/**
 * Traffic that shows who answered. `serve NAME PORT...` answers each connection with a name, and each line on one that
 * stays open; and each datagram. `count ADDRESS PORT TOTAL [SOURCE]` opens connections and prints how many got which name.
 * `hold ADDRESS PORT` asks over and over on one connection, and prints who answers.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";

const AT_ONCE = 50;
const PATIENCE_MS = 3_000;
const PAUSE_MS = 50;
const [mode, ...words] = process.argv.slice(2);

async function serve(name, ...ports) {
  for (const port of ports.map(Number)) {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(`${name}\n`);
      socket.on("data", () => socket.write(`${name}\n`));
    });
    server.listen({ port, host: "::", backlog: 1024 });
    await once(server, "listening");
    const datagrams = createSocket("udp6");
    datagrams.on("message", (_, from) => datagrams.send(name, from.port, from.address));
    datagrams.bind(port);
    await once(datagrams, "listening");
  }
  console.log("ready");
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
  setInterval(() => socket.write("?\n"), PAUSE_MS);
}

if (mode === "serve") await serve(...words);
else if (mode === "count") await count(...words);
else hold(...words);
