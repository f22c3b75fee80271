/**
 * The lab's play, in a mount, network and process namespace of its own: builds the LAN, runs buoy on both directors,
 * pulls the plug of the master and plugs it in again, and judges what the client saw.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatSpan, type Micros, millis } from "../base/time.ts";
import { ClientView, LabFailure, outageText } from "./client-view.ts";
import { LabDirector } from "./director.ts";
import { CONFIG_DIR, labConfig, labDirectorNginx, labNotifyConf, type WebProgram } from "./example-files.ts";
import { addHost, buildSwitch, type Host, plugIn, pullPlug } from "./lan.ts";
import { isInTime, type Outage, outageLength } from "./outage.ts";
import {
  CLIENT,
  DIRECTOR_1,
  DIRECTOR_2,
  HOSTS,
  type HostPlan,
  INSTANCE,
  VIRTUAL_ADDRESS,
  WEB_1,
  WEB_2,
} from "./plan.ts";
import type { Story } from "./story.ts";
import { WebServers } from "./web-servers.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/nginx-ha/", import.meta.url));
const AGENT = fileURLToPath(new URL("./agent-main.js", import.meta.url));

/** What scheduling on a busy machine may add to the protocol's bound before the lab calls it a failure. */
const MARGIN: Micros = millis(500);
const PATIENCE_MS = 15_000;
const LOOK_MS = 700;

export interface StageOptions {
  /** In a user namespace with one uid. */
  readonly rootless: boolean;
  readonly nginx: boolean;
}

interface Cast {
  readonly one: LabDirector;
  readonly two: LabDirector;
  readonly client: Host;
  readonly view: ClientView;
}

/** Plays everything; true if what was seen is what the protocol promises. */
export async function play(story: Story, options: StageOptions): Promise<boolean> {
  const view = new ClientView(story);
  story.act("A LAN: two directors, two web servers and a client, each in a network namespace of its own");
  const cast = await build(story, options, view);
  try {
    await start(story, cast);
    const takeover = await pull(story, cast);
    await giveBack(story, cast);
    await handOver(story, cast);
    return verdict(story, takeover);
  } catch (error) {
    for (const director of [cast.one, cast.two]) {
      story.painted("red", `last words of buoy on ${director.name}:`);
      story.quote(director.lastWords);
    }
    throw error;
  }
}

async function build(story: Story, options: StageOptions, view: ClientView): Promise<Cast> {
  await buildSwitch();
  const hosts = new Map<HostPlan, Host>();
  await Promise.all(HOSTS.map(async (plan) => hosts.set(plan, await addHost(plan, view.hear))));
  const host = (plan: HostPlan): Host => {
    const found = hosts.get(plan);
    if (found === undefined) throw new Error(`the lab has no host ${plan.name}`);
    return found;
  };
  for (const plan of HOSTS)
    story.plain(`  ${plan.name.padEnd(10)} ${plan.address.padEnd(11)} ${describe(plan, options)}`);
  story.plain(`  the floating address is ${VIRTUAL_ADDRESS}`);
  for (const plan of [DIRECTOR_1, DIRECTOR_2]) installDirector(host(plan), options);
  new WebServers(options.nginx).start([WEB_1, WEB_2].map(host));
  return {
    one: new LabDirector(host(DIRECTOR_1), story),
    two: new LabDirector(host(DIRECTOR_2), story),
    client: host(CLIENT),
    view,
  };
}

function describe(plan: HostPlan, options: StageOptions): string {
  if (plan.role === "client") return "asks the floating address all the time";
  const web = options.nginx ? "nginx" : "a stand-in of Node for nginx";
  return plan.role === "server" ? web : `buoy, and ${web} while it is master`;
}

function installDirector(host: Host, options: StageOptions): void {
  const example = (name: string): string => readFileSync(EXAMPLE + name, "utf8");
  const folder = `${host.root}${CONFIG_DIR}`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const program: WebProgram = {
    nginx: options.nginx,
    standIn: [process.execPath, AGENT, "proxy", host.plan.name],
  };
  const write = (name: string, text: string, mode = 0o644): void =>
    writeFileSync(`${folder}/${name}`, text, { mode });
  write("keepalived.conf", labConfig(example(`${host.plan.name}/keepalived.conf`), options.rootless));
  write("notify.sh", example("notify.sh"), 0o755);
  write("notify.conf", labNotifyConf(program));
  write("nginx.conf", labDirectorNginx(example("nginx-site.conf"), host.plan));
}

async function start(story: Story, { one, two, view }: Cast): Promise<void> {
  story.act("Both directors start buoy with examples/nginx-ha; the higher priority wins");
  // One after the other: started at the same instant, the lower priority may win the first milliseconds.
  await one.start();
  await two.start();
  for (const { kind, what } of await degradations(one)) story.seen(one.name, `${kind}: ${what}`, "dim");
  await view.heldBy(DIRECTOR_1.name, PATIENCE_MS);
  await view.webBy(DIRECTOR_1.name, PATIENCE_MS);
  await sleep(LOOK_MS);
}

async function degradations(
  director: LabDirector,
): Promise<readonly { readonly kind: string; readonly what: string }[]> {
  const { degraded } = await director.status();
  return degraded.map((what) => ({ kind: "without full rights", what }));
}

interface Takeover {
  readonly outage: Outage;
  readonly bound: Micros;
}

async function pull(story: Story, { one, two, view }: Cast): Promise<Takeover> {
  const bound = await masterDownInterval(two);
  story.act(
    `Pulling the plug of ${one.name}: ${two.name} may wait ${formatSpan(bound)} (Master_Down_Interval)`,
  );
  const known = view.outages.length;
  story.seen("the lab", `unplugs ${one.name}`, "yellow");
  await pullPlug(one.host);
  await view.heldBy(two.name, PATIENCE_MS);
  await view.webBy(two.name, PATIENCE_MS);
  const outage = view.outages.slice(known).find((seen) => seen.after === two.name);
  if (outage === undefined)
    throw new LabFailure("the client saw no outage although the master was unplugged");
  await sleep(LOOK_MS);
  await tellWhy(story, two);
  await tellWhy(story, one);
  return { outage, bound };
}

/** How long a backup waits for its master. */
export async function masterDownInterval(director: LabDirector): Promise<Micros> {
  const { vrrp } = await director.status();
  const instance = vrrp?.instances.find((candidate) => candidate.name === INSTANCE);
  if (instance === undefined) throw new LabFailure(`buoy on ${director.name} does not run ${INSTANCE}`);
  return instance.masterDownInterval;
}

/** Shows what `buoy why` says of the last change of something on a director. */
export async function tellWhy(story: Story, director: LabDirector, name = INSTANCE): Promise<void> {
  story.command(`buoy why ${name} -n 1`, director.name);
  story.quote(await director.why(1, name));
}

async function giveBack(story: Story, { one, view }: Cast): Promise<void> {
  story.act(`Plugging ${one.name} in again: it has the higher priority, and takes the address back`);
  story.seen("the lab", `plugs ${one.name} in`, "yellow");
  await plugIn(one.host);
  await view.heldBy(one.name, PATIENCE_MS);
  await view.webBy(one.name, PATIENCE_MS);
  await sleep(LOOK_MS);
  await tellWhy(story, one);
}

async function handOver(story: Story, { one, two, client, view }: Cast): Promise<void> {
  story.act(`Stopping buoy on ${one.name}: it says so, and ${two.name} need not wait`);
  const known = view.outages.length;
  story.seen("the lab", `stops buoy on ${one.name}`, "yellow");
  await one.stop();
  await view.heldBy(two.name, PATIENCE_MS);
  await view.webBy(two.name, PATIENCE_MS);
  const outage = view.outages.slice(known).find((seen) => seen.after === two.name);
  if (outage !== undefined) story.seen("the lab", `a clean stop: ${outageText(outage)}`);
  await sleep(LOOK_MS);
  const counting = view.counted(PATIENCE_MS);
  client.agent.stdin?.write("count\n");
  const { answers, failed } = await counting;
  const list = Object.entries(answers).map(([by, count]) => `${count} from ${by}`);
  story.seen("client", `pages in all: ${list.sort().join(", ")}; ${failed} failed`);
  await two.stop();
}

function verdict(story: Story, { outage, bound }: Takeover): boolean {
  const length = outageLength(outage);
  const good = isInTime(outage, bound, MARGIN);
  story.act("Result");
  story.plain(`  outage seen by the client:   ${formatSpan(length)} (${outage.lost} questions lost)`);
  story.plain(
    `  Master_Down_Interval:        ${formatSpan(bound)}, and up to ${formatSpan(MARGIN)} for this machine's scheduling`,
  );
  story.painted(good ? "green" : "red", good ? "  the takeover was in time" : "  the takeover came too late");
  return good;
}
