/** Our nftables table in a network namespace of its own, as the nft program lists it. */
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { OsError } from "../../../src/base/result.ts";
import { type Dropped, Firewall } from "../../../src/host/firewall.ts";
import { createLoop } from "../../../src/host/loop.ts";
import { waitFor } from "../../support/wait.ts";
import { enterNewNamespace } from "./namespace.ts";

const namespace = enterNewNamespace("firewall");
afterAll(() => namespace.remove());
const loop = createLoop();
const TABLE = { table: "keepalived", priority: -1, counters: false };
const VIP: Dropped = { address: "10.9.0.100", index: 1 };
const OTHER: Dropped = { address: "10.9.0.101", index: 1 };
const SIX: Dropped = { address: "2001:db8::100", index: 1 };
const LINK_LOCAL: Dropped = { address: "fe80::100", index: 1 };

const IPV4_TABLE = `table ip keepalived {
	comment "no_accept of VRRP, by buoy"
	set vips {
		type ipv4_addr
		elements = { 10.9.0.100 }
	}

	chain in {
		type filter hook input priority filter - 1; policy accept;
		ip daddr @vips drop
	}

	chain out {
		type filter hook output priority filter - 1; policy accept;
		ip saddr @vips drop
	}
}
`;

const IPV6_TABLE = `table ip6 keepalived {
	comment "no_accept of VRRP, by buoy"
	set vips {
		type ipv6_addr
		elements = { 2001:db8::100 }
	}

	set neighbor-discovery {
		type icmpv6_type
		flags constant
		elements = { nd-neighbor-solicit,
			     nd-neighbor-advert }
	}

	set vips_link_local {
		type ipv6_addr . iface_index
		elements = { fe80::100 . "lo" }
	}

	chain in {
		type filter hook input priority filter - 1; policy accept;
		icmpv6 type @neighbor-discovery accept
		ip6 daddr fe80::/10 goto in_link_local
		ip6 daddr @vips drop
	}

	chain in_link_local {
		ip6 daddr . iif @vips_link_local drop
	}

	chain out {
		type filter hook output priority filter - 1; policy accept;
		icmpv6 type @neighbor-discovery accept
		ip6 saddr fe80::/10 goto out_link_local
		ip6 saddr @vips drop
	}

	chain out_link_local {
		ip6 saddr . oif @vips_link_local drop
	}
}
`;

function ruleset(): string {
  return namespace.run("nft", "list", "ruleset");
}

function elements(family: string): string {
  const text = namespace.run("nft", "list", "set", family, "keepalived", "vips");
  return /elements = \{([^}]*)\}/.exec(text)?.[1]?.replace(/\s+/g, " ").trim() ?? "";
}

function opened(state?: "unknown"): Firewall {
  const firewall = new Firewall(loop, state);
  firewall.configure(TABLE, () => undefined);
  return firewall;
}

function drop(
  firewall: Firewall,
  owner: string,
  ...addresses: readonly Dropped[]
): Promise<OsError | undefined> {
  return new Promise((resolve) => firewall.drop(owner, addresses, resolve));
}

function remove(firewall: Firewall): Promise<OsError | undefined> {
  return new Promise((resolve) => firewall.remove(resolve));
}

describe("the table of no_accept", () => {
  beforeEach(() => {
    namespace.run("nft", "flush", "ruleset");
  });

  it("has keepalived's shape while somebody needs it, and goes with the last word", async () => {
    const firewall = opened();
    expect(await drop(firewall, "A", VIP, SIX, LINK_LOCAL)).toBeUndefined();
    expect(ruleset()).toBe(IPV4_TABLE + IPV6_TABLE);
    expect(await remove(firewall)).toBeUndefined();
    expect(ruleset()).toBe("");
    firewall.close();
  });

  it("writes nothing as long as nobody has anything dropped", async () => {
    const firewall = opened();
    expect(await drop(firewall, "A")).toBeUndefined();
    expect(await remove(firewall)).toBeUndefined();
    expect(ruleset()).toBe("");
    firewall.close();
  });

  it("holds what each owner asked for last, and an address of two until both let go", async () => {
    const firewall = opened();
    await Promise.all([drop(firewall, "A", VIP), drop(firewall, "B", VIP, OTHER)]);
    expect(elements("ip")).toBe("10.9.0.100, 10.9.0.101");
    await drop(firewall, "B", OTHER);
    expect(elements("ip")).toBe("10.9.0.100, 10.9.0.101");
    await drop(firewall, "A");
    expect(elements("ip")).toBe("10.9.0.101");
    await drop(firewall, "B");
    expect(elements("ip")).toBe("");
    firewall.close();
  });

  it("makes all of it again after somebody flushed the ruleset", async () => {
    const firewall = opened();
    await drop(firewall, "A", VIP);
    namespace.run("nft", "flush", "ruleset");
    expect(await drop(firewall, "B", OTHER)).toBeUndefined();
    expect(elements("ip")).toBe("10.9.0.100, 10.9.0.101");
    firewall.close();
  });

  it("is made again at once when somebody flushes the ruleset, and once a second at most", async () => {
    const lost: OsError[] = [];
    const firewall = new Firewall(loop, "absent", (error) => lost.push(error));
    firewall.configure(TABLE, () => undefined);
    await drop(firewall, "A", VIP, SIX, LINK_LOCAL);
    const begun = performance.now();
    for (let round = 1; round <= 3; round++) {
      namespace.run("nft", "flush", "ruleset");
      await waitFor("the table", () => ruleset() === IPV4_TABLE + IPV6_TABLE, { within: 5000 });
      expect(lost).toHaveLength(round);
    }
    expect(performance.now() - begun).toBeGreaterThan(2000);
    expect(lost[0]).toMatchObject({ errno: "ENOENT", subject: "keepalived" });
    namespace.run("nft", "delete", "table", "ip6", "keepalived");
    await waitFor("the table", () => ruleset() === IPV4_TABLE + IPV6_TABLE, { within: 5000 });
    await remove(firewall);
    expect(ruleset()).toBe("");
    expect(lost).toHaveLength(4);
    firewall.close();
  });

  it("takes over what a life before left, with what is wanted now and nothing else", async () => {
    const before = opened();
    await drop(before, "A", VIP, OTHER);
    before.close();
    const firewall = opened("unknown");
    await drop(firewall, "A", VIP);
    expect(elements("ip")).toBe("10.9.0.100");
    firewall.close();
    const idle = opened("unknown");
    await drop(idle, "A");
    expect(ruleset()).toBe("");
    idle.close();
  });

  it("finds its own tables among those of others", async () => {
    namespace.run("nft", "add table ip keepalived_of_others");
    const before = opened();
    await drop(before, "A", VIP);
    before.close();
    const firewall = new Firewall(loop);
    const names = await new Promise<readonly string[]>((resolve) =>
      firewall.listOwn((tables) => resolve(tables.map(({ family, name }) => `${family} ${name}`))),
    );
    expect(names).toEqual(["ip keepalived", "ip6 keepalived"]);
    firewall.close();
  });

  it("counts packets, under another name and priority, after a reload", async () => {
    const firewall = opened();
    await drop(firewall, "A", VIP);
    await new Promise<void>((resolve) =>
      firewall.configure({ table: "vrrp", priority: -5, counters: true }, () => resolve()),
    );
    expect(ruleset()).not.toContain("keepalived");
    const table = namespace.run("nft", "list", "table", "ip", "vrrp");
    expect(table).toContain("priority filter - 5;");
    expect(table).toContain("ip daddr @vips counter packets 0 bytes 0 drop");
    expect(table).toContain("elements = { 10.9.0.100 }");
    firewall.close();
  });

  it("takes a thousand addresses", async () => {
    const firewall = opened();
    const many = Array.from({ length: 1000 }, (_, n) => ({
      address: `10.10.${n >> 8}.${n & 255}`,
      index: 1,
    }));
    expect(await drop(firewall, "A", ...many)).toBeUndefined();
    expect(elements("ip").split(",")).toHaveLength(1000);
    firewall.close();
  });
});
