"use strict";
/**
 * Uses every part of the addon named in $ADDON with forced collections in between, and ends with handles open: run by
 * memory.test.ts with a build that checks memory accesses. Prints "done" at the end.
 */
const assert = require("node:assert");
const { Worker } = require("node:worker_threads");
const native = require(process.env.ADDON);

const collect = globalThis.gc;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function timer(callback) {
  const fd = native.timerfdOpen();
  return { fd, watch: native.pollOpen(fd, true, callback) };
}

async function watches() {
  for (let round = 0; round < 20; round++) {
    const timers = [];
    for (let i = 0; i < 40; i++) {
      const one = timer(() => {
        if (i % 2 === 1) native.pollClose(one.watch);
      });
      native.timerfdSet(one.fd, native.monotonicMicros() + i * 100);
      timers.push(one);
    }
    collect();
    await pause(8);
    for (const { fd, watch } of timers) {
      native.pollClose(watch);
      native.pollClose(watch);
      native.close(fd);
    }
    collect();
    await pause(0);
    collect();
  }
}

/** An RTM_GETLINK dump request. */
function dumpRequest(sequence) {
  const bytes = new DataView(new ArrayBuffer(32));
  bytes.setUint32(0, 32, true);
  bytes.setUint16(4, 18, true);
  bytes.setUint16(6, 0x301, true);
  bytes.setUint32(8, sequence, true);
  return new Uint8Array(bytes.buffer);
}

function writer(round) {
  return new Promise((resolve) => {
    const handle = native.writerOpen(0, 100);
    let left = 50;
    const watch = native.pollOpen(native.writerDescriptor(handle), false, () => {
      for (let answer = native.writerTake(handle); answer !== undefined; answer = native.writerTake(handle)) {
        assert.strictEqual(answer[1], 0);
        left--;
      }
      if (left > 0) return;
      native.pollClose(watch);
      native.writerClose(handle);
      if (round % 2 === 0) native.writerClose(handle);
      resolve();
    });
    for (let id = 1; id <= 50; id++) {
      assert.strictEqual(native.writerSubmit(handle, id, dumpRequest(id)), 0);
      if (id % 10 === 0) collect();
    }
  });
}

function child(group) {
  return new Promise((resolve) => {
    const [pid, pidfd] = native.spawn({
      ...{ path: "/bin/true", argv: ["true"], env: ["A=B"], cwd: "/", uid: -1, gid: -1, groups: undefined },
      ...{ group, deathSignal: 9, umask: -1, stdio: [-1, -1, -1] },
    });
    assert.ok(pid > 0);
    const watch = native.pollOpen(pidfd, false, () => {
      const [code, signal] = native.reap(pidfd);
      assert.deepStrictEqual([code, signal], [0, 0]);
      native.pollClose(watch);
      native.close(pidfd);
      resolve();
    });
  });
}

function datagrams() {
  const receiver = native.socket(2, 2, 0);
  const sender = native.socket(2, 2, 0);
  const localhost = Uint8Array.of(127, 0, 0, 1);
  assert.strictEqual(native.bindInet(receiver, localhost, 45678, 0), 0);
  assert.strictEqual(native.connectInet(sender, localhost, 45678, 0), 0);
  const buffer = new Uint8Array(64 * 200);
  const meta = new Int32Array(64 * 6);
  for (let i = 0; i < 100; i++) native.send(sender, new Uint8Array(i + 120));
  assert.strictEqual(native.receiveBatch(receiver, buffer, 200, meta), 64);
  assert.strictEqual(native.receiveBatch(receiver, buffer, 200, meta), 36);
  native.close(receiver);
  native.close(sender);
}

/** Calls with nonsense: they throw or answer an errno. */
function nonsense() {
  const harmful = /^(close|set|signals|lockFile|.*Micros$|timerfdOpen)/;
  const lists = [
    [],
    [{}, {}, {}, {}, {}, {}],
    [[], [], [], [], [], []],
    Array(6).fill("text"),
    Array(6).fill(-1),
  ];
  for (const [name, call] of Object.entries(native)) {
    if (harmful.test(name)) continue;
    for (const list of lists) {
      try {
        call(...list);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  }
}

async function main() {
  await watches();
  for (let round = 0; round < 4; round++) await writer(round);
  await Promise.all(Array.from({ length: 60 }, (_, i) => child(i % 3)));
  datagrams();
  nonsense();
  native.userByName("root");
  native.groupList("root", 0);
  const open = [timer(() => undefined), native.writerOpen(0, 5)];
  const worker = new Worker(
    `const native = require(${JSON.stringify(process.env.ADDON)});
     for (let i = 0; i < 5; i++) native.pollOpen(native.timerfdOpen(), true, () => undefined);
     native.writerOpen(0, 5);
     setTimeout(() => process.exit(3), 30);`,
    { eval: true },
  );
  worker.once("exit", (code) => {
    assert.strictEqual(code, 3);
    collect();
    console.log(`done, ${open.length} left open`);
    process.exit(0);
  });
}

main();
