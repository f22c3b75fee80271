/** examples/lvs-dr as its README walks through it, with its own files and a real IPVS: what stands there is what is seen. */
import { deepEqual, match, ok } from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Director } from "../../support/director.ts";
import { type Host, Lan } from "../../support/lan.ts";
import { waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";

const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = join(CHECKOUT, "examples/lvs-dr");
const BUOY = join(CHECKOUT, "bin/buoy");
const VIP = "10.7.0.100";
const PATIENCE = { within: 200_000, every: 500 };

class Site {
  readonly lan = new Lan();
  readonly one = this.#director("director1", 1);
  readonly two = this.#director("director2", 2);
  readonly webs = [this.lan.addHost("web1", at(11)), this.lan.addHost("web2", at(12))] as const;
  readonly client = this.lan.addHost("client", at(50));
  readonly #servers = new Map<Host, ChildProcess>();

  #director(name: string, last: number): Director {
    return new Director("buoy", this.lan.addHost(name, at(last)));
  }

  serve(host: Host, page: string): void {
    const folder = host.path("web");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.html"), `${page}\n`);
    this.#servers.set(host, host.spawn(["busybox", "httpd", "-f", "-p", "80", "-h", folder]));
  }

  async kill(host: Host): Promise<void> {
    const server = this.#servers.get(host);
    ok(server !== undefined);
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  }

  /** Pages that the client gets one after the other. */
  pages(count: number): readonly string[] {
    return Array.from({ length: count }, () =>
      this.client.run("timeout", "20", "busybox", "wget", "-q", "-O", "-", `http://${VIP}/`).trim(),
    );
  }

  story(): string {
    return [this.one, this.two]
      .map(
        ({ host, output }) => `--- ${host.name}\n${host.run("ipvsadm", "-L", "-n")}\n${output.slice(-3_000)}`,
      )
      .join("\n");
  }
}

function at(last: number): { readonly ipv4: string } {
  return { ipv4: `10.7.0.${last}/24` };
}

/** What the README shows below a command on a host, each time that it shows it. */
function shown(command: string): readonly string[] {
  const readme = readFileSync(join(EXAMPLE, "README.md"), "utf8");
  return [...readme.matchAll(/^```\n(.*)\n([^`]*)^```$/gm)]
    .filter(([, line]) => line === command)
    .map(([, , text]) => text ?? "");
}

/** How many connections there are just now is not part of it. */
function still(table: string): readonly string[] {
  return table
    .split("\n")
    .map((line) => line.replace(/ +\d+ +\d+ *$/, "").trimEnd())
    .filter(Boolean);
}

async function table(site: Site, { host }: Director, expected: string | undefined): Promise<void> {
  ok(expected !== undefined, "the README shows no such table");
  const seen = (): string => host.run("ipvsadm", "-L", "-n");
  await waitFor(
    `${host.name} to have\n${expected}`,
    () => still(seen()).join("\n") === still(expected).join("\n"),
    { ...PATIENCE, detail: () => `${seen()}\n${site.story()}` },
  );
}

function why(director: Director, name: string): string {
  return director.host.run(
    process.execPath,
    BUOY,
    "why",
    name,
    "-n",
    "1",
    "--runtime-dir",
    director.runtimeDir,
  );
}

/** `why` says what the README shows, perhaps beside what became of it. */
function says(director: Director, name: string): void {
  const sentences = shown(`${director.host.name}# buoy why ${name} -n 1`);
  ok(sentences.length > 0);
  const said = withoutTimes(why(director, name));
  for (const sentence of sentences) ok(said.includes(withoutTimes(sentence)), said);
}

/** A sentence with its moments and spans left out. */
function withoutTimes(text: string): string {
  return text
    .trim()
    .replace(/\d\d:\d\d:\d\d\.\d+/g, "T")
    .replace(/[\d.]+ s\b/g, "S");
}

async function walkThrough(site: Site): Promise<void> {
  const { one, two, webs, lan } = site;
  const [web1, web2] = webs;
  const [start, death, sorry] = shown("director1# ipvsadm -L -n");
  const [failover] = shown("director2# ipvsadm -L -n");
  for (const web of webs) {
    const words = web.run(process.execPath, BUOY, "realserver", "up", VIP);
    deepEqual([words], shown(`# buoy realserver up ${VIP}`));
    site.serve(web, web.name);
  }
  for (const director of [one, two]) {
    site.serve(director.host, "sorry");
    director.start(readFileSync(join(EXAMPLE, director.host.name, "keepalived.conf"), "utf8"));
    await table(site, director, start);
  }
  await waitFor("director1 to be master", () => one.host.holds(VIP), {
    ...PATIENCE,
    detail: () => site.story(),
  });
  deepEqual([...site.pages(4)].sort(), ["web1", "web1", "web2", "web2"]);
  deepEqual(
    [two.host.run("ipvsadm", "-L", "--daemon").trim()],
    shown("director2# ipvsadm -L --daemon").map((text) => text.trim()),
  );
  await waitFor(
    "director2 to hear of the connections",
    () => two.host.run("ipvsadm", "-L", "-n", "-c").includes(`${VIP}:80`),
    PATIENCE,
  );

  await site.kill(web1);
  await table(site, one, death);
  deepEqual(site.pages(2), ["web2", "web2"]);
  says(one, "10.7.0.11");

  await site.kill(web2);
  await table(site, one, sorry);
  deepEqual(site.pages(2), ["sorry", "sorry"]);

  for (const web of webs) site.serve(web, web.name);
  for (const director of [one, two]) await table(site, director, start);
  lan.setCable(one.host, false);
  await waitFor("director2 to be master", () => two.host.holds(VIP), {
    ...PATIENCE,
    detail: () => site.story(),
  });
  await table(site, two, failover);
  deepEqual([...site.pages(4)].sort(), ["web1", "web1", "web2", "web2"]);
  says(two, "VI_WEB");
  for (const web of webs)
    match(web.run(process.execPath, BUOY, "realserver", "show"), /10\.7\.0\.100\/32 is on lo/);
  await Promise.all([one, two].map((director) => director.stop()));
}

export const lvsDrCases: readonly MachineCase[] = [
  {
    name: "examples/lvs-dr is as its README walks through it",
    run: async () => {
      const site = new Site();
      try {
        await walkThrough(site);
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${site.story()}`, { cause: error });
      } finally {
        site.lan.destroy();
      }
    },
  },
];
