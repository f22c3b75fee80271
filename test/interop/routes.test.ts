/**
 * Routes and rules against keepalived: the same configuration in twin LANs leaves the same routes and rules in the kernel as
 * master, as backup and after the end. Then what only buoy does: it puts back what others delete.
 */
import { expect, test } from "vitest";
import { processOf } from "../e2e/daemon.ts";
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

const ROUTES = `
    10.10.1.0/24 via 10.9.0.2
    10.10.2.0/24 via 10.9.0.2 dev eth0 src 10.9.0.100 metric 7
    10.10.3.0/24 dev eth0 scope link add
    10.10.4.0/24 dev eth0 append
    10.10.4.0/24 via 10.9.0.2 metric 9 prepend
    blackhole 10.10.5.0/24
    unreachable 10.10.6.0/24 table 100
    prohibit 10.10.7.0/24 priority 5
    throw 10.10.8.0/24 table 1000
    default via 10.9.0.2 table 100
    10.10.9.0/24 nexthop via 10.9.0.2 dev eth0 weight 3 nexthop via 10.9.0.3 dev eth0 onlink weight 1
    10.10.10.0/24 dev eth0 mtu lock 1400 advmss 1300 rtt 300ms rttvar 250ms rto_min 5s hoplimit 33 initcwnd 10 quickack 1
    10.10.11.0/24 dev eth0 features ecn congctl lock cubic cwnd 5 reordering 4 window 9000 ssthresh lock 11 initrwnd 12
    10.10.12.0/24 dev eth0 realms 3/4 tos 0x10
    10.10.13.0/24 via 10.99.0.1 dev eth0 onlink
    10.10.14.0/24 encap ip id 5 dst 192.0.2.1 ttl 9 tos 4 dev eth0
    10.10.15.0/24 dev eth0 fastopen_no_cookie 1 ttl-propagate enabled
    10.10.16.0/24 dev eth0 protocol static no_track
    2001:db8:1::/48 dev eth0
    2001:db8:2::/48 via fe80::2 dev eth0 metric 99 pref high
    2001:db8:3::/48 from 2001:db8:f::/48 dev eth0
    blackhole 2001:db8:4::/48
    2001:db8:5::/48 nexthop via fe80::2 dev eth0 nexthop via fe80::3 dev eth0
    2001:db8:6::/48 dev eth0 mtu 1400 table 1001
    2001:db8:7::/48 encap ip6 dst 2001:db8::7 hoplimit 4 dev eth0`;

const RULES = `
    from 10.20.0.0/16 table 100 priority 1000
    to 10.21.0.0/16 lookup 101
    to 10.21.1.0/24 lookup 101
    from 10.22.0.0/16 to 10.23.0.0/16 iif eth0 oif eth0 fwmark 24/12 priority 39 goto 1000
    fwmark 5 table main priority 1002 tos 0x10
    from 2001:db8:9::/48 table 1000 priority 1003
    not from 10.24.0.0/16 table 100 priority 1004
    from 10.25.0.0/16 blackhole priority 1006
    from 10.26.0.0/16 uidrange 1000-2000 table 100 priority 1007
    l3mdev priority 1008
    ipproto tcp sport 10-20 dport 30-30 table 100 priority 1009
    from 10.27.0.0/16 table main suppress_prefixlength 8 priority 1010
    from 10.28.0.0/16 table main suppress_ifgroup 8 priority 1011 realms 3/4
    from 10.29.0.0/16 priority 1012 type unreachable
    tunnel-id 77 table 100 priority 1013
    from 10.30.0.0/16 priority 1014 nop
    from 10.31.0.0/16 table 300 priority 1015 protocol 4 no_track`;

const STATICS = `
static_ipaddress {
  192.0.2.1/24 dev eth0
}
static_routes {
  10.40.0.0/16 via 192.0.2.9 dev eth0
  2001:db8:40::/48 dev eth0
}
static_rules {
  from 10.40.0.0/16 table 100 priority 2000
}`;

function config(priority: number, lists: string): string {
  return `
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority ${priority}
  virtual_ipaddress {
    10.9.0.100/24
  }
  ${lists}
}`;
}

const FULL = `${STATICS}${config(150, `virtual_routes {${ROUTES}\n}\nvirtual_rules {${RULES}\n}`)}`;

type Line = Readonly<Record<string, unknown>>;

/** Routes and rules that a daemon has made, as text in a fixed order. */
function held(host: Host): readonly string[] {
  const read = (...command: string[]): readonly Line[] =>
    JSON.parse(host.run("ip", "-j", "-d", ...command) || "[]") as Line[];
  const routes = [
    ...read("-4", "route", "show", "table", "all"),
    ...read("-6", "route", "show", "table", "all"),
  ];
  const rules = [...read("-4", "rule"), ...read("-6", "rule")];
  const ours = [...routes, ...rules].filter(
    ({ protocol }) => protocol === "keepalived" || protocol === "static",
  );
  return ours.map((line) => JSON.stringify(line)).sort();
}

class Twin {
  readonly lan = new Lan();
  readonly director: Director;
  readonly peer: Director;

  constructor(kind: DirectorKind) {
    this.director = new Director(
      kind,
      this.lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "2001:db8::1/64" }),
    );
    this.peer = new Director("keepalived", this.lan.addHost("two", { ipv4: "10.9.0.2/24" }));
  }

  get host(): Host {
    return this.director.host;
  }

  waitForMaster(): Promise<unknown> {
    return waitFor(
      `${this.director.kind} to be master and to have its rules`,
      () => this.host.holds("10.9.0.100") && held(this.host).some((line) => line.includes('"10.31.0.0"')),
      { within: 10_000, detail: () => this.director.output },
    );
  }
}

test("the same configuration leaves the same routes and rules as keepalived's", async () => {
  const twins = [new Twin("buoy"), new Twin("keepalived")];
  const [buoy, oracle] = twins as [Twin, Twin];
  try {
    for (const twin of twins) twin.director.start(FULL);
    await Promise.all(twins.map((twin) => twin.waitForMaster()));
    const asMaster = held(oracle.host);
    expect(asMaster.length).toBeGreaterThan(40);
    expect(held(buoy.host), buoy.director.output).toEqual(asMaster);

    for (const twin of twins) twin.peer.start(config(200, ""));
    await Promise.all(
      twins.map((twin) =>
        waitFor("the peer to take over", () => held(twin.host).length < 10, { within: 10_000 }),
      ),
    );
    expect(held(oracle.host).length).toBe(3);
    expect(held(buoy.host)).toEqual(held(oracle.host));
    expect(buoy.host.holds("192.0.2.1")).toBe(true);

    await Promise.all(twins.map((twin) => twin.director.stop()));
    expect(held(buoy.host)).toEqual([]);
    expect(held(buoy.host)).toEqual(held(oracle.host));
    expect(buoy.host.holds("192.0.2.1")).toBe(false);
  } finally {
    for (const twin of twins) twin.lan.destroy();
  }
});

test("what others delete is put back, and what a killed process held goes", async () => {
  const twin = new Twin("buoy");
  const { host, director } = twin;
  const list = (): string => host.run("ip", "route", "show", "table", "all") + host.run("ip", "rule");
  const back = (what: string): Promise<unknown> =>
    waitFor(`${what} to be back`, () => list().includes(what), {
      within: 2_000,
      detail: () => director.output,
    });
  try {
    director.start(FULL);
    await twin.waitForMaster();
    host.run("ip", "route", "del", "10.10.2.0/24", "metric", "7");
    host.run("ip", "rule", "del", "pref", "1000");
    host.run("ip", "route", "del", "10.40.0.0/16");
    for (const what of ["10.10.2.0/24 via 10.9.0.2", "from 10.20.0.0/16", "10.40.0.0/16 via"])
      await back(what);
    // A deleted address takes the routes that prefer it as their source along.
    host.run("ip", "addr", "del", "10.9.0.100/24", "dev", "eth0");
    await back("10.10.2.0/24 via 10.9.0.2");
    expect(host.holds("10.9.0.100")).toBe(true);
    expect(director.output).not.toContain("FAULT");

    // A process that is silent is killed by the supervisor, which takes out what it held before it starts another.
    const pid = processOf(director, "vrrp");
    if (pid !== undefined) process.kill(pid, "SIGSTOP");
    const told = (): string | undefined =>
      director.output
        .split("\n")
        .find((line) => line.includes("released the addresses of the dead vrrp process"));
    await waitFor("the release", told, { within: 8_000, detail: () => director.output });
    for (const item of ["route 10.10.1.0/24", "rule 1000:", "route 10.40.0.0/16", "10.9.0.100/24"]) {
      expect(told()).toContain(item);
    }
    await back("10.40.0.0/16 via");
    await director.stop();
    expect(held(host)).toEqual([]);
  } finally {
    twin.lan.destroy();
  }
});
