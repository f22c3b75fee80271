/** Real servers of the three methods of forwarding in namespaces, and a client that says who answered it. */
import type { ChildProcess } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Host, Lan } from "../../support/lan.ts";

/** Addresses on the client's side, one for each method; servers have theirs behind the director too, for NAT. */
export const [NAT, DR, TUN] = ["10.7.0.1", "10.7.0.100", "10.7.0.101"] as const;

/** Answers with its name, the address and the client's port at which it was reached. */
const SERVER = `
const { createServer } = require("node:http");
const name = process.argv[1];
for (const port of [80, 8080])
  createServer({ keepAliveTimeout: 0 }, ({ socket }, answer) =>
    answer.end([name, socket.localAddress, socket.remotePort].join(" "))).listen(port, "0.0.0.0");`;

/** A line of addresses is asked one after the other: "new" by new connections, "held" by those that it has. */
const CLIENT = `
const { Agent, get } = require("node:http");
const held = new Agent({ keepAlive: true });
const ask = (host, agent) => new Promise((resolve) => {
  const request = get({ host, agent, headers: agent ? {} : { connection: "close" } }, async (answer) => {
    let text = "";
    for await (const chunk of answer) text += chunk;
    resolve(text);
  });
  request.on("error", (error) => resolve(error.code));
});
(async () => {
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    const [how, ...hosts] = line.split(" ");
    const answers = [];
    for (const host of hosts) answers.push(await ask(host, how === "held" ? held : undefined));
    console.log(JSON.stringify(answers));
  }
})()`;

/** The director has `NAT`, and forwards for the others; servers are 10.7.0.2 and 10.9.0.2 and so on. */
export function wire(lan: Lan, director: Host, servers: readonly Host[], client: Host): void {
  const second = servers.map((server, index) => [server, `10.7.0.${index + 2}/24`] as const);
  lan.addSecondLan(new Map([[director, `${NAT}/24`], ...second, [client, "10.7.0.9/24"]]));
  director.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
  director.ip(`addr add ${DR}/32 dev eth1`, `addr add ${TUN}/32 dev eth1`);
  client.run("ip", "link", "set", "eth0", "down");
  for (const [index, server] of servers.entries()) prepareServer(server, `10.9.0.${index + 2}`);
}

/** What NAT sends it, the server answers by way of the director; what it gets as it is, at once. */
function prepareServer(server: Host, address: string): void {
  const settings = ["arp_ignore=1", "arp_announce=2", "rp_filter=0"].map((one) => `net.ipv4.conf.all.${one}`);
  server.run("sysctl", "-qw", ...settings, "net.ipv4.conf.tunl0.rp_filter=0");
  server.ip(
    `rule add from ${address} lookup 100`,
    "route add default via 10.9.0.1 table 100",
    `addr add ${DR}/32 dev lo`,
    "link set tunl0 up",
    `addr add ${TUN}/32 dev tunl0`,
  );
}

export function serve(server: Host): ChildProcess {
  return server.spawn([process.execPath, "-e", SERVER, server.name]);
}

export function listens(server: Host): boolean {
  return server.run("ss", "-ltn").includes(":8080");
}

export class Client {
  readonly #process: ChildProcess;
  readonly #answers: Interface;

  constructor(host: Host) {
    this.#process = host.spawn([process.execPath, "-e", CLIENT], {}, "pipe");
    if (this.#process.stdout === null) throw new Error("no standard output");
    this.#answers = createInterface({ input: this.#process.stdout });
  }

  /** What each address answers: name of the server, address it was reached by, port of the client. */
  ask(how: "new" | "held", ...addresses: readonly string[]): Promise<string[]> {
    return new Promise((resolve) => {
      this.#answers.once("line", (line) => resolve(JSON.parse(line) as string[]));
      this.#process.stdin?.write(`${how} ${addresses.join(" ")}\n`);
    });
  }
}
