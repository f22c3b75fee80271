/** Random directors: small pools in which servers, checks and addresses are shared. */
import type { Prng } from "../../src/base/prng.ts";
import { seconds } from "../../src/base/time.ts";
import type {
  CheckModel,
  DirectorModel,
  Endpoint,
  Forwarding,
  ProbeModel,
  RealServerModel,
  SorryServerModel,
  VirtualServerModel,
} from "../../src/model/director-models.ts";
import { command, directorModel, miscCheck, realServer, tcpCheck, virtualServer } from "./models.ts";

const HOSTS = [1, 2, 3, 4, 5, 6];
export const FILES = ["f1", "f2"];
export const SESSIONS = ["s1", "s2"];
/** Address numbers that services may have, each at home in one of them. */
export const ADDRESSES = [1, 2, 3, 4, 5, 6, 7, 8];

/** A whole configuration. Keys are drawn from few, so that a second one has much in common with the first. */
export function drawDirector(random: Prng): DirectorModel {
  const services = [1, 2, 3, 4].filter(() => random.chance(0.7)).map((number) => drawService(random, number));
  return directorModel(services, {
    flushAtStop: random.pick(["each", "all", "services"]),
    notifyAtStart: random.chance(0.2),
  });
}

/** The same with some of its services drawn anew. */
export function redraw(random: Prng, model: DirectorModel): DirectorModel {
  const virtualServers = model.virtualServers.flatMap((service) => {
    if (random.chance(0.1)) return [];
    if (random.chance(0.4)) return [service];
    const servers = service.realServers.flatMap((server) =>
      random.chance(0.2) ? [] : [changed(random, server)],
    );
    const fresh = drawService(random, Number(service.key.slice(2)));
    return [{ ...fresh, realServers: merge(servers, fresh.realServers) }];
  });
  if (random.chance(0.2)) return drawDirector(random);
  return { ...model, virtualServers };
}

function merge(
  kept: readonly RealServerModel[],
  fresh: readonly RealServerModel[],
): readonly RealServerModel[] {
  return [...kept, ...fresh.filter(({ key }) => !kept.some((server) => server.key === key)).slice(0, 1)];
}

function changed(random: Prng, server: RealServerModel): RealServerModel {
  if (random.chance(0.6)) return server;
  const host = Number(server.address.split(".").at(-1));
  const fresh = drawServer(random, host);
  return random.chance(0.5) ? { ...fresh, checks: server.checks } : fresh;
}

function drawService(random: Prng, number: number): VirtualServerModel {
  const realServers = HOSTS.filter(() => random.chance(0.5)).map((host) => drawServer(random, host));
  const total = realServers.reduce((sum, { weight }) => sum + weight, 0);
  const quorum = Math.max(1, random.integer(1, Math.max(1, total)));
  return virtualServer(realServers, {
    key: `VS${number}`,
    name: `[service${number}]:tcp:80`,
    endpoints: drawEndpoints(random, number),
    scheduler: random.pick(["wlc", "rr", "sh"]),
    quorum,
    hysteresis: random.integer(0, quorum - 1),
    quorumUp: random.chance(0.3) ? command("/gained") : undefined,
    omega: random.chance(0.3),
    smtpAlert: random.chance(0.2),
    haSuspend: random.chance(0.2),
    sorryServer: random.chance(0.6) ? drawSorry(random) : undefined,
  });
}

function drawSorry(random: Prng): SorryServerModel {
  // Now and then it is one of the real servers.
  const address = random.chance(0.2) ? "10.0.1.1" : "10.0.9.9";
  return { address, port: 80, forwarding: drawForwarding(random), inhibit: random.chance(0.3) };
}

function drawForwarding(random: Prng): Forwarding {
  return { method: random.pick(["nat", "dr"]) };
}

function drawEndpoints(random: Prng, number: number): readonly Endpoint[] {
  if (random.chance(0.1)) return [{ kind: "fwmark", mark: number, family: "ipv4" }];
  const hosts = [2 * number - 1, 2 * number].filter(() => random.chance(0.6));
  if (hosts.length === 0) hosts.push(2 * number);
  return hosts.map((host) => ({ kind: "address", protocol: "tcp", address: `10.0.0.${host}`, port: 80 }));
}

function drawServer(random: Prng, host: number): RealServerModel {
  const alpha = random.chance(0.3);
  const checks = [tcp(host, 80), tcp(host, 81), misc(host), file(random), bfd(random)]
    .filter(() => random.chance(0.35))
    .map((check) => ({ ...check, alpha, logAllFailures: random.chance(0.2) }));
  return realServer(host, {
    forwarding: drawForwarding(random),
    weight: random.integer(0, 4),
    inhibitOnFailure: random.chance(0.3),
    alpha,
    notifyUp: random.chance(0.3) ? command("/up") : undefined,
    smtpAlert: random.chance(0.2),
    checks,
  });
}

/** One port has one timing for ever: what is probed tells which check it is. */
function tcp(host: number, port: number): CheckModel {
  const check = tcpCheck(host);
  const { probe } = check;
  if (probe.kind !== "tcp") return check;
  const target = { ...probe.target, port };
  const timing =
    port === 80
      ? { ...check.timing, warmup: seconds(5), retry: 2, delayLoop: seconds(4) }
      : { ...check.timing, retry: 0, jitter: seconds(3) };
  return { ...check, key: `tcp ${host} ${port}`, probe: { ...probe, target }, timing };
}

function misc(host: number): CheckModel {
  const probe: ProbeModel = {
    kind: "misc",
    command: command(`/check${host}`),
    timeout: seconds(5),
    dynamic: true,
  };
  return miscCheck({ key: `misc ${host}`, probe }, { retry: 1, delayLoop: seconds(6) });
}

function file(random: Prng): CheckModel {
  const name = random.pick(FILES);
  const probe: ProbeModel = {
    kind: "file",
    file: name,
    weight: random.pick([0, 1, 2]),
    reverse: random.chance(0.3),
  };
  return tcpCheck(0, { key: `file ${JSON.stringify(probe)}`, probe });
}

function bfd(random: Prng): CheckModel {
  const session = random.pick(SESSIONS);
  return tcpCheck(0, { key: `bfd ${session}`, probe: { kind: "bfd", session } });
}
