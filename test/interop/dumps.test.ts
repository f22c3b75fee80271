/** The files that signals ask for, beside keepalived's for the same configuration: an exporter reads either. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DUMP_SIGNALS, readDump } from "../support/read-dump.ts";
import { waitFor } from "../support/wait.ts";
import { Pair } from "./pair.ts";

const CONFIG = `
global_defs {
  router_id test
  script_user root
}
vrrp_script chk {
  script "/usr/bin/true one 'two words'"
  interval 1
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    10.9.0.100/24 label eth0:1
    10.9.0.101 scope link
    10.9.0.102/25 brd 10.9.0.127
  }
  virtual_ipaddress_excluded {
    2001:db8::5/64
    10.9.0.110
  }
  track_interface {
    eth0
    lo weight 5
  }
  track_script {
    chk
  }
  notify_master "/usr/bin/true m 'a b'"
  notify_backup "/usr/bin/true b"
  notify_fault "/usr/bin/true f"
  notify_stop "/usr/bin/true s"
  notify_deleted "/usr/bin/true d"
  notify_master_rx_lower_pri "/usr/bin/true l"
  notify "/usr/bin/true n"
  smtp_alert
  preempt_delay 3
  garp_master_refresh 10
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 90
  version 3
  advert_int 0.25
  nopreempt
  virtual_ipaddress {
    10.9.0.120
  }
}
`;

/** What depends on who is master, and when. */
const MOVING = new Set(["state", "wantstate", "vipset", "master_priority", "last_transition"]);
/** buoy masks it, as keepalived 2.4 does. */
const SECRET = "auth_data";

type Instance = Readonly<Record<"data" | "stats", Readonly<Record<string, unknown>>>>;

const still = (data: Instance["data"]): unknown =>
  Object.fromEntries(
    Object.entries(data)
      .filter(([key]) => !MOVING.has(key) && key !== SECRET)
      .map(([key, value]) => [
        key,
        Array.isArray(value) ? value.map((line) => `${line}`.replace(/ set$/, "")) : value,
      ]),
  );

const types = (record: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, Array.isArray(value) ? "array" : typeof value]),
  );

test("keepalived's files, key by key and line by line", async () => {
  const pair = await Pair.create("v2", ["buoy", "keepalived"]);
  try {
    const { one, two } = pair;
    for (const director of [one, two]) director.start(CONFIG);
    await waitFor("one master", () => [one, two].some(({ host }) => host.holds("10.9.0.100")), {
      within: 15_000,
    });

    const ours = JSON.parse(await readDump(one, DUMP_SIGNALS.json, "keepalived.json")) as readonly Instance[];
    const theirs = JSON.parse(
      await readDump(two, DUMP_SIGNALS.json, "keepalived.json"),
    ) as readonly Instance[];
    expect(ours.map(({ data }) => types(data))).toEqual(theirs.map(({ data }) => types(data)));
    expect(ours.map(({ stats }) => types(stats))).toEqual(theirs.map(({ stats }) => types(stats)));
    expect(ours.map(({ data }) => still(data))).toEqual(theirs.map(({ data }) => still(data)));
    expect(ours[0]?.data[SECRET]).toBe("********");

    const labels = (text: string): readonly string[] =>
      text.split("\n").map((line) => line.replace(/: \d+$/, ":"));
    const stats = await readDump(one, DUMP_SIGNALS.stats, "keepalived.stats");
    expect(labels(stats)).toEqual(labels(await readDump(two, DUMP_SIGNALS.stats, "keepalived.stats")));
    const counted = (text: string): number =>
      [...text.matchAll(/: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    expect(counted(stats)).toBeGreaterThan(2);
    await readDump(one, DUMP_SIGNALS.clear, "keepalived.stats");
    expect(counted(await readDump(one, DUMP_SIGNALS.stats, "keepalived.stats"))).toBeLessThan(counted(stats));

    const state = await readDump(one, DUMP_SIGNALS.data, "keepalived.data");
    const known = new Set(
      (await readDump(two, DUMP_SIGNALS.data, "keepalived.data")).split("\n").map(withoutValue),
    );
    // Said by a backup only, and here keepalived may be master of both.
    for (const line of ["   Master router =", "   Master priority ="]) known.add(line);
    const instance = state.split("\n").filter((line) => line.startsWith("   ") && line.includes(" = "));
    expect(instance.map(withoutValue).filter((line) => !known.has(line))).toEqual([]);
    expect(state).not.toContain("secret");
    for (const name of ["keepalived.data", "keepalived_parent.data", "keepalived.json", "keepalived.stats"]) {
      expect(statSync(join(one.dumps, name)).mode & 0o777).toBe(0o600);
    }
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${pair.story()}`, { cause: error });
  } finally {
    await pair.destroy();
  }
});

/** `   Priority = 100` without the number. */
function withoutValue(line: string): string {
  return line.replace(/ = .*$/, " =");
}
