/** Connections through the whole daemon: NAT, DR and a tunnel, a reload amid them, a server that dies and returns. */
import { deepEqual } from "node:assert/strict";
import { Director } from "../../support/director.ts";
import { type Host, Lan } from "../../support/lan.ts";
import { waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";
import { FIFO } from "../director/twins.ts";
import { Client, DR, listens, NAT, serve, TUN, wire } from "../director/visitors.ts";
import { file, real, virtual } from "../director/words.ts";

const PATIENCE = { within: 300_000, every: 500 };
const VIPS = [NAT, DR, TUN] as const;
const SERVERS = ["one", "two"] as const;

function configuration(director: Host, weight: number): string {
  const service = (vip: string, kind: string, network: string, port: number): string => {
    const check = `TCP_CHECK {; connect_ip 10.9.0.2; connect_port 8080; retry 0; };`;
    const servers = [2, 3].map((last) =>
      real(`${network}.${last} ${port}`, `weight ${weight}`, check.replace("10.9.0.2", `10.9.0.${last}`)),
    );
    return virtual(`${vip} 80`, `lb_algo rr; lb_kind ${kind}; protocol TCP`, ...servers);
  };
  return file(
    "",
    service(NAT, "NAT", "10.9.0", 8080),
    service(DR, "DR", "10.7.0", 80),
    service(TUN, "TUN", "10.7.0", 80),
  ).replace(FIFO, director.path("fifo"));
}

/** The table's lines of real servers. */
function destinations(director: Host): string[] {
  return director
    .run("ipvsadm", "-S", "-n")
    .split("\n")
    .filter((line) => line.startsWith("-a"));
}

async function story(lan: Lan, director: Host, servers: readonly [Host, Host], client: Host): Promise<void> {
  wire(lan, director, servers, client);
  const running = servers.map(serve);
  const buoy = new Director("buoy", director);
  buoy.start(configuration(director, 1));
  const has = (what: string, isSo: (lines: readonly string[]) => boolean): Promise<unknown> =>
    waitFor(what, () => isSo(destinations(director)), {
      ...PATIENCE,
      detail: () => buoy.output.slice(-3_000),
    });
  await waitFor("servers to listen", () => servers.every(listens), PATIENCE);
  await has("all servers in the pools", (lines) => lines.length === 6);
  const visitor = new Client(client);
  const whoAnswers = async (): Promise<string[][]> => {
    const answers = [];
    for (const vip of VIPS) answers.push(await visitor.ask("new", vip, vip, vip, vip));
    return answers.map((four) => four.map((answer) => answer.split(" ")[0] ?? "").sort());
  };
  const both = ["one", "one", "two", "two"];
  deepEqual(await whoAnswers(), [both, both, both]);

  const held = await visitor.ask("held", ...VIPS);
  deepEqual(
    held.map((answer) => answer.split(" ")[1]?.replace(/^10\.9\.0\.[23]$/, NAT)),
    VIPS,
  );
  buoy.reload(configuration(director, 3));
  await has("the new weights", (lines) => lines.length === 6 && lines.every((line) => line.includes("-w 3")));
  deepEqual(await visitor.ask("held", ...VIPS), held, "connections survive the reload");

  running[0]?.kill();
  await has("one server out", (lines) => lines.length === 3);
  deepEqual(
    await whoAnswers(),
    VIPS.map(() => ["two", "two", "two", "two"]),
  );
  serve(servers[0]);
  await has("it is back", (lines) => lines.length === 6);
  deepEqual(await whoAnswers(), [both, both, both]);
  deepEqual(await buoy.stop(), 0);
  deepEqual(destinations(director), []);
}

export const forwardingCases: readonly MachineCase[] = [
  {
    name: "the whole daemon forwards by NAT, DR and tunnel; connections survive a reload; a dead server gets none",
    run: async () => {
      const lan = new Lan();
      try {
        const [director, one, two, client] = ["director", ...SERVERS, "client"].map((name, index) =>
          lan.addHost(name, { ipv4: `10.9.0.${index + 1}/24` }),
        ) as [Host, Host, Host, Host];
        await story(lan, director, [one, two], client);
      } finally {
        lan.destroy();
      }
    },
  },
];
