/** BFD against keepalived and bird, in namespaces; the wire is told by tcpdump. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { Tcpdump } from "../support/tcpdump.ts";
import { pause, waitFor } from "../support/wait.ts";

/** What a loaded machine may add to a deadline, in seconds. */
const TOLERANCE = 0.5;

const stalls = watchStalls("real-time");

let lan: Lan;
let one: Host;
let two: Host;

beforeEach(() => {
  lan = new Lan();
  one = lan.addHost("one", { ipv4: "10.9.0.1/24", ipv6: "2001:db8::1/64" });
  two = lan.addHost("two", { ipv4: "10.9.0.2/24", ipv6: "2001:db8::2/64" });
});

afterEach(() => lan.destroy());

function session(neighbour: string, source: string, interval = 100): string {
  return `
bfd_instance peer {
  neighbor_ip ${neighbour}
  source_ip ${source}
  min_rx ${interval}
  min_tx ${interval}
  multiplier 3
  weight -50
}
`;
}

const INSTANCE = `
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress {
    10.9.0.100/24
  }
  track_bfd {
    peer
  }
}
`;

/** Lines that tcpdump prints, with the kernel's time stamps. */
async function listen(host: Host, filter: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await Tcpdump.start(host, ["-i", "eth0", "-tt", "-vvv", filter], (line) => lines.push(line));
  return lines;
}

async function up(director: Director, count = 1): Promise<void> {
  await waitFor(
    "the session to come up",
    () => director.output.split("(peer) Entering Up state").length > count,
    { within: 15_000, detail: () => director.output },
  );
}

async function down(director: Director): Promise<void> {
  await waitFor("the session to go down", () => director.output.includes("(peer) Entering Down state"), {
    within: 10_000,
    detail: () => director.output,
  });
}

test.each([
  ["IPv4", "10.9.0.1", "10.9.0.2"],
  ["IPv6", "2001:db8::1", "2001:db8::2"],
])("keepalived's session over %s comes up, and a pulled cable moves the priority", async (_, a, b) => {
  const buoy = new Director("buoy", one);
  const keepalived = new Director("keepalived", two);
  buoy.start(session(b, a) + INSTANCE);
  keepalived.start(session(a, b));
  await waitFor("keepalived to be heard", () => buoy.output.includes("(peer) Entering Up state"), {
    within: 15_000,
    detail: () => `${buoy.output}--- keepalived\n${keepalived.output}`,
  });
  await up(keepalived);
  await waitFor("buoy to be master", () => one.holds("10.9.0.100"), { within: 10_000 });
  // Lets both finish their poll sequences.
  await pause(1500);
  const began = performance.now();
  lan.setCable(two, false);
  await down(buoy);
  expect((performance.now() - began) / 1000).toBeLessThan(0.3 + TOLERANCE);
  await waitFor("the priority to fall", () => buoy.output.includes("effective priority from 150 to 100"), {
    within: 2000,
    detail: () => buoy.output,
  });
  expect(buoy.output).toContain("VRRP_Instance(VI_1) Tracked BFD instance peer is DOWN");
  lan.setCable(two, true);
  await up(buoy, 2);
  await waitFor("the priority to recover", () => buoy.output.includes("effective priority from 100 to 150"), {
    within: 2000,
    detail: () => buoy.output,
  });
  await buoy.stop();
});

test("bird's session comes up, its timers are agreed, and a stop says AdminDown", async () => {
  const conf = two.writeFile(
    "bird.conf",
    `log stderr all;
router id 10.9.0.2;
protocol device {}
protocol bfd {
  interface "eth0" { interval 50 ms; idle tx interval 1 s; multiplier 4; };
  neighbor 10.9.0.1;
}
`,
  );
  const socket = two.path("bird.ctl");
  two.spawn(["bird", "-f", "-c", conf, "-s", socket]);
  const wire = await listen(two, "udp port 3784 and src 10.9.0.1");
  const buoy = new Director("buoy", one);
  buoy.start(session("10.9.0.2", "10.9.0.1", 40));
  await up(buoy);
  const sessions = (): string => two.run("birdc", "-s", socket, "show", "bfd", "sessions");
  await waitFor(
    "bird's view of agreed timers",
    () => /10\.9\.0\.1\s+eth0\s+Up\s+\S+\s+0\.050\s+0\.1/.test(sessions()),
    {
      within: 5000,
      detail: sessions,
    },
  );
  await buoy.stop();
  await waitFor("AdminDown on the wire", () => wire.some((line) => line.includes("AdminDown")), {
    within: 2000,
    detail: () => wire.slice(-10).join("\n"),
  });
  expect(wire.some((line) => /Administratively Down/.test(line))).toBe(true);
  expect(wire.some((line) => /ttl 255/.test(line))).toBe(true);
});

test("bird's session over a router", async () => {
  const router = lan.addHost("router", { ipv4: "10.9.0.254/24" });
  lan.addSecondLan(
    new Map([
      [router, "10.8.0.254/24"],
      [two, "10.8.0.2/24"],
    ]),
  );
  router.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
  one.run("ip", "route", "add", "10.8.0.0/24", "via", "10.9.0.254");
  // Its way back is that of the router's side only.
  two.run("ip", "addr", "flush", "dev", "eth0");
  two.run("ip", "route", "add", "10.9.0.0/24", "via", "10.8.0.254");
  const conf = two.writeFile(
    "bird.conf",
    `log stderr all;
router id 10.8.0.2;
protocol device {}
protocol bfd {
  multihop { interval 100 ms; idle tx interval 1 s; multiplier 3; };
  neighbor 10.9.0.1 local 10.8.0.2 multihop on;
}
`,
  );
  two.spawn(["bird", "-f", "-c", conf, "-s", two.path("bird.ctl")]);
  const wire = await listen(one, "udp port 4784 and dst 10.9.0.1");
  const buoy = new Director("buoy", one);
  // bird sends with a TTL of 64.
  const hops = "multihop\n  ttl 64\n  max_hops 1";
  buoy.start(session("10.8.0.2", "10.9.0.1").replace("weight -50", `weight -50\n  ${hops}`) + INSTANCE);
  await up(buoy);
  await waitFor("tcpdump to tell of the router's hop", () => wire.some((line) => /ttl 63/.test(line)), {
    within: 3_000,
    detail: () => wire.slice(-6).join("\n"),
  });
  router.run("sysctl", "-qw", "net.ipv4.ip_forward=0");
  await down(buoy);
  const lower = (): boolean => buoy.output.includes("effective priority from 150 to 100");
  await waitFor("the priority to fall", lower, { within: 2000, detail: () => buoy.output });
  router.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
  await up(buoy, 2);
  await buoy.stop();
});

/** Real-time priority, as a site with such an interval has it. */
const REALTIME = "global_defs {\n  vrrp_rt_priority 50\n}\n";
/** What has to be withheld before all of three packets are late. */
const LEAST_STALL = 0.015;
const WATCHES = 3;

test("10 ms x 3 between two of ours", async () => {
  const directors = [new Director("buoy", one), new Director("buoy", two)] as const;
  directors[0].start(REALTIME + session("10.9.0.2", "10.9.0.1", 10) + INSTANCE);
  directors[1].start(REALTIME + session("10.9.0.1", "10.9.0.2", 10));
  await up(directors[0]);
  await up(directors[1]);
  const wire = await listen(two, "udp port 3784 and src 10.9.0.1");
  const downs = (): readonly number[] =>
    directors.map(({ output }) => output.split("(peer) Entering Down state").length - 1);
  // A machine that stands still ends sessions, which come back by themselves: a watch without that shows the rest.
  let stalled = LEAST_STALL;
  for (let watch = 0; watch < WATCHES && stalled >= LEAST_STALL; watch++) {
    const [before, seen, since] = [downs(), wire.length, Date.now() / 1000];
    await pause(3000);
    stalled = await stalls.lost(since, Date.now() / 1000);
    const packets = wire.slice(seen).filter((line) => /^\d/.test(line)).length;
    if (stalled < LEAST_STALL) {
      expect(downs(), "sustained").toEqual(before);
      // 10 ms less 10 to 25 %.
      expect(packets).toBeGreaterThan(280);
    }
    await Promise.all(directors.map((director, index) => up(director, (downs()[index] ?? 0) + 1)));
  }
  for (const director of directors) await director.stop();
});
