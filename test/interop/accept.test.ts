/**
 * no_accept and strict mode: a master whose addresses answer nobody, with the rules that keepalived makes, and what becomes
 * of the rules when the daemon ends, is killed, or starts again.
 */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { murder, processOf } from "../e2e/daemon.ts";
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
  readonly linkLocal: string;
}

const ADDRESSES: Readonly<Record<DirectorKind, Addresses>> = {
  buoy: { ipv4: "10.9.0.100", ipv6: "2001:db8::100", linkLocal: "fe80::5:1" },
  keepalived: { ipv4: "10.9.0.110", ipv6: "2001:db8::110", linkLocal: "fe80::5:2" },
};

let lan: Lan;
let client: Host;
const hosts = new Map<DirectorKind, Host>();

beforeAll(() => {
  lan = new Lan();
  hosts.set("buoy", lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "2001:db8::1/64" }));
  hosts.set("keepalived", lan.addHost("two", { ipv4: "10.9.0.2/24", ipv6: "2001:db8::2/64" }));
  client = lan.addHost("client", { ipv4: "10.9.0.3/24", ipv6: "2001:db8::3/64" });
});
afterAll(() => lan.destroy());

/** One instance for each family, with a VRID for each kind of daemon. */
function config(kind: DirectorKind, words: string, globals = ""): string {
  const { ipv4, ipv6, linkLocal } = ADDRESSES[kind];
  const id = kind === "buoy" ? 51 : 61;
  const head = `state BACKUP\n interface eth0\n version 3\n advert_int 0.1\n ${words}`;
  return `global_defs {\n ${globals}\n}
vrrp_instance four {
 ${head}
 virtual_router_id ${id}
 virtual_ipaddress {\n ${ipv4}/24\n }
}
vrrp_instance six {
 ${head}
 virtual_router_id ${id + 1}
 virtual_ipaddress {\n ${linkLocal}/64\n ${ipv6}/64\n }
}
`;
}

function start(kind: DirectorKind, text: string): Director {
  const director = new Director(kind, present(hosts.get(kind)));
  director.start(text);
  return director;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}

async function isMaster(director: Director): Promise<void> {
  const { ipv4, ipv6 } = ADDRESSES[director.kind];
  await waitFor(
    `${director.kind} to hold its addresses`,
    () => director.host.holds(ipv4) && director.host.holds(ipv6),
    { within: 8_000, detail: () => director.output.slice(-2000) },
  );
}

/** Which of the addresses answer a ping. */
function answering(kind: DirectorKind): string[] {
  const { ipv4, ipv6, linkLocal } = ADDRESSES[kind];
  return [ipv4, ipv6, `${linkLocal}%eth0`].filter((address) => {
    try {
      client.run("ping", "-c", "1", "-W", "0.4", address);
      return true;
    } catch {
      // No answer is what is asked about.
      return false;
    }
  });
}

function ruleset(host: Host): string {
  return host.run("nft", "list", "ruleset");
}

/** Tables as sets of lines: the order of chains and the comment differ, the daemons' addresses are theirs. */
function rules(director: Director): string[] {
  const { ipv4, ipv6, linkLocal } = ADDRESSES[director.kind];
  const text = ruleset(director.host)
    .replaceAll(ipv4, "VIP4")
    .replaceAll(ipv6, "VIP6")
    .replaceAll(linkLocal, "LINK_LOCAL");
  let table = "";
  let part = "";
  const lines: string[] = [];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line.startsWith("table")) table = line;
    else if (/^(chain|set)/.test(line)) part = line;
    else if (line !== "" && line !== "}" && !line.startsWith("comment"))
      lines.push(`${table} ${part} ${line}`);
  }
  return lines.sort();
}

describe("no_accept", () => {
  it("makes the same rules as keepalived, and the addresses answer nobody, in IPv4 and IPv6", async () => {
    const both = (["buoy", "keepalived"] as const).map((kind) =>
      start(kind, config(kind, "no_accept", "nftables")),
    );
    const [buoy, keepalived] = both as [Director, Director];
    await Promise.all(both.map(isMaster));
    await waitFor("the rules of both", () => rules(buoy).length === rules(keepalived).length, {
      within: 2_000,
    });
    expect(rules(buoy)).toEqual(rules(keepalived));
    expect(rules(buoy).filter((line) => line.includes("VIP4"))).toHaveLength(1);
    expect(answering("buoy")).toEqual([]);
    expect(answering("keepalived")).toEqual([]);
    // Neighbour discovery is not dropped: the client knows who has the address.
    const { ipv6 } = ADDRESSES.buoy;
    expect(client.run("ip", "-6", "neigh", "show", ipv6)).toContain(buoy.host.mac());
    await Promise.all(both.map((director) => director.stop()));
    expect(ruleset(buoy.host)).toBe("");
  });

  it("is off by default, on by vrrp_strict, and off again by accept in version 3", async () => {
    const plain = start("buoy", config("buoy", "accept"));
    await isMaster(plain);
    expect(answering("buoy")).toHaveLength(3);
    expect(ruleset(plain.host)).toBe("");
    plain.host.writeFile("buoy.conf", config("buoy", "", "vrrp_strict"));
    plain.signal("SIGHUP");
    await waitFor("the rules", () => ruleset(plain.host).includes("10.9.0.100"), { within: 3_000 });
    expect(answering("buoy")).toEqual([]);
    plain.host.writeFile("buoy.conf", config("buoy", "accept", "vrrp_strict"));
    plain.signal("SIGHUP");
    await waitFor("the rules to let go", () => !ruleset(plain.host).includes("10.9.0.100"), {
      within: 3_000,
    });
    expect(answering("buoy")).toHaveLength(3);
    await plain.stop();
    expect(ruleset(plain.host)).toBe("");
  });

  it("goes on when the vrrp process is killed, and leaves nothing when all of it is", async () => {
    const director = start("buoy", config("buoy", "no_accept"));
    await isMaster(director);
    const { host } = director;
    const before = murder(director, "vrrp");
    await waitFor("another vrrp process", () => (processOf(director, "vrrp") ?? before) !== before, {
      within: 5_000,
    });
    await isMaster(director);
    await waitFor("the rules", () => ruleset(host).includes("10.9.0.100"), { within: 3_000 });
    expect(answering("buoy")).toEqual([]);

    // The supervisor last: its death would have the others let go in peace.
    for (const pid of pidsOf(host).sort((a, b) => b - a)) process.kill(pid, "SIGKILL");
    await waitFor("its end", () => pidsOf(host).length === 0, { within: 3_000 });
    expect(ruleset(host)).toContain("10.9.0.100");
    const next = start("buoy", config("buoy", "accept"));
    await waitFor("the rules to go", () => ruleset(host) === "", { within: 5_000 });
    // What was left of its addresses goes before.
    await waitFor("a state", () => next.output.includes("Entering MASTER STATE"), { within: 5_000 });
    await isMaster(next);
    expect(answering("buoy")).toHaveLength(3);
    await next.stop();
  });
});

function pidsOf(host: Host): number[] {
  const text = execFileSync("ip", ["netns", "pids", host.namespace], { encoding: "utf8" });
  return text.split("\n").filter(Boolean).map(Number);
}
