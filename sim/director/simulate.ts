/** One run of the director's world from a seed, and what came of it. */
import { Prng } from "../../src/base/prng.ts";
import { millis, seconds } from "../../src/base/time.ts";
import { createDirectorEngine, restoreDirectorEngine } from "../../src/director/engine.ts";
import type { PoolOrder } from "../../src/director/pool-order.ts";
import type { TableChange } from "../../src/director/table.ts";
import type { DirectorModel } from "../../src/model/director-models.ts";
import { SimLog } from "../log.ts";
import { Violation } from "../violation.ts";
import { ADDRESSES, drawDirector, FILES, redraw, SESSIONS } from "./draw.ts";
import { virtualServer } from "./models.ts";
import { type DirectorFactory, DirectorWorld, SETTLE_TIME } from "./world.ts";

export interface DirectorOutcome {
  readonly seed: number;
  readonly digest: string;
  readonly tally: ReadonlyMap<string, number>;
  readonly failure:
    | { readonly checker: string; readonly message: string; readonly tail: readonly string[] }
    | undefined;
}

/** The engines of the project. */
export const REAL_DIRECTORS: DirectorFactory = {
  create: (seed) => createDirectorEngine({ seed }),
  restore: restoreDirectorEngine,
};

/** A service of somebody else, which must stay as it is. */
const STRANGER = "tcp 10.0.0.99:80 wlc:";

/** Troubles, a calm, troubles again, a calm, and the stop. */
export function simulateDirector(
  seed: number,
  factory = REAL_DIRECTORS,
  sink?: (line: string) => void,
): DirectorOutcome {
  const random = new Prng(seed);
  const log = new SimLog(sink);
  const world = new DirectorWorld(random, factory, log);
  try {
    run(world, random);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const checker = error instanceof Violation ? error.checker : "defect";
    const message = error instanceof Violation ? error.message : (error.stack ?? error.message);
    return { seed, digest: log.digest, tally: world.tally, failure: { checker, message, tail: log.tail() } };
  }
  return { seed, digest: log.digest, tally: world.tally, failure: undefined };
}

function run(world: DirectorWorld, random: Prng): void {
  world.kernel.change([strangersService()]);
  let model = drawDirector(random);
  let orders: readonly PoolOrder[] = [];
  world.configure(model);
  for (let round = 0; round < 2; round++) {
    for (let trouble = random.integer(5, 25); trouble > 0; trouble--) {
      pass(world, random.integer(0, seconds(random.pick([1, 1, 15]))));
      ({ model, orders } = makeTrouble(world, random, model, orders));
    }
    world.calmDown();
    world.kernel.connections.clear();
    pass(world, SETTLE_TIME);
    world.expectSettled([STRANGER]);
  }
  stop(world, random, model);
}

function pass(world: DirectorWorld, span: number): void {
  world.clock.runUntil(world.clock.now + span);
}

function stop(world: DirectorWorld, random: Prng, model: DirectorModel): void {
  const before = world.kernel.text;
  const release = random.chance(0.8);
  world.stop(release);
  pass(world, seconds(4));
  if (!world.stopped) throw new Violation("stop", "it did not end");
  const all = model.flushAtStop === "all";
  const expected = release ? (all ? [] : [STRANGER]) : before;
  if (world.kernel.text.join("\n") !== expected.join("\n"))
    throw new Violation("stop", `left ${world.kernel.text.join("; ")}`);
}

function makeTrouble(
  world: DirectorWorld,
  random: Prng,
  model: DirectorModel,
  orders: readonly PoolOrder[],
): { readonly model: DirectorModel; readonly orders: readonly PoolOrder[] } {
  const { mood } = world;
  switch (random.integer(0, 13)) {
    case 0:
    case 1:
    case 2:
      mood.failing = random.pick([0, 0.2, 0.5, 1]);
      break;
    case 3:
      mood.lost = random.pick([0, 0.2]);
      mood.notRun = random.pick([0, 0, 0.5]);
      break;
    case 4:
      mood.kernelDelay = random.pick([0, millis(10), seconds(3), seconds(40)]);
      break;
    case 5:
      mood.kernelLoss = random.pick([0, 0.2]);
      break;
    case 6:
      mood.refused = random.pick(["nothing", "10.0.1.1", "10.0.9.9", "tcp 10.0.0.2 80"]);
      break;
    case 7:
      meddle(world, random);
      break;
    case 8: {
      const next = redraw(random, model);
      world.count("reload");
      world.configure(next);
      return { model: next, orders };
    }
    case 9: {
      const next = drawOrders(random, model, orders);
      world.kernel.connections.set("10.0.1.1:80", random.integer(0, 1));
      world.tell({ kind: "PoolOrdersChanged", orders: next });
      return { model, orders: next };
    }
    case 10:
      world.tell({ kind: "FileMeasured", file: random.pick(FILES), value: random.pick([-3, 0, 0, 1, 2]) });
      break;
    case 11:
      world.tell({ kind: "BfdChanged", session: random.pick(SESSIONS), up: random.chance(0.5) });
      break;
    case 12:
      world.tell({
        kind: "AddressHeld",
        address: `10.0.0.${random.pick(ADDRESSES)}`,
        held: random.chance(0.5),
      });
      break;
    default:
      if (random.chance(0.5)) world.makeTwin();
      else world.die(random.integer(1, seconds(20)));
  }
  return { model, orders };
}

/** Somebody else changes the kernel's table. */
function meddle(world: DirectorWorld, random: Prng): void {
  const services = world.kernel.read().filter(({ endpoint }) => !isStrangers(endpoint));
  if (services.length === 0) return;
  world.count("meddling");
  const service = random.pick(services);
  const { endpoint, destinations } = service;
  const change: TableChange[] = [];
  for (const destination of destinations) {
    const kind = random.pick(["DeleteDestination", "EditDestination"] as const);
    if (random.chance(0.5)) change.push({ kind, endpoint, destination: { ...destination, weight: 77 } });
  }
  if (change.length === 0) {
    const { flags, onePacket, persistence } = service;
    change.push({
      kind: "DeleteService",
      service: { endpoint, scheduler: "rr", flags, onePacket, persistence },
    });
  }
  const { refuse } = world.kernel;
  world.kernel.refuse = () => undefined;
  world.kernel.change(change);
  world.kernel.refuse = refuse;
}

function isStrangers(endpoint: { readonly kind: string; readonly address?: string }): boolean {
  return endpoint.address === "10.0.0.99";
}

function strangersService(): TableChange {
  const { scheduler, flags, onePacket, persistence, endpoints } = virtualServer([], {}, 99);
  const [endpoint] = endpoints;
  if (endpoint === undefined) throw new RangeError("no endpoint");
  return { kind: "AddService", service: { endpoint, scheduler, flags, onePacket, persistence } };
}

function drawOrders(random: Prng, model: DirectorModel, orders: readonly PoolOrder[]): readonly PoolOrder[] {
  const kept = orders.filter(() => random.chance(0.6));
  const service = model.virtualServers[random.integer(0, 3)];
  const server = service?.realServers[random.integer(0, 3)];
  if (service === undefined || server === undefined) return kept;
  const kind = random.pick(["weight", "drain", "disable"] as const);
  const order: PoolOrder = {
    id: random.uint32(),
    kind,
    virtualServer: service.key,
    realServer: server.key,
    weight: kind === "weight" ? random.integer(0, 5) : undefined,
    since: 0,
    by: "alice",
    why: undefined,
  };
  return [...kept, order];
}
