/** The lab's web servers: each is a process in its host, nginx or a stand-in, and dies and comes back as the play wants. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { labWebNginx } from "./example-files.ts";
import { type Host, spawnIn } from "./lan.ts";

const AGENT = fileURLToPath(new URL("./agent-main.js", import.meta.url));

export class WebServers {
  readonly #nginx: boolean;
  readonly #running = new Map<Host, ChildProcess>();

  constructor(nginx: boolean) {
    this.#nginx = nginx;
  }

  start(hosts: readonly Host[]): void {
    for (const host of hosts) {
      if (this.#nginx) writeFileSync(`${host.root}/run/nginx.conf`, labWebNginx(host.plan));
      const command = this.#nginx
        ? ["nginx", "-c", "/run/nginx.conf", "-e", "/run/nginx-error.log", "-g", "daemon off;"]
        : [process.execPath, AGENT, "page", host.plan.name];
      this.#running.set(host, spawnIn(host, command));
    }
  }

  async kill(hosts: readonly Host[]): Promise<void> {
    await Promise.all(
      hosts.map(async (host) => {
        const child = this.#running.get(host);
        if (child === undefined) throw new Error(`${host.plan.name} has no web server`);
        this.#running.delete(host);
        const ended = once(child, "exit");
        // nginx ends its workers at once, too.
        child.kill("SIGTERM");
        await ended;
      }),
    );
  }
}
