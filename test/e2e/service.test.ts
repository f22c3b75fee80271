/** What the outside expects of the daemon: systemd's messages, its signals, scripts that hang, hostile clients. */
import { once } from "node:events";
import { createConnection } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { native } from "../../src/host/native.ts";
import { instanceConfig, withPair } from "../interop/pair.ts";
import { pause, waitFor } from "../support/wait.ts";
import { buoy, journalOf, processesOf, processOf } from "./daemon.ts";

const BUOY = fileURLToPath(new URL("../../bin/buoy", import.meta.url));
const AF_UNIX = 1;
const SOCK_DGRAM_NONBLOCK = 2 | 0o4000;

/** systemd's end of the notification socket. */
class NotifySocket {
  readonly messages: string[] = [];
  readonly #fd: number;
  readonly #timer: NodeJS.Timeout;

  constructor(path: string) {
    this.#fd = native.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0);
    expect(native.bindUnix(this.#fd, path)).toBe(0);
    const buffer = new Uint8Array(4096);
    this.#timer = setInterval(() => {
      for (
        let length = native.receive(this.#fd, buffer);
        length > 0;
        length = native.receive(this.#fd, buffer)
      ) {
        this.messages.push(new TextDecoder().decode(buffer.subarray(0, length)));
      }
    }, 5);
  }

  has(text: string): boolean {
    return this.messages.some((message) => message.includes(text));
  }

  count(text: string): number {
    return this.messages.filter((message) => message.includes(text)).length;
  }

  close(): void {
    clearInterval(this.#timer);
    native.close(this.#fd);
  }
}

test("systemd hears READY, RELOADING with its clock, WATCHDOG while the vrrp process beats, and STOPPING", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { host, runtimeDir } = pair.one;
    const socket = new NotifySocket(join(host.lan.directory, "notify.sock"));
    const file = host.writeFile("buoy.conf", instanceConfig("v2", { priority: 150 }));
    const environment = { NOTIFY_SOCKET: join(host.lan.directory, "notify.sock"), WATCHDOG_USEC: "400000" };
    const daemon = host.spawn(
      [process.execPath, BUOY, "run", "-f", file, "--runtime-dir", runtimeDir],
      environment,
    );
    await waitFor("READY", () => socket.has("READY=1"), { within: 5_000 });
    expect(socket.count("READY=1")).toBe(1);

    const before = native.monotonicMicros();
    daemon.kill("SIGHUP");
    await waitFor("the end of the reload", () => socket.count("READY=1") === 2, { within: 5_000 });
    const clock = Number(/RELOADING=1\nMONOTONIC_USEC=(\d+)/.exec(socket.messages.join(""))?.[1]);
    expect(clock).toBeGreaterThan(before);
    expect(clock).toBeLessThan(native.monotonicMicros());

    await waitFor("watchdog messages", () => socket.count("WATCHDOG=1") >= 4, { within: 3_000 });
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
    await pause(20);
    expect(socket.has("STOPPING=1")).toBe(true);
    expect(daemon.exitCode).toBe(0);
    socket.close();
  });
});

test("a refused configuration tells systemd no READY", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { host, runtimeDir } = pair.one;
    const path = join(host.lan.directory, "notify.sock");
    const socket = new NotifySocket(path);
    const file = host.writeFile(
      "buoy.conf",
      instanceConfig("v2", { priority: 150 }).replace("interface eth0", ""),
    );
    const command = [process.execPath, BUOY, "run", "-f", file, "--runtime-dir", runtimeDir];
    const daemon = host.spawn(command, { NOTIFY_SOCKET: path });
    await once(daemon, "exit");
    await pause(20);
    expect(daemon.exitCode).toBe(2);
    expect(socket.has("READY=1")).toBe(false);
    expect(socket.has("STATUS=the configuration is refused")).toBe(true);
    socket.close();
  });
});

test("no signal of keepalived's ends it, and USR1 writes the status to the log", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one } = pair;
    one.start(instanceConfig("v2", { priority: 150 }));
    await waitFor("mastery", () => one.host.holds(pair.address), { within: 10_000 });
    const pid = one.pid ?? 0;
    for (const signal of [12, 36, 63]) process.kill(pid, signal);
    process.kill(pid, "SIGUSR1");
    for (const role of ["vrrp", "steward"] as const) {
      for (const signal of ["SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", 36, 63]) {
        process.kill(processOf(one, role) ?? 0, signal);
      }
    }
    await waitFor("the status in the log", () => /VI_1\s+MASTER/.test(one.output), { within: 3_000 });
    await pause(300);
    expect(journalOf(one).map((entry) => entry.event.event.kind)).not.toContain("ChildDied");
    expect(one.host.holds(pair.address)).toBe(true);
    expect(await one.stop()).toBe(0);
  });
});

test("a track script that hangs is ended at its timeout and counts as failed; a notify script that hangs stops nothing", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one } = pair;
    const flag = one.host.path("hang");
    const check = one.host.writeFile("check.sh", `#!/bin/sh\n[ -e ${flag} ] && sleep 100\nexit 0\n`, 0o755);
    const hang = one.host.writeFile(
      "notify.sh",
      '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 1; done\n',
      0o755,
    );
    const tracked = `vrrp_script check {\n script "${check}"\n interval 1\n timeout 1\n}\n`;
    const extra = `track_script {\n check\n}\nnotify_master ${hang}\n`;
    one.start(`${tracked}${instanceConfig("v2", { priority: 150, extra })}`);
    await waitFor("mastery", () => one.host.holds(pair.address), { within: 10_000 });
    one.host.run("touch", flag);
    await waitFor("FAULT", () => !one.host.holds(pair.address), { within: 4_000 });
    expect(buoy(one, "why")).toContain("check");
    one.host.run("rm", flag);
    await waitFor("mastery again", () => one.host.holds(pair.address), { within: 10_000 });
    const began = performance.now();
    expect(await one.stop()).toBe(0);
    // STOP finds a script in its way that ignores TERM: a second for scripts, two until KILL, and some for the rest.
    expect(performance.now() - began).toBeLessThan(5_000);
    expect([...processesOf(hang), ...processesOf(check)]).toEqual([]);
  });
});

test("a hostile client of the control socket disturbs nobody", async () => {
  await withPair("v2", ["buoy", "buoy"], async (pair) => {
    const { one } = pair;
    one.start(instanceConfig("v2", { priority: 150 }));
    await waitFor("mastery", () => one.host.holds(pair.address), { within: 10_000 });
    const path = join(one.runtimeDir, "control.sock");
    const noise = [
      "\0\0\0\n",
      '{"command":"why","limit":1e99}\n',
      '{"command":["stop"]}\n',
      "x".repeat(200_000),
      "[[[[\n",
    ];
    for (let index = 0; index < 60; index++) {
      const client = createConnection(path);
      client.on("error", () => client.destroy());
      client.write(noise[index % noise.length] ?? "");
      if (index % 2 === 0) setTimeout(() => client.destroy(), 20);
      else setTimeout(() => client.destroy(), 200);
    }
    await pause(500);
    expect(buoy(one, "status")).toContain("MASTER");
    expect(journalOf(one).map((entry) => entry.event.event.kind)).not.toContain("ChildDied");
  });
});
