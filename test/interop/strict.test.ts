/**
 * Strict mode beside keepalived's: both leave the same words out (passwords, delays, answers to lesser routers), answer nobody
 * at their addresses, and hand over to each other.
 */
import { expect, test } from "vitest";
import { packet, sendPackets } from "../support/crafted.ts";
import type { Director, DirectorKind } from "../support/director.ts";
import type { Host } from "../support/lan.ts";
import { watchStalls } from "../support/stall-watch.ts";
import { pause, waitFor } from "../support/wait.ts";
import type { SeenAdvertisement } from "../support/wire-log.ts";
import { type Flavour, instanceConfig, masterDownInterval, type Pair, VRID, withPair } from "./pair.ts";

/** Each would show if it were obeyed. */
const FORBIDDEN = "preempt_delay 60\n  garp_lower_prio_repeat 3\n  higher_prio_send_advert true";
const PASSWORD = "\n  authentication {\n    auth_type PASS\n    auth_pass secret\n  }";
const STRANGER = "10.9.0.30";

const stalls = watchStalls();

function config({ kind }: Director, flavour: Flavour, priority: number): string {
  // One batch of announcements: a later one is an answer. Ours would announce once more when the other has fallen silent.
  const ours = kind === "buoy" ? "\n  vrrp_verify_takeover off" : "";
  const globals = `global_defs {\n  vrrp_strict\n  vrrp_garp_master_delay 0${ours}`;
  const extra = flavour === "v2" ? FORBIDDEN + PASSWORD : FORBIDDEN;
  return instanceConfig(flavour, { priority, extra }).replace("global_defs {", globals);
}

const KINDS: readonly (readonly [DirectorKind, DirectorKind])[] = [
  ["buoy", "keepalived"],
  ["keepalived", "buoy"],
];

for (const flavour of ["v2", "v3-ipv4", "v3-ipv6"] as const) {
  for (const kinds of KINDS) {
    test.concurrent(`${flavour}: ${kinds[1]} hands over to ${kinds[0]} and back`, () =>
      withPair(flavour, kinds, strictly));
  }
}

async function strictly(pair: Pair): Promise<void> {
  const { flavour, one, two, wire } = pair;
  two.start(config(two, flavour, 100));
  await pair.waitForMaster(two);
  const client = pair.lan.addHost("client", { ipv4: "10.9.0.9/24", ipv6: "2001:db8::9/64" });
  expect(answers(client, pair.address), `the address at ${two.kind}`).toBe(false);

  // No delay of preemption, and the lesser one yields without a word.
  const startedAt = Date.now() / 1_000;
  one.start(config(one, flavour, 150));
  await pair.waitForMaster(one);
  const seen = (): number | undefined => wire.advertisementsFrom(pair.sourceOf(one)).at(0)?.at;
  const first = await waitFor("its first advertisement", seen, { within: 3_000 });
  const waited = first - startedAt - (await stalls.lost(startedAt, first));
  expect(waited, "start and Master_Down_Interval").toBeLessThan(masterDownInterval(flavour, 150) + 2);
  if (flavour === "v3-ipv6") await pause(1_200);
  else await ignoresLesser(pair, one);
  const later = wire.advertisementsFrom(pair.sourceOf(two)).filter(({ at }) => at > first);
  expect(later, "a word of the lesser one").toEqual([]);
  expect(answers(client, pair.address), `the address at ${one.kind}`).toBe(false);

  await one.stop();
  await pair.waitForMaster(two);
  await two.stop();
  for (const host of pair.hosts()) expect(host.run("nft", "list", "ruleset")).toBe("");
  for (const { text, badChecksum } of wire.advertisements) {
    expect(badChecksum, text).toBe(false);
    if (flavour === "v2") expect(text).toContain("authtype none");
  }
}

/** A router of lower priority speaks: the master neither answers at once nor announces its address. */
async function ignoresLesser(pair: Pair, master: Director): Promise<void> {
  const { flavour, lan, wire } = pair;
  const own = (): readonly SeenAdvertisement[] => wire.advertisementsFrom(pair.sourceOf(master));
  const stranger = lan.addHost(`low-${master.host.name}`, { ipv4: `${STRANGER}/24` });
  const version = flavour === "v2" ? 2 : 3;
  const lesser = packet({ version, vrid: VRID, priority: 10, source: STRANGER });
  const before = own().length;
  await waitFor("an advertisement", () => own().length > before, { within: 3_000, every: 5 });
  await pause(200);
  const at = Date.now() / 1_000;
  sendPackets(stranger, "", [lesser]);
  const heard = (): boolean => wire.advertisementsFrom(STRANGER).some((seen) => seen.at > at);
  await waitFor("the lesser router to be heard", heard, { within: 3_000 });
  const told = own().length;
  await waitFor("the advertisements after it", () => own().length > told + 1, { within: 4_000 });
  const times = own()
    .slice(before)
    .map((seen) => seen.at);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  expect(Math.min(...gaps), "advertisements by the clock only").toBeGreaterThan(0.5);
  expect(wire.announcements.filter((seen) => seen.at > at && seen.address === "10.9.0.100")).toEqual([]);
}

function answers(client: Host, address: string): boolean {
  try {
    client.run("ping", "-c", "2", "-i", "0.2", "-W", "0.5", address);
    return true;
  } catch {
    // No answer is what is asked about.
    return false;
  }
}
