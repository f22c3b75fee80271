// Servers that are ill in ways that real ones are, for tests: SMTP, gRPC and UDP. Usage: node sick-servers.mjs ADDRESS FOLDER
// (FOLDER holds good.pem and good.key). Prints `ready`.
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";
import { SMTPServer } from "smtp-server";

const [address, folder] = process.argv.slice(2);
const tls = { cert: readFileSync(`${folder}/good.pem`), key: readFileSync(`${folder}/good.key`) };
const waiting = [];
const listen = (server, port) =>
  waiting.push(new Promise((resolve) => server.listen(port, address, resolve)));

function smtp(port, options) {
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    ...options,
  });
  server.on("error", () => undefined);
  listen(server, port);
}

const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });
smtp(2601, { onConnect: (_session, done) => done(refusal(554, "No service for you")) });
smtp(2602, { disabledCommands: ["AUTH", "STARTTLS", "HELO"] });
smtp(2603, { onConnect: () => undefined });
smtp(2604, { secure: true, ...tls });

/** grpc.health.v1: the service's name says how it goes. */
function health(stream) {
  const chunks = [];
  stream.on("error", () => undefined);
  stream.on("data", (bytes) => chunks.push(bytes));
  stream.on("end", () => {
    const service = Buffer.concat(chunks).subarray(7).toString();
    if (service === "silent") return;
    if (service === "reset") return stream.close(2);
    if (service === "proxy") return stream.respond({ ":status": 502 }, { endStream: true });
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    const status = { nobody: "5", bare: "12", busy: "14" }[service] ?? "0";
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
    if (status !== "0") stream.end();
    else if (service === "garbage") stream.end("<html>It works!</html>");
    else if (service === "huge") stream.end(Buffer.alloc(1_000_000));
    else stream.end(Buffer.from([0, 0, 0, 0, 2, 8, service === "ill" ? 2 : 1]));
  });
}

for (const [port, server] of [
  [5001, createServer()],
  [5002, createSecureServer(tls)],
]) {
  server.on("stream", health);
  server.on("sessionError", () => undefined);
  listen(server, port);
}

const udp = createSocket("udp4");
udp.on("message", (bytes, { port, address: from }) => {
  if (bytes.toString() !== "mute")
    udp.send(bytes.toString() === "long" ? "x".repeat(300) : "pong", port, from);
});
waiting.push(new Promise((resolve) => udp.bind(7007, address, resolve)));

await Promise.all(waiting);
process.stdout.write("ready\n");
