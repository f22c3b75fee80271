/**
 * A client behind a gateway that ignores announcements: from buoy's first advertisement as master until the client is answered
 * again. Announcements alone leave it cut off for as long as the gateway remembers, here 20 minutes.
 */
import { expect, test } from "vitest";
import { FAMILIES, withDeafGateway } from "../test/interop/deaf-gateway.ts";
import { pause, waitFor } from "../test/support/wait.ts";
import { median, table, writeSection } from "./results.ts";

const ROUNDS = Math.ceil(12 * Number(process.env.BUOY_BENCH_SCALE ?? "1"));

test("verified takeover", async () => {
  const rows: string[][] = [];
  for (const family of FAMILIES) {
    const samples: number[] = [];
    await withDeafGateway(family, "", async (site) => {
      for (let round = 0; round < ROUNDS; round++) {
        const takenAt = await site.takeOver();
        const back = await waitFor("an answer to the client", () => site.pings.firstAfter(takenAt), {
          within: 5_000,
        });
        samples.push((back - takenAt) * 1_000);
        await site.giveBack();
        await pause(1_500);
      }
    });
    const figures = [median(samples), Math.max(...samples)].map((value) => value.toFixed(1));
    rows.push([family.name, String(samples.length), ...figures]);
  }
  const text = table(["family", "rounds", "median", "max"], rows);
  process.stdout.write(`${text}\n`);
  writeSection(
    "verified-takeover",
    "A gateway that ignores announcements",
    `Milliseconds from the first advertisement of the new master until a client behind such a gateway is answered again (it pings every 4 ms).\n\n${text}`,
  );
  expect(rows.length).toBe(FAMILIES.length);
});
