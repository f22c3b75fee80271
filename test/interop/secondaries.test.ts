/**
 * The first address of a subnet is deleted under a master whose virtual addresses are secondary ones of it: with
 * `promote_secondaries` they stay, as keepalived's do, and the setting of the interface is as before when the daemon has ended.
 */
import { expect, test } from "vitest";
import { Director, type DirectorKind } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { pause, waitFor } from "../support/wait.ts";

const PRIMARY = "10.9.0.1/24";
const VIRTUAL = ["10.9.0.100", "10.9.0.101"] as const;
const SETTING = "net.ipv4.conf.eth0.promote_secondaries";

const config = `
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  version 3
  advert_int 0.2
  mcast_src_ip 192.168.7.1
  promote_secondaries
  virtual_ipaddress {
    ${VIRTUAL.map((address) => `${address}/24`).join("\n    ")}
  }
}
`;

/** The kernel's words about the virtual addresses from now on. */
function listen(host: Host): { readonly deletions: () => readonly string[] } {
  let text = "";
  host.spawn(["ip", "-o", "monitor", "address"]).stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const isOurs = (line: string): boolean => VIRTUAL.some((address) => line.includes(` ${address}/`));
  return { deletions: () => text.split("\n").filter((line) => line.startsWith("Deleted") && isOurs(line)) };
}

test.concurrent.each<DirectorKind>(["buoy", "keepalived"])("%s keeps its addresses", async (kind) => {
  const lan = new Lan();
  const host = lan.addHost("one", { ipv4: PRIMARY });
  const director = new Director(kind, host);
  try {
    host.run("sysctl", "-qw", `${SETTING}=0`, "net.ipv4.conf.all.promote_secondaries=0");
    host.run("ip", "addr", "add", "192.168.7.1/24", "dev", "eth0");
    director.start(config);
    const holdsAll = (): boolean => VIRTUAL.every((address) => host.holds(address));
    await waitFor("its addresses", holdsAll, { within: 10_000, detail: () => director.output });
    expect(host.run("sysctl", "-n", SETTING).trim()).toBe("1");
    const heard = listen(host);
    await pause(300);
    host.run("ip", "addr", "del", PRIMARY, "dev", "eth0");
    await pause(1_000);
    expect(holdsAll(), host.run("ip", "addr", "show", "dev", "eth0")).toBe(true);
    expect(heard.deletions()).toEqual([]);
    expect(director.output.split("Entering MASTER STATE"), "one term as master").toHaveLength(2);
    await director.stop();
    expect(VIRTUAL.filter((address) => host.holds(address))).toEqual([]);
    expect(host.run("sysctl", "-n", SETTING).trim()).toBe("0");
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${director.output.slice(-3000)}`, { cause: error });
  } finally {
    lan.destroy();
  }
});
