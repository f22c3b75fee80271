/** An interface that gets another name while its addresses are held: nothing must stay where nobody watches. */
import { expect, test } from "vitest";
import { waitFor } from "../support/wait.ts";
import { ADDRESS, soloConfig, untilMaster, withSolo } from "./solo.ts";

test("the addresses leave a renamed interface, and come back with its name", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    director.start(soloConfig("", "virtual_routes {\n 10.77.0.0/16 via 10.9.0.9\n }"));
    await untilMaster(solo);
    const held = (): string => host.run("ip", "-br", "addr") + host.run("ip", "route");
    expect(held()).toContain("10.77.0.0/16");
    host.run("ip", "link", "set", "eth0", "down");
    host.run("ip", "link", "set", "eth0", "name", "lan0");
    host.run("ip", "link", "set", "lan0", "up");
    await waitFor("the address to leave it", () => !held().includes(ADDRESS), {
      within: 5_000,
      detail: held,
    });
    expect(held()).toContain("10.9.0.1/24");
    host.run("ip", "link", "set", "lan0", "down");
    host.run("ip", "link", "set", "lan0", "name", "eth0");
    host.run("ip", "link", "set", "eth0", "up");
    await untilMaster(solo);
    await waitFor("the route", () => held().includes("10.77.0.0/16"), { within: 5_000, detail: held });

    // Newer kernels rename an interface that is up.
    try {
      host.run("ip", "link", "set", "eth0", "name", "lan0");
    } catch (error) {
      expect((error as Error).message).toMatch(/busy/i);
      return;
    }
    await waitFor("the address to leave it", () => !held().includes(ADDRESS), {
      within: 5_000,
      detail: held,
    });
    const why = "eth0 has no address to send advertisements from";
    await waitFor("the reason", () => director.output.includes(why), { within: 5_000 });
  });
});
