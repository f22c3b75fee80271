/** The nftables data plane in a network namespace of its own: what nft lists of it, what is read back, and what changes leave. */
import { afterAll, afterEach, expect, it } from "vitest";
import type {
  FoundService,
  TableChange,
  TableDestination,
  TableRefusal,
} from "../../../src/director/table.ts";
import { createLoop } from "../../../src/host/loop.ts";
import type { NftPlane } from "../../../src/host/nft/plane.ts";
import { openNft } from "../../../src/host/open-nft.ts";
import type { Endpoint, Persistence } from "../../../src/model/director-models.ts";
import { enterNewNamespace } from "./namespace.ts";

const namespace = enterNewNamespace("nft-plane");
const loop = createLoop();
const plane = await open();
afterAll(() => {
  plane.close();
  namespace.remove();
});
afterEach(() => new Promise<void>((resolve) => plane.flush(() => resolve())));

const WEB: Endpoint = { kind: "address", protocol: "tcp", address: "10.9.0.100", port: 80 };
const NAMES: Endpoint = { kind: "address", protocol: "udp", address: "2001:db8::100", port: 53 };
const MARKED: Endpoint = { kind: "fwmark", mark: 5, family: "ipv4" };

function open(): Promise<NftPlane> {
  return new Promise((resolve, reject) =>
    openNft(loop, true, (result) =>
      result.ok ? resolve(result.value) : reject(new Error(result.error.errno)),
    ),
  );
}

function change(...changes: readonly TableChange[]): Promise<readonly TableRefusal[]> {
  return new Promise((resolve) => plane.change(changes, resolve));
}

function read(from = plane): Promise<readonly FoundService[]> {
  return new Promise((resolve, reject) =>
    from.read((result) => (result.ok ? resolve(result.value) : reject(new Error(result.error.errno)))),
  );
}

function service(
  endpoint: Endpoint,
  persistence?: Persistence,
): TableChange & { readonly kind: "AddService" | "EditService" | "DeleteService" } {
  const flags = { flag1: false, flag2: false, flag3: false };
  return {
    kind: "AddService",
    service: { endpoint, scheduler: "wrr", flags, onePacket: false, persistence },
  };
}

function server(endpoint: Endpoint, address: string, method: "nat" | "dr", weight = 1): TableChange {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const limits = { upperThreshold: 0, lowerThreshold: 0 };
  const destination: TableDestination = {
    address,
    port: 80,
    family,
    forwarding: { method },
    weight,
    ...limits,
  };
  return { kind: "AddDestination", endpoint, destination };
}

/** The rules of a chain as nft lists them. */
function rules(chain: string, family = "ip"): string[] {
  const listing = namespace.run("nft", "list", "chain", family, "buoy", chain);
  return listing
    .split("\n")
    .slice(2, -3)
    .map((line) => line.trim());
}

function elements(map: string): string {
  const listing = namespace.run("nft", "list", "map", "ip", "buoy", map).replaceAll(/\s+/g, " ");
  return /elements = \{ (.*?) \}/.exec(listing)?.[1] ?? "";
}

it("writes rules that nft's words can say", async () => {
  const persistence = { timeout: 300, prefixLength: 24, engine: undefined };
  expect(
    await change(
      service(WEB, persistence),
      server(WEB, "10.8.0.1", "nat", 2),
      server(WEB, "10.8.0.2", "nat"),
      service(MARKED),
      server(MARKED, "10.9.0.3", "dr"),
      service(NAMES),
      server(NAMES, "2001:db8::1", "nat"),
    ),
  ).toEqual([]);
  expect(elements("nat-services")).toBe(
    'tcp . 10.9.0.100 . 80 comment "wrr persistent=300/24" : goto tcp/10.9.0.100/80',
  );
  expect(rules("tcp/10.9.0.100/80")).toEqual([
    "tcp flags != syn / syn,rst accept",
    expect.stringMatching(
      /^meta mark set ip saddr & 255.255.255.0 map @clients\/tcp\/10.9.0.100\/80 meta mark vmap \{ 0x\w+ : goto tcp\/10.9.0.100\/80\/10.8.0.1\/80, 0x\w+ : goto tcp\/10.9.0.100\/80\/10.8.0.2\/80 \}$/,
    ),
    "delete @clients/tcp/10.9.0.100/80 { ip saddr & 255.255.255.0 : 0x00000000 }",
    "numgen inc mod 3 vmap { 0 : goto tcp/10.9.0.100/80/10.8.0.1/80, 1 : goto tcp/10.9.0.100/80/10.8.0.2/80, 2 : goto tcp/10.9.0.100/80/10.8.0.1/80 }",
  ]);
  expect(rules("tcp/10.9.0.100/80/10.8.0.2/80").at(-1)).toBe(
    "meta l4proto tcp counter packets 0 bytes 0 dnat to 10.8.0.2:80",
  );
  expect(rules("fwm/5/10.9.0.3/80").at(-1)).toBe("counter packets 0 bytes 0 dup to 10.9.0.3 drop");
  const update = (ports: string, timeout: string): string =>
    `update @connections { meta l4proto . ip saddr . ${ports} sport . ip daddr . ${ports} dport timeout ${timeout} : meta mark }`;
  expect(rules("remember").slice(0, 3)).toEqual([
    update("th", "15m"),
    `tcp flags syn ${update("tcp", "1m")}`,
    `tcp flags fin,rst ${update("tcp", "2m")}`,
  ]);
  expect(rules("input")[0]).toMatch(
    /^icmp type destination-unreachable .* map @connections .* map @relays drop$/,
  );
  expect(elements("relays")).toBe("0x00000003 : 10.9.0.3");
  expect(rules("udp/2001-db8--100/53", "ip6")).toEqual(["goto udp/2001-db8--100/53/2001-db8--1/80"]);
  // The kernel would follow it from each service to all servers, and let nobody else run meanwhile.
  expect(namespace.run("nft", "list", "table", "ip", "buoy")).not.toContain("@servers");
});

it("is read back by a process that knows nothing of it", async () => {
  const steps = [service(WEB), server(WEB, "10.8.0.1", "nat", 7), server(WEB, "10.8.0.2", "nat", 0)];
  await change(...steps);
  const other = await open();
  const found = await read(other);
  other.close();
  expect(found).toMatchObject([
    { endpoint: WEB, scheduler: "wrr", persistence: undefined, destinations: [{ weight: 7 }, { weight: 0 }] },
  ]);
  expect(found).toEqual(await read());
});

it("changes a weight without touching the server's chain, and forgets what has gone", async () => {
  await change(service(WEB), server(WEB, "10.8.0.1", "nat"), server(WEB, "10.8.0.2", "nat"));
  const before = namespace.run("nft", "-a", "list", "chain", "ip", "buoy", "tcp/10.9.0.100/80/10.8.0.1/80");
  await change(server(WEB, "10.8.0.1", "nat", 5));
  expect(namespace.run("nft", "-a", "list", "chain", "ip", "buoy", "tcp/10.9.0.100/80/10.8.0.1/80")).toBe(
    before,
  );
  expect(elements("servers")).toContain('comment "nat weight=5" : goto tcp/10.9.0.100/80/10.8.0.1/80');
  const gone = server(WEB, "10.8.0.2", "nat");
  if ("destination" in gone) await change({ ...gone, kind: "DeleteDestination" });
  expect(namespace.run("nft", "list", "table", "ip", "buoy")).not.toContain("10.8.0.2");
  await change({ ...service(WEB), kind: "DeleteService" });
  expect(namespace.run("nft", "list", "ruleset")).toBe("");
});

it("changes persistence and method of a service that is there", async () => {
  const wide = { timeout: 300, prefixLength: 24, engine: undefined };
  await change(service(WEB, wide), server(WEB, "10.8.0.1", "nat"));
  const narrow = { ...wide, prefixLength: 32, timeout: 60 };
  expect(await change({ ...service(WEB, narrow), kind: "EditService" })).toEqual([]);
  expect(rules("tcp/10.9.0.100/80/10.8.0.1/80")[1]).toMatch(/\{ ip saddr timeout 1m : 0x0000000\d+ \}$/);
  expect(await change({ ...service(WEB), kind: "EditService" }, server(WEB, "10.8.0.1", "dr"))).toEqual([]);
  expect(elements("nat-services")).toBe("");
  expect(elements("input-services")).toContain("goto tcp/10.9.0.100/80");
  expect(namespace.run("nft", "list", "table", "ip", "buoy")).not.toContain("clients/");
  expect(elements("relays")).toContain(" : 10.8.0.1");
  expect(await read()).toMatchObject([
    { persistence: undefined, destinations: [{ forwarding: { method: "dr" } }] },
  ]);
});

it("rejects connections that no server takes", async () => {
  await change(service(WEB), server(WEB, "10.8.0.1", "nat", 0));
  expect(elements("input-services")).toBe('tcp . 10.9.0.100 . 80 comment "wrr" : goto unserved');
  expect(rules("unserved")).toEqual([
    "meta l4proto tcp counter packets 0 bytes 0 reject with tcp reset",
    "counter packets 0 bytes 0 reject",
  ]);
  await change(server(WEB, "10.8.0.1", "nat", 1));
  expect(elements("input-services")).toBe("");
});

it("hears of others who remove its table, and not of itself, however much it changes", async () => {
  let disturbed = 0;
  const own = await open();
  own.watch(() => disturbed++);
  const servers = Array.from({ length: 1_000 }, (_, index) =>
    server(WEB, `10.8.${index >> 8}.${index & 255}`, "dr"),
  );
  // As in a busy process, nothing is read while the kernel is at it.
  const busy = setInterval(() => {
    for (const begun = performance.now(); performance.now() - begun < 300; );
  });
  expect(await new Promise((resolve) => own.change([service(WEB), ...servers], resolve))).toEqual([]);
  clearInterval(busy);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(disturbed).toBe(0);
  namespace.run("nft", "delete", "table", "ip", "buoy");
  await expect.poll(() => disturbed).toBe(1);
  own.close();
});
