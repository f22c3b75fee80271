/** A director's echo: tells whoever asks which director answered, whatever address it was asked at. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { ECHO_PORT } from "./plan.ts";

export async function serveEcho(name: string): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    socket.send(`${question} ${name}`, from.port, from.address);
  });
  // An answer to a client that cannot be reached just now is lost, as any datagram may be; the client counts.
  socket.on("error", (error) => process.stderr.write(`echo: ${error.message}\n`));
  socket.bind(ECHO_PORT);
  await once(socket, "listening");
}
