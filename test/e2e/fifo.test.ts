/** FIFOs and the daemon's own scripts, as their readers and an operator see them. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { waitFor } from "../support/wait.ts";
import { buoy, journalOf, murder } from "./daemon.ts";
import { soloConfig, untilMaster, withSolo } from "./solo.ts";

test("a reader hears every state once, and no end of file over reloads and deaths", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    const fifo = host.path("fifo");
    const heard = host.path("heard");
    const load = host.path("load");
    writeFileSync(load, "0\n");
    const blocks = (weight: number) => `
global_defs {
  vrrp_notify_fifo ${fifo}
  vrrp_notify_priority_changes
  fifo_write_vrrp_states_on_reload
}
track_file load {
  file ${load}
  weight ${weight}
}`;
    execFileSync("mkfifo", [fifo]);
    const reader = host.spawn(["sh", "-c", `cat ${fifo} >${heard}; echo "end of file" >>${heard}`]);
    const lines = (): readonly string[] =>
      existsSync(heard) ? readFileSync(heard, "utf8").split("\n").slice(0, -1) : [];
    const last = (line: string): Promise<boolean> =>
      waitFor(line, () => lines().at(-1) === `INSTANCE "VI_1" ${line}`, {
        within: 5_000,
        detail: () => lines().join("\n"),
      });

    director.start(soloConfig(blocks(1), "track_file {\n load\n }"));
    await last("MASTER 100");
    writeFileSync(load, "-7\n");
    await last("MASTER_PRIORITY 93");
    // Unchanged, and then changed.
    buoy(director, "reload");
    await last("MASTER 93");
    host.writeFile("buoy.conf", soloConfig(blocks(2), "track_file {\n load\n }"));
    buoy(director, "reload");
    await last("MASTER 86");
    murder(director, "steward");
    await waitFor("another steward", () => deaths(director) === 1, { within: 10_000 });
    writeFileSync(load, "-254\n");
    await last("FAULT 86");
    // A vrrp process that begins anew says so.
    murder(director, "vrrp");
    await last("FAULT 100");
    await director.stop();
    await waitFor("the end", () => lines().at(-1) === "end of file", { within: 5_000 });
    expect(reader.exitCode).toBe(0);
    expect(lines()).toEqual([
      'INSTANCE "VI_1" BACKUP 100',
      'INSTANCE "VI_1" MASTER 100',
      'INSTANCE "VI_1" MASTER_PRIORITY 93',
      'INSTANCE "VI_1" MASTER 93',
      'INSTANCE "VI_1" MASTER_PRIORITY 86',
      'INSTANCE "VI_1" MASTER 86',
      'INSTANCE "VI_1" FAULT 86',
      'INSTANCE "VI_1" FAULT 100',
      'INSTANCE "VI_1" STOP 100',
      "end of file",
    ]);
    // It was there before, and stays.
    expect(existsSync(fifo)).toBe(true);
  });
});

function deaths(director: Parameters<typeof journalOf>[0]): number {
  return journalOf(director).filter(({ event }) => event.event.kind === "ChildDied").length;
}

test("a FIFO's script is kept running, and startup and shutdown scripts are waited for", async () => {
  await withSolo(async (solo) => {
    const { host, director } = solo;
    const fifo = host.path("fifo");
    const heard = host.path("heard");
    const notes = host.path("notes");
    const script = host.writeFile(
      "reader.sh",
      `#!/bin/sh\necho "$@" >>${notes}\nread -r line <"$2"\necho "$line" >>${heard}\n`,
      0o755,
    );
    const slow = host.writeFile(
      "slow.sh",
      `#!/bin/sh\n[ "$1" = stop ] && sleep 30\nsleep 1\necho "$1 $(umask)" >>${notes}\n`,
      0o755,
    );
    const blocks = `
global_defs {
  notify_fifo ${fifo}
  notify_fifo_script "${script} word"
  startup_script "${slow} start"
  shutdown_script "${slow} stop"
  shutdown_script_timeout 1
  umask 027
}`;
    director.start(soloConfig(blocks, ""));
    await untilMaster(solo);
    const read = (path: string): readonly string[] =>
      existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
    // Its first life takes the first line, its second one the next.
    await waitFor("both lines", () => read(heard).length === 2, { within: 10_000 });
    expect(read(heard)).toEqual(['INSTANCE "VI_1" BACKUP 100', 'INSTANCE "VI_1" MASTER 100']);
    expect(read(notes).slice(0, 3)).toEqual(["start 0027", `word ${fifo}`, `word ${fifo}`]);
    await director.stop();
    expect(existsSync(fifo)).toBe(false);
    expect(read(notes).some((line) => line.startsWith("stop"))).toBe(false);
    expect(JSON.stringify(journalOf(director).at(-1))).toContain('"timedOut":true');
  });
});
