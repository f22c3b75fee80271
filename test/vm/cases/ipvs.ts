/** IPVS through Debian's kernel: what our data plane programs, beside what keepalived programs for the same words. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { FoundService, TableChange, TableRefusal, TableService } from "../../../src/director/table.ts";
import { createLoop } from "../../../src/host/loop.ts";
import type { LvsTimeouts } from "../../../src/model/director-models.ts";
import type { DataPlane } from "../../../src/ports/data-plane.ts";
import { openPlane } from "../../../src/processes/open-plane.ts";
import { Director } from "../../support/director.ts";
import { type Host, Lan } from "../../support/lan.ts";
import { waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";
import { Client, DR, listens, NAT, serve, TUN, wire } from "../director/visitors.ts";
import {
  address,
  changesFor,
  EVERY_KIND,
  EVERY_KIND_CONFIG,
  EVERY_KIND_SAVED,
  service,
} from "./ipvs-kinds.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
const PATIENCE = { within: 30_000, every: 300 };

/** Our data plane in a host's namespace. */
class Plane {
  readonly plane: DataPlane;

  private constructor(plane: DataPlane) {
    this.plane = plane;
  }

  static open(host: Host): Promise<Plane> {
    return new Promise((resolve) => {
      const tableNamespace = { kind: "named", name: host.namespace } as const;
      openPlane(createLoop(), { dataPlane: "auto", tableNamespace }, ({ plane, status }) => {
        deepEqual(status, { name: "IPVS 1.2.1", why: "the kernel has it" });
        resolve(new Plane(plane));
      });
    });
  }

  change(changes: readonly TableChange[]): Promise<readonly TableRefusal[]> {
    return new Promise((resolve) => this.plane.change(changes, resolve));
  }

  read(): Promise<readonly FoundService[]> {
    return new Promise((resolve, reject) =>
      this.plane.read((result) =>
        result.ok ? resolve(result.value) : reject(new Error(JSON.stringify(result.error))),
      ),
    );
  }

  /** Any of the requests that answer with an error or nothing. */
  async must(request: (plane: DataPlane, done: (error: unknown) => void) => void): Promise<void> {
    deepEqual(await new Promise((resolve) => request(this.plane, resolve)), undefined);
  }
}

/** Hosts of a LAN of their own; a failure tells what the kernel held. */
async function withHosts(
  names: readonly string[],
  story: (lan: Lan, ...hosts: Host[]) => Promise<void>,
): Promise<void> {
  const lan = new Lan();
  const hosts = names.map((name, index) => lan.addHost(name, { ipv4: `10.9.0.${index + 1}/24` }));
  try {
    await story(lan, ...hosts);
  } catch (error) {
    const tables = hosts.map((host) => `--- ${host.name}\n${host.run("ipvsadm", "-L", "-n")}`);
    throw new Error(`${(error as Error).message}\n${tables.join("\n")}`, { cause: error });
  } finally {
    lan.destroy();
  }
}

function saved(host: Host): string[] {
  return host
    .run("ipvsadm-save", "-n")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.trim())
    .sort();
}

/** What was asked for, out of what is found. */
function withoutCounters(services: readonly FoundService[]): unknown[] {
  return services
    .map(({ statistics, destinations, ...rest }) => ({
      ...rest,
      destinations: destinations
        .map(
          ({ statistics: _, activeConnections, inactiveConnections, persistentConnections, ...wanted }) =>
            wanted,
        )
        .sort((a, b) => (a.address < b.address ? -1 : 1)),
    }))
    .sort((a, b) => (JSON.stringify(a.endpoint) < JSON.stringify(b.endpoint) ? -1 : 1));
}

function sorted(services: readonly TableService[]): unknown[] {
  return [...services].sort((a, b) => (JSON.stringify(a.endpoint) < JSON.stringify(b.endpoint) ? -1 : 1));
}

/** ipvsadm pads its lines, and does not say here what a tunnel is made of. */
function withoutRemarks(table: string): string[] {
  return table
    .split("\n")
    .map((line) => line.replace(/ {2}#.*$/, "").trimEnd())
    .filter(Boolean);
}

async function everyKind(host: Host, other: Host): Promise<void> {
  const keepalived = new Director("keepalived", other);
  keepalived.start(EVERY_KIND_CONFIG);
  const plane = await Plane.open(host);
  deepEqual(await plane.change(changesFor(EVERY_KIND)), []);
  deepEqual(saved(host), [...EVERY_KIND_SAVED].sort());
  deepEqual(withoutCounters(await plane.read()), sorted(EVERY_KIND));
  await waitFor(
    "keepalived to have programmed as many lines",
    () => saved(other).length >= EVERY_KIND_SAVED.length,
    {
      ...PATIENCE,
      detail: () => keepalived.output.slice(-4_000),
    },
  );
  deepEqual(saved(other), saved(host));
  // What is saved leaves the limits of connections out.
  const limits = (one: Host): string => one.run("ipvsadm", "-L", "-n", "--thresholds");
  equal(limits(other), limits(host));
  deepEqual(
    withoutRemarks(host.run(process.execPath, BUOY, "ipvs")),
    withoutRemarks(host.run("ipvsadm", "-L", "-n")),
  );
  await keepalived.stop();
  await plane.must((ipvs, done) => ipvs.flush(done));
  deepEqual(saved(host), []);
  plane.plane.close();
}

/** What somebody else left or took away is taken over and put right, and one refusal keeps nothing else out. */
async function adoption(host: Host): Promise<void> {
  host.run("ipvsadm", "-A", "-t", "10.8.0.1:80", "-s", "wlc", "-p", "100");
  host.run("ipvsadm", "-a", "-t", "10.8.0.1:80", "-r", "10.8.1.1:80", "-g", "-w", "9");
  const plane = await Plane.open(host);
  const ours = service(address("tcp", "10.8.0.1", 80), "rr", [
    ["10.8.1.1", 80, 2],
    ["10.8.1.2", 80, 1],
  ]);
  deepEqual(await plane.change(changesFor([ours])), []);
  const table = [
    "-A -t 10.8.0.1:80 -s rr",
    "-a -t 10.8.0.1:80 -r 10.8.1.1:80 -m -w 2",
    "-a -t 10.8.0.1:80 -r 10.8.1.2:80 -m -w 1",
  ];
  deepEqual(saved(host), table);
  host.run("ipvsadm", "-C");
  const edits = changesFor([ours]).map(
    (change): TableChange =>
      "service" in change ? { ...change, kind: "EditService" } : { ...change, kind: "EditDestination" },
  );
  deepEqual(await plane.change(edits), []);
  deepEqual(saved(host), table);
  host.run("ipvsadm", "-D", "-t", "10.8.0.1:80");
  const removals = edits
    .toReversed()
    .map(
      (change): TableChange =>
        "service" in change ? { ...change, kind: "DeleteService" } : { ...change, kind: "DeleteDestination" },
    );
  deepEqual(await plane.change(removals), []);
  // Debian's kernel is built without this scheduler.
  const refused = service(address("tcp", "10.8.0.2", 80), "twos", [["10.8.1.1", 80, 1]]);
  const refusals = await plane.change(changesFor([refused, ours]));
  deepEqual(saved(host), table);
  deepEqual(
    refusals.map(({ index, error }) => [index, error.call, error.subject, error.errno]),
    [
      [0, "IPVS: add service", "[10.8.0.2]:tcp:80", "ENOENT"],
      [1, "IPVS: add server", "[10.8.1.1]:80 of [10.8.0.2]:tcp:80", "ESRCH"],
    ],
  );
  ok(refusals[0]?.error.detail?.includes("scheduler"));
  plane.plane.close();
}

async function settings(host: Host): Promise<void> {
  const plane = await Plane.open(host);
  const timeouts = (): string => host.run("ipvsadm", "-L", "--timeout").trim();
  const before = await new Promise<LvsTimeouts>((resolve, reject) =>
    plane.plane.readTimeouts((result) =>
      result.ok ? resolve(result.value) : reject(new Error(result.error.call)),
    ),
  );
  deepEqual(before, { tcp: 900, tcpFin: 120, udp: 300 });
  await plane.must((ipvs, done) => ipvs.setTimeouts({ tcp: 100, tcpFin: undefined, udp: 50 }, done));
  equal(timeouts(), "Timeout (tcp tcpfin udp): 100 120 50");
  await plane.must((ipvs, done) => ipvs.setTimeouts(before, done));
  equal(timeouts(), "Timeout (tcp tcpfin udp): 900 120 300");

  const daemon = {
    interface: "eth0",
    instance: undefined,
    id: 7,
    maxLength: 1400,
    port: 9000,
    ttl: 3,
    group: "224.0.0.90",
  };
  const set = (role: "master" | "backup" | "both" | "none", id = 7): Promise<void> =>
    plane.must((ipvs, done) => ipvs.setSyncDaemon({ ...daemon, id }, role, done));
  const line = (role: string, id = 7): string =>
    `${role} sync daemon (mcast=eth0, syncid=${id}, maxlen=1400, group=224.0.0.90, port=9000, ttl=3)`;
  const daemons = (): string[] =>
    host
      .run("ipvsadm", "-L", "--daemon")
      .split("\n")
      .map((one) => one.trim())
      .filter(Boolean);
  await set("both");
  deepEqual(daemons(), [line("master"), line("backup")]);
  await set("master");
  deepEqual(daemons(), [line("master")]);
  await set("backup", 8);
  deepEqual(daemons(), [line("backup", 8)]);
  await set("none");
  deepEqual(daemons(), []);
  const error = await new Promise<{ call: string; subject: string; errno: string }>((resolve) =>
    plane.plane.setSyncDaemon(
      { ...daemon, interface: "eth7" },
      "master",
      (refused) => refused && resolve(refused),
    ),
  );
  deepEqual(
    [error.call, error.subject, error.errno],
    ["IPVS: start sync daemon", "master on eth7", "ENODEV"],
  );
  plane.plane.close();
}

async function traffic(lan: Lan, director: Host, server: Host, client: Host): Promise<void> {
  wire(lan, director, [server], client);
  serve(server);
  const plane = await Plane.open(director);
  const ipip = { method: "tun", type: "ipip", port: undefined, checksum: "none" } as const;
  const services = [
    service(address("tcp", NAT, 80), "rr", [["10.9.0.2", 8080, 1]]),
    service(address("tcp", DR, 80), "rr", [["10.7.0.2", 80, 1]], { method: "dr" }),
    service(address("tcp", TUN, 80), "rr", [["10.7.0.2", 80, 1]], ipip),
  ];
  deepEqual(await plane.change(changesFor(services)), []);
  await waitFor("the server to listen", () => listens(server), PATIENCE);
  const vips = [NAT, DR, TUN].flatMap((one) => [one, one, one, one]);
  const heard = await new Client(client).ask("new", ...vips);
  deepEqual(
    heard.map((answer) => answer.split(" ")[1]?.replace("10.9.0.2", NAT)),
    vips,
  );
  await counted(plane, 4);
  for (const { endpoint, statistics } of await plane.read()) {
    const text = `${JSON.stringify(endpoint)}: ${JSON.stringify(statistics)}`;
    const { packetsIn = 0, bytesIn = 0, packetsOut = 0 } = statistics;
    ok(packetsIn >= 16 && bytesIn > 800, text);
    // Only the answers of NAT come by.
    equal(packetsOut > 0, endpoint.kind === "address" && endpoint.address === NAT, text);
  }
  plane.plane.close();
}

/** The kernel adds up what its processors counted every two seconds. */
async function counted(plane: Plane, connections: number): Promise<void> {
  let text = "";
  const isCounted = async (): Promise<boolean> => {
    const services = await plane.read();
    text = JSON.stringify(services);
    return services.every(({ statistics, destinations }) =>
      [statistics, ...destinations.map((one) => one.statistics)].every(
        (one) => one.connections === connections,
      ),
    );
  };
  const end = performance.now() + PATIENCE.within;
  while (!(await isCounted())) {
    if (performance.now() > end) throw new Error(`not ${connections} connections everywhere: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, PATIENCE.every));
  }
}

/** Far more than one batch; all of it arrives, and goes away again. */
async function many(host: Host): Promise<void> {
  const services = Array.from({ length: 100 }, (_, index) =>
    service(
      address("tcp", `10.8.${index >> 8}.${index & 255}`, 80),
      "wrr",
      [1, 2, 3, 4].map((server): [string, number, number] => [`10.7.1.${server}`, 80, server]),
    ),
  );
  const plane = await Plane.open(host);
  deepEqual(await plane.change(changesFor(services)), []);
  deepEqual(withoutCounters(await plane.read()), sorted(services));
  const removals = services.map(
    ({ destinations, ...rest }): TableChange => ({ kind: "DeleteService", service: rest }),
  );
  deepEqual(await plane.change(removals), []);
  deepEqual(await plane.read(), []);
  plane.plane.close();
}

/** Few namespaces, because each costs seconds here: what needs no others of its own comes one after the other. */
export const ipvsCases: readonly MachineCase[] = [
  {
    name: "IPVS holds services of every kind as keepalived has them, takes over what is there, and takes many at once",
    run: () =>
      withHosts(["ours", "theirs"], async (_lan, ours, theirs) => {
        await everyKind(ours, theirs);
        await adoption(ours);
        ours.run("ipvsadm", "-C");
        await many(ours);
      }),
  },
  {
    name: "IPVS carries connections by NAT, DR and tunnel and counts them; timeouts and sync daemons are set and restored",
    run: () =>
      withHosts(["director", "server", "client"], async (lan, director, server, client) => {
        await traffic(lan, director, server, client);
        await settings(director);
      }),
  },
];
