/**
 * A real keepalived is master and loses its cable; buoy takes over. A client behind a gateway that ignores announcements is left
 * cut off by announcements alone; with verified takeover it is back, and `why` names the gateway.
 */
import { expect, test } from "vitest";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import { FAMILIES, type Site, withDeafGateway } from "./deaf-gateway.ts";

/** Seconds, less what the machine withheld; what is measured stands in bench/RESULTS.md. */
const LIMIT = 0.05;
/** The kernel may be kept from delivering, too, and nobody tells: one of these takeovers shows what we do. */
const TAKEOVERS = 4;

const stalls = watchStalls();

for (const family of FAMILIES) {
  test.concurrent(`${family.name}: announcements alone leave the client cut off`, async () => {
    await withDeafGateway(family, "verify_takeover off", async (site) => {
      const takenAt = await site.takeOver();
      await pause(2_000);
      expect(site.pings.firstAfter(takenAt), "a client behind a gateway that was not asked").toBeUndefined();
      expect(site.neighbourEntry()).not.toContain(site.two.host.mac());
    });
  });

  test.concurrent(`${family.name}: the gateway is asked, and the client is back within 50 ms`, async () => {
    await withDeafGateway(family, "", async (site) => {
      let took = await timeToBeBack(site);
      for (let round = 1; round < TAKEOVERS && took >= LIMIT; round++) {
        await site.giveBack();
        await pause(1_500);
        took = await timeToBeBack(site);
      }
      expect(took).toBeLessThan(LIMIT);
      expect(site.neighbourEntry()).toContain(site.two.host.mac());
      // On IPv6 it is asked at its link-local address, too, when it was seen talking from there.
      const named = (why: string): boolean => why.includes(`gateway ${family.gateway} had to be asked`);
      await waitFor("`why` to name the gateway", () => named(site.ask("why")), {
        within: 3_000,
        every: 200,
        detail: () => `${site.ask("why")}\n${site.ask("status")}`,
      });
      expect(site.ask("status")).toMatch(
        new RegExp(`verified: ${family.gateway} in [0-9.]+ (ms|us) \\(had to be asked\\)`),
      );
      const status = JSON.parse(site.ask("status", "--json"));
      const { verification } = status.vrrp.instances[0];
      expect(verification.unproved, "silent neighbours").toBe(0);
      expect(verification.neighbours[0]).toMatchObject({
        address: family.gateway,
        why: "gateway",
        outcome: "asked",
        mac: site.gatewayMac,
        proved: family.name === "IPv4" ? 1 : 2,
      });
    });
  });
}

/** From the first advertisement as master until the client is answered, without what the machine withheld. */
async function timeToBeBack(site: Site): Promise<number> {
  const takenAt = await site.takeOver();
  const back = await waitFor("an answer to the client", () => site.pings.firstAfter(takenAt), {
    within: 3_000,
  });
  return back - takenAt - (await stalls.lost(takenAt, back));
}
