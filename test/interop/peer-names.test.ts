/** Unicast where not everything is there from the start: peers by name, and a source address that comes later. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { PacketLog } from "../support/packet-log.ts";
import { waitFor } from "../support/wait.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));

async function withHosts(body: (one: Host, two: Host) => Promise<void>): Promise<void> {
  const lan = new Lan();
  try {
    const one = lan.addHost("one", { ipv4: "10.9.0.1/24" });
    await body(one, lan.addHost("two", { ipv4: "10.9.0.2/24" }));
  } finally {
    lan.destroy();
  }
}

/** Starts buoy with an `/etc/hosts` and no name server of its own, and answers what it printed so far. */
function startNamed(
  host: Host,
  hosts: string,
  config: string,
): { readonly output: () => string; stop(): void } {
  const file = host.writeFile("named.conf", config);
  const resolver = host.writeFile("resolv.conf", "nameserver 127.0.0.1\n");
  const run = `mount --bind ${hosts} /etc/hosts && mount --bind ${resolver} /etc/resolv.conf && exec "$@"`;
  const command = [process.execPath, BUOY, "run", "-f", file, "--runtime-dir", host.path("named")];
  const child = host.spawn(["unshare", "-m", "--propagation", "private", "sh", "-c", run, "sh", ...command]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { output: () => output, stop: () => child.kill("SIGTERM") };
}

test.concurrent("a peer by name: FAULT until it is known, and known again after a restart without a name server", () =>
  withHosts(async (one) => {
    const config = `
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 255
  state MASTER
  unicast_peer {
    two.example.com
  }
  virtual_ipaddress {
    10.9.0.100/24
  }
}`;
    const hosts = one.writeFile("hosts", "127.0.0.1 localhost\n");
    const sent = await PacketLog.start(one, "ip proto 112");
    const first = startNamed(one, hosts, config);
    await waitFor(
      "FAULT with its reason",
      () => /peer two\.example\.com has no address yet/.test(first.output()),
      {
        within: 10_000,
        detail: first.output,
      },
    );
    expect(first.output()).toMatch(/two\.example\.com cannot be resolved/);
    expect(one.holds("10.9.0.100")).toBe(false);
    writeFileSync(hosts, "127.0.0.1 localhost\n10.9.0.2 two.example.com\n");
    await waitFor("mastership", () => one.holds("10.9.0.100"), { within: 8_000, detail: first.output });
    await waitFor("an advertisement", () => sent.packets.length > 0, { within: 3_000 });
    expect(sent.packets[0]?.slice(32, 40), "to 10.9.0.2").toBe("0a090002");
    first.stop();
    await waitFor("its end", () => !one.holds("10.9.0.100"), { within: 5_000 });

    writeFileSync(hosts, "127.0.0.1 localhost\n");
    const second = startNamed(one, hosts, config);
    await waitFor("mastership", () => one.holds("10.9.0.100"), { within: 8_000, detail: second.output });
    expect(second.output(), "no detour by FAULT").not.toMatch(/FAULT STATE/);
    second.stop();
    await sent.stop();
  }));

test.concurrent("an instance of no interface, whose source address comes later", () =>
  withHosts(async (one, two) => {
    const heard = await PacketLog.start(two, "ip proto 112");
    const director = new Director("buoy", one);
    director.start(`
vrrp_instance VI_1 {
  virtual_router_id 51
  priority 150
  unicast_src_ip 10.9.0.7
  track_src_ip
  unicast_peer {
    10.9.0.2
  }
  virtual_ipaddress {
    10.9.0.100/24 dev eth0
  }
}`);
    await waitFor("FAULT", () => director.output.includes("Entering FAULT STATE"), {
      within: 8_000,
      detail: () => director.output,
    });
    one.run("ip", "addr", "add", "10.9.0.7/24", "dev", "eth0");
    await waitFor("mastership", () => one.holds("10.9.0.100"), {
      within: 8_000,
      detail: () => director.output,
    });
    await waitFor(
      "advertisements",
      () => heard.packets.some((packet) => packet.slice(24, 32) === "0a090007"),
      {
        within: 3_000,
        detail: () => director.output,
      },
    );
    // It hears what is sent to that address.
    const peer = new Director("buoy", two);
    peer.start(`
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 200
  unicast_peer {
    10.9.0.7
  }
  virtual_ipaddress {
    10.9.0.100/24
  }
}`);
    await waitFor("the better one to take over", () => two.holds("10.9.0.100") && !one.holds("10.9.0.100"), {
      within: 8_000,
      detail: () => `${director.output}\n${peer.output}`,
    });
    await director.stop();
    await peer.stop();
    await heard.stop();
  }));

test.concurrent("two routers with auth_hmac hand over, one key after the other", () =>
  withHosts(async (one, two) => {
    const key = "0123456789abcdef0123456789abcdef";
    const config = (priority: number, active: number): string => `
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority ${priority}
  version 3
  advert_int 0.5
  auth_hmac {
    key 1 ${key}
    key 2 hex:${"5a".repeat(32)}
    active_key ${active}
  }
  virtual_ipaddress {
    10.9.0.100/24
  }
}`;
    const [first, second] = [new Director("buoy", one), new Director("buoy", two)];
    const story = (): string => `${first.output}\n---\n${second.output}`;
    first.start(config(150, 1));
    second.start(config(100, 2));
    await waitFor("the first alone", () => one.holds("10.9.0.100") && !two.holds("10.9.0.100"), {
      within: 8_000,
      detail: story,
    });
    await first.stop();
    await waitFor("the second", () => two.holds("10.9.0.100"), { within: 3_000, detail: story });
    first.start(config(150, 2));
    await waitFor("the first again", () => one.holds("10.9.0.100") && !two.holds("10.9.0.100"), {
      within: 8_000,
      detail: story,
    });
    expect(story()).not.toMatch(/auth_hmac/);
    await Promise.all([first.stop(), second.stop()]);
  }));
