/** Stand-ins for nginx, in Node: a web server that says its name, and a proxy in front of two of them. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { WEB_1, WEB_2, WEB_PORT } from "./plan.ts";

const PROXY_TIMEOUT_MS = 1_000;

/** A web server whose page is its name. */
export async function serveWeb(name: string): Promise<void> {
  const server = createServer((_question, answer) => {
    answer.setHeader("content-type", "text/plain");
    answer.end(`${name}\n`);
  });
  await listening(server);
}

/** A director's proxy: asks the web servers in turn, and adds its name as `x-director`. Its pid is in /run/proxy.pid. */
export async function serveProxy(name: string): Promise<void> {
  const upstreams = [WEB_1.address, WEB_2.address];
  let turn = 0;
  const server = createServer((question, answer) => {
    const host = upstreams[turn % upstreams.length];
    turn += 1;
    answer.setHeader("x-director", name);
    const forwarded = request(
      { host, port: WEB_PORT, path: question.url, timeout: PROXY_TIMEOUT_MS },
      (page) => {
        answer.statusCode = page.statusCode ?? 502;
        page.pipe(answer);
      },
    );
    forwarded.on("timeout", () => forwarded.destroy(new Error("timed out")));
    forwarded.on("error", (error) => {
      if (!answer.headersSent) answer.statusCode = 502;
      answer.end(`${error.message}\n`);
    });
    forwarded.end();
  });
  await listening(server);
  writeFileSync("/run/proxy.pid", `${process.pid}\n`);
}

async function listening(server: Server): Promise<void> {
  server.listen(WEB_PORT);
  await once(server, "listening");
}
