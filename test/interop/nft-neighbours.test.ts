/** The nftables data plane beside other people's tables: what they do to it, and what the operator is told of it. */
import type { ChildProcess } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { count, gather, hold, isProgrammed, serve, WITHIN } from "../support/named-servers.ts";
import { waitFor } from "../support/wait.ts";

const BUOY = new URL("../../bin/buoy", import.meta.url).pathname;
const VIP = "10.9.0.100";
const WEB = { address: VIP, port: 80 };
const LOG = { address: VIP, port: 514, protocol: "udp" } as const;

function service(port: number, protocol: string): string {
  const server = (last: number): string => `real_server 10.8.0.1${last} ${port} {\n }`;
  return `virtual_server ${VIP} ${port} {\n lb_algo rr\n lb_kind NAT\n protocol ${protocol}\n ${server(0)}\n ${server(1)}\n}\n`;
}

const CONFIG = `global_defs {\n data_plane nft\n}\n${service(80, "TCP")}${service(514, "UDP")}`;

/** As a container engine has it: nothing is forwarded but what its own rules let through. */
const FILTER = `table ip filter {
  chain FORWARD { type filter hook forward priority filter; policy drop; }
}
`;
/** As a firewall has it that knows of translated connections, and makes the kernel track them. */
const FRIENDLY = `table inet firewall {
  chain forward { type filter hook forward priority filter; policy drop; ct state established,related accept; ct status dnat accept; }
}
`;

describe("a director among other tables", () => {
  let lan: Lan;
  let client: Host;
  let host: Host;
  let director: Director;

  beforeAll(async () => {
    lan = new Lan();
    client = lan.addHost("client", { ipv4: "10.9.0.50/24" });
    host = lan.addHost("director", { ipv4: "10.9.0.1/24" });
    const webs = ["a", "b"].map((name) => lan.addHost(name));
    const behind = webs.map((web, index) => [web, `10.8.0.1${index}/24`] as const);
    lan.addSecondLan(new Map([[host, "10.8.0.1/24"], ...behind]));
    host.ip(`addr add ${VIP}/32 dev eth0`);
    for (const web of webs) web.ip("route add default via 10.8.0.1");
    await Promise.all(webs.map((web, index) => serve(web, [80, 514], [`10.8.0.1${index}`])));
    director = new Director("buoy", host);
  });
  afterAll(async () => {
    await director.stop();
    lan.destroy();
  });

  const said = (text: string | RegExp): Promise<unknown> =>
    waitFor(`${text}`, () => director.output.match(text) !== null, {
      ...WITHIN,
      detail: () => director.output,
    });

  it("takes over datagrams whose sender had begun before, and says what keeps packets from the servers", async () => {
    host.run("nft", "-f", host.writeFile("friendly.nft", FRIENDLY));
    const stray: ChildProcess = await serve(host, [514], [VIP], "director");
    const stream = await hold(client, LOG);
    expect(stream.name).toBe("director");
    host.run("nft", "-f", host.writeFile("filter.nft", FILTER));
    director.start(CONFIG);
    await isProgrammed(director, "udp/10.9.0.100/514/10.8.0.11/514 {");
    await said("this host does not forward IPv4: net.ipv4.ip_forward is 0");
    await said(
      /chain ip filter FORWARD drops what is forwarded.*nft insert rule ip filter FORWARD ct status dnat accept/,
    );
    expect(director.output).not.toContain("chain inet firewall");
    expect(host.run(process.execPath, BUOY, "check", host.path("buoy.conf"))).toContain("ip_forward is 0");

    // What the words say is what helps.
    host.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    const insert = ["insert", "rule", "ip", "filter", "FORWARD"];
    host.run("nft", ...insert, "ct", "status", "dnat", "accept");
    host.run("nft", ...insert, "ct", "state", "established", "accept");
    await stream.moved();
    expect(["a", "b"]).toContain(stream.last);
    expect(count(client, 10, WEB)).toEqual({ a: 5, b: 5 });
    stream.end();
    stray.kill();
    // A change is looked at at once, and everything every half minute.
    director.reload(CONFIG + service(81, "TCP"));
    await said("no more: this host does not forward IPv4");
    await said("no more: the nftables chain ip filter FORWARD");
  });

  it("puts back what somebody flushes, and existing connections go on", async () => {
    const crowd = await gather(client, 20, WEB);
    host.run("nft", "flush", "ruleset");
    await isProgrammed(director, "10.8.0.11/80 {");
    await said("somebody else changed the kernel's services");
    expect(await crowd.ask()).toEqual({ a: 10, b: 10 });
    expect(count(client, 10, WEB)).toEqual({ a: 5, b: 5 });
    crowd.end();
  });

  it("shows connections a second of what only counts", async () => {
    const watching = host.spawn([
      process.execPath,
      BUOY,
      "ipvs",
      "--watch",
      "--runtime-dir",
      director.runtimeDir,
    ]);
    let output = "";
    watching.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await waitFor("the first look", () => output.includes("10.8.0.11:514"), WITHIN);
    expect(output).toMatch(/10\.8\.0\.10:80 .* - +- +- +- +-\n/);
    const before = output.length;
    count(client, 400, WEB);
    await waitFor("the second look", () => output.indexOf("10.8.0.11:514", before) > 0, WITHIN);
    const rate = Number(
      /10\.8\.0\.10:80 +Masq +1 +\d+ +\d+ +(\d+) +- +- +- +-\n/.exec(output.slice(before))?.[1],
    );
    expect(rate).toBeGreaterThan(0);
    watching.kill();
  });
});
