/**
 * The director's play, in namespaces of its own: two directors with one pool of three web servers. Servers die and come back,
 * all of them die, and the director itself is unplugged, while a client asks for a page all the time.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatSpan, type Instant, millis } from "../base/time.ts";
import { NO_PLANE } from "../observe/pool-view.ts";
import { ClientView, LabFailure } from "./client-view.ts";
import { LabDirector } from "./director.ts";
import { CONFIG_DIR, labConfig } from "./example-files.ts";
import { addHost, buildSwitch, type Host, pullPlug, runIn } from "./lan.ts";
import { type Outage, outageLength } from "./outage.ts";
import { type HostPlan, VIRTUAL_ADDRESS } from "./plan.ts";
import { hostName } from "./pool-news.ts";
import { FIRST, NOTICED_WITHIN, POOL_HOSTS, SECOND, SERVERS, SHOPPER, SORRY } from "./pool-plan.ts";
import {
  inTime,
  MARGIN,
  noneFailed,
  onlyFrom,
  type Promised,
  type Scene,
  sceneTable,
  sharesMatch,
  tallyText,
} from "./pool-verdict.ts";
import { PoolClient } from "./pool-view.ts";
import { monotonicNow } from "./probe.ts";
import { masterDownInterval, type StageOptions, tellWhy } from "./stage.ts";
import type { Story } from "./story.ts";
import { type Tally, tally } from "./tally.ts";
import { WebServers } from "./web-servers.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/lvs-nat/", import.meta.url));
const PATIENCE_MS = 15_000;
/** How long a state is looked at. */
const LOOK_MS = 1_500;
const WEIGHTS: ReadonlyMap<string, number> = new Map(
  SERVERS.map(({ plan, weight }) => [plan.name, weight] as const),
);
const VICTIM = SERVERS[1].plan;

/** Everybody in the play. */
interface Cast {
  readonly story: Story;
  readonly one: LabDirector;
  readonly two: LabDirector;
  readonly view: ClientView;
  readonly client: PoolClient;
  readonly webs: WebServers;
  readonly host: (plan: HostPlan) => Host;
  /** Tells the client's agent something. */
  readonly tell: (word: "begin" | "settle") => void;
}

/** Plays everything; true if all that was promised was seen. */
export async function playPool(story: Story, options: StageOptions): Promise<boolean> {
  story.act("A client, two directors, and behind them three web servers and one that says sorry");
  const cast = await build(story, options);
  try {
    await start(cast);
    const scenes = [
      await spread(cast),
      await oneDies(cast),
      await oneReturns(cast),
      await allDie(cast),
      await allReturn(cast),
      await directorFails(cast),
    ];
    return verdict(story, scenes);
  } catch (error) {
    for (const director of [cast.one, cast.two]) {
      story.painted("red", `last words of buoy on ${director.name}:`);
      story.quote(director.lastWords);
    }
    throw error;
  }
}

async function build(story: Story, options: StageOptions): Promise<Cast> {
  await buildSwitch("lan");
  await buildSwitch("back");
  const view = new ClientView(story);
  const client = new PoolClient(view);
  const hosts = new Map<HostPlan, Host>();
  await Promise.all(POOL_HOSTS.map(async (plan) => hosts.set(plan, await addHost(plan, client.hear))));
  const host = (plan: HostPlan): Host => {
    const found = hosts.get(plan);
    if (found === undefined) throw new Error(`the lab has no host ${plan.name}`);
    return found;
  };
  for (const plan of POOL_HOSTS)
    story.plain(`  ${plan.name.padEnd(10)} ${addressText(plan).padEnd(22)} ${describe(plan, options)}`);
  story.plain(
    `  the address of the service is ${VIRTUAL_ADDRESS}, and the web servers' gateway moves with it`,
  );
  const webs = new WebServers(options.nginx);
  webs.start([...SERVERS.map(({ plan }) => plan), SORRY].map(host));
  await Promise.all([FIRST, SECOND].map((plan) => installDirector(host(plan), options)));
  const [one, two] = [new LabDirector(host(FIRST), story), new LabDirector(host(SECOND), story)];
  const tell = (word: string): void => {
    host(SHOPPER).agent.stdin?.write(`${word}\n`);
  };
  return { story, one, two, view, client, webs, host, tell };
}

function addressText({ address, second }: HostPlan): string {
  return second === undefined ? address : `${address}, ${second}`;
}

function describe({ name, role }: HostPlan, options: StageOptions): string {
  if (role === "shopper") return "asks for a page a hundred times a second, each on a connection of its own";
  if (role === "director") return "buoy with examples/lvs-nat";
  const program = options.nginx ? "nginx" : "a stand-in of Node for nginx";
  const weight = WEIGHTS.get(name);
  return weight === undefined ? `${program}, the sorry server` : `${program}, weight ${weight}`;
}

async function installDirector(host: Host, options: StageOptions): Promise<void> {
  const folder = `${host.root}${CONFIG_DIR}`;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const copy = (from: string, to: string): void =>
    writeFileSync(`${folder}/${to}`, labConfig(readFileSync(EXAMPLE + from, "utf8"), options.rootless));
  copy(`${host.plan.name}/keepalived.conf`, "keepalived.conf");
  copy("virtual_servers.conf", "virtual_servers.conf");
  // A router by trade: what is translated must be passed on.
  await runIn(host, ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
}

async function start({ story, one, two, view, tell }: Cast): Promise<void> {
  story.act(
    "Both directors start; the higher priority gets the address, and each checks the servers for itself",
  );
  const since = monotonicNow();
  await one.start();
  await two.start();
  const chosen = await one.pool("a data plane", since, PATIENCE_MS, ({ kind }) => kind === "PlaneChosen");
  if (chosen.kind === "PlaneChosen" && chosen.plane === NO_PLANE)
    throw new LabFailure(`this kernel can keep no services: ${chosen.why}`);
  await mastership(one);
  await inKernel(one, since);
  tell("begin");
  await view.heldBy(one.name, PATIENCE_MS);
}

async function mastership(director: LabDirector): Promise<void> {
  const deadline = monotonicNow() + millis(PATIENCE_MS);
  for (;;) {
    const { vrrp } = await director.status();
    if (vrrp?.instances.every(({ state }) => state === "MASTER")) return;
    if (monotonicNow() > deadline) throw new LabFailure(`${director.name} did not become master`);
    await sleep(50);
  }
}

/** What became of the pages from some moment until now. */
async function look({ client, tell }: Cast, from: Instant): Promise<Tally> {
  const to = monotonicNow();
  const settled = client.settled();
  tell("settle");
  await settled;
  return tally(client.pages, from, to);
}

async function scene(
  cast: Cast,
  title: string,
  from: Instant,
  promises: (whole: Tally) => readonly Promised[],
): Promise<Scene> {
  const whole = await look(cast, from);
  cast.story.seen("client", tallyText(whole), whole.failed === 0 ? "green" : "yellow");
  return { title, tally: whole, promises: promises(whole) };
}

async function spread(cast: Cast): Promise<Scene> {
  const { story, one } = cast;
  story.act("Three servers: connections go to them by their weights, 3:2:1");
  const from = monotonicNow();
  await sleep(LOOK_MS);
  const found = await scene(cast, "three servers", from, (whole) => [
    noneFailed("three servers", whole),
    sharesMatch("three servers", whole, WEIGHTS),
  ]);
  story.command("buoy pool list", one.name);
  story.quote(await one.poolList());
  return found;
}

/** When the kernel got what this event of a server led to. */
async function inKernel(director: LabDirector, after: Instant): Promise<Instant> {
  const done = await director.pool(
    "the kernel to take it",
    after,
    PATIENCE_MS,
    ({ kind }) => kind === "TableChanged",
  );
  return done.at;
}

async function changed(director: LabDirector, plan: HostPlan, up: boolean, since: Instant): Promise<Instant> {
  const what = `${plan.name} to ${up ? "join" : "leave"} the pool`;
  const found = await director.pool(
    what,
    since,
    PATIENCE_MS,
    (event) => event.kind === "ServerChanged" && event.up === up && hostName(event.realServer) === plan.name,
  );
  return found.at;
}

async function oneDies(cast: Cast): Promise<Scene> {
  const { story, one, webs, host } = cast;
  story.act(
    `${VICTIM.name} dies: it may stay in the pool for ${formatSpan(NOTICED_WITHIN)}, until its check has failed twice`,
  );
  const from = monotonicNow();
  story.seen("the lab", `kills the web server of ${VICTIM.name}`, "yellow");
  await webs.kill([host(VICTIM)]);
  const left = await changed(one, VICTIM, false, from);
  const out = await inKernel(one, left);
  await sleep(LOOK_MS);
  const after = await look(cast, out);
  const rest = new Map([...WEIGHTS].filter(([name]) => name !== VICTIM.name));
  const found = await scene(cast, `${VICTIM.name} dies`, from, () => [
    inTime(`${VICTIM.name} was dead in the pool for`, out - from, NOTICED_WITHIN),
    noneFailed(`once ${VICTIM.name} was out`, after),
    sharesMatch(`once ${VICTIM.name} was out`, after, rest),
  ]);
  await tellWhy(story, one, VICTIM.address);
  return found;
}

async function oneReturns(cast: Cast): Promise<Scene> {
  const { story, one, webs, host } = cast;
  story.act(`${VICTIM.name} comes back`);
  const from = monotonicNow();
  story.seen("the lab", `starts the web server of ${VICTIM.name} again`, "yellow");
  webs.start([host(VICTIM)]);
  const back = await inKernel(one, await changed(one, VICTIM, true, from));
  await sleep(LOOK_MS);
  const after = await look(cast, back);
  return scene(cast, `${VICTIM.name} returns`, from, (whole) => [
    noneFailed(`${VICTIM.name} coming back`, whole),
    sharesMatch(`${VICTIM.name} back`, after, WEIGHTS),
  ]);
}

async function allDie(cast: Cast): Promise<Scene> {
  const { story, one, webs, host } = cast;
  story.act("All three die: the sorry server is there for that");
  const from = monotonicNow();
  story.seen("the lab", "kills all three web servers", "yellow");
  await webs.kill(SERVERS.map(({ plan }) => host(plan)));
  const sorry = await one.pool(
    "the sorry server to serve",
    from,
    PATIENCE_MS,
    (event) => event.kind === "SorryServer" && event.inUse,
  );
  const serves = await inKernel(one, sorry.at);
  await sleep(LOOK_MS / 2);
  const after = await look(cast, serves);
  const found = await scene(cast, "all die", from, () => [
    inTime("the sorry server served after", serves - from, NOTICED_WITHIN),
    onlyFrom("with the sorry server", SORRY.name, after),
  ]);
  story.command("buoy pool list", one.name);
  story.quote(await one.poolList());
  return found;
}

async function allReturn(cast: Cast): Promise<Scene> {
  const { story, one, two, webs, host } = cast;
  story.act("All three come back, one by one as their checks pass");
  const from = monotonicNow();
  story.seen("the lab", "starts all three web servers again", "yellow");
  webs.start(SERVERS.map(({ plan }) => host(plan)));
  const all = [one, two].flatMap((director) =>
    SERVERS.map(async ({ plan }) => inKernel(director, await changed(director, plan, true, from))),
  );
  const back = Math.max(...(await Promise.all(all)));
  await sleep(LOOK_MS);
  const after = await look(cast, back);
  return scene(cast, "all return", from, (whole) => [
    noneFailed("all coming back", whole),
    sharesMatch("all back", after, WEIGHTS),
  ]);
}

async function directorFails(cast: Cast): Promise<Scene> {
  const { story, one, two, view } = cast;
  const bound = await masterDownInterval(two);
  story.act(
    `Pulling the plug of ${one.name}: ${two.name} may wait ${formatSpan(bound)} (Master_Down_Interval)`,
  );
  const known = view.outages.length;
  const from = monotonicNow();
  story.seen("the lab", `unplugs ${one.name}`, "yellow");
  await pullPlug(one.host);
  await view.heldBy(two.name, PATIENCE_MS);
  const outage = view.outages.slice(known).find(({ after }) => after === two.name);
  if (outage === undefined)
    throw new LabFailure("the client saw no outage although the master was unplugged");
  await sleep(LOOK_MS);
  const after = await look(cast, recovery(cast, outage));
  const found = await scene(cast, `${one.name} fails`, from, (whole) => [
    inTime("nobody held the address for", outageLength(outage), bound),
    inTime("pages failed for", whole.failedFor, bound),
    noneFailed(`through ${two.name}`, after),
    sharesMatch(`through ${two.name}`, after, WEIGHTS),
  ]);
  await tellWhy(story, two);
  return found;
}

/** When the first page came after the outage. */
function recovery({ client }: Cast, { to }: Outage): Instant {
  const first = client.pages.find(({ askedAt, server }) => askedAt >= to && server !== undefined);
  return first?.askedAt ?? to;
}

function verdict(story: Story, scenes: readonly Scene[]): boolean {
  const names = [...SERVERS.map(({ plan }) => plan.name), SORRY.name];
  story.act("Result");
  for (const line of sceneTable(scenes, names, story.paint)) story.plain(`  ${line}`);
  story.plain("");
  const promises = scenes.flatMap((one) => one.promises);
  for (const { text, kept } of promises)
    story.painted(kept ? "green" : "red", `  ${kept ? "kept   " : "BROKEN "} ${text}`);
  const broken = promises.filter(({ kept }) => !kept).length;
  story.plain(`  Bounds may be passed by ${formatSpan(MARGIN)}, for this machine's scheduling.`);
  const text =
    broken === 0 ? "everything was as promised" : `${broken} of ${promises.length} promises were broken`;
  story.painted(broken === 0 ? "green" : "red", `  ${text}`);
  return broken === 0;
}
