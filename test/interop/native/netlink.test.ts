import { spawnSync } from "node:child_process";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.ts";
import type { OsError } from "../../../src/base/result.ts";
import { createLoop } from "../../../src/host/loop.ts";
import { native } from "../../../src/host/native.ts";
import type { Netlink, NetlinkEvent, NetlinkOptions } from "../../../src/host/netlink.ts";
import { openNetlink } from "../../../src/host/netlink.ts";
import { NETLINK_ROUTE, RTM_GETLINK } from "../../../src/wire/netlink/constants.ts";
import type { AddressRequest } from "../../../src/wire/netlink/facts.ts";
import { encodeDump } from "../../../src/wire/netlink/message.ts";
import { pause, waitFor } from "../../support/wait.ts";
import { enterNewNamespace } from "./namespace.ts";

const namespace = enterNewNamespace("netlink");
afterAll(() => namespace.remove());
const loop = createLoop();
let events: NetlinkEvent[] = [];

beforeEach(() => {
  events = [];
  namespace.run("ip", "address", "flush", "dev", "eth0", "scope", "global");
});

async function opened(options?: NetlinkOptions): Promise<Netlink> {
  const netlink = openNetlink(loop, (event) => events.push(event), options);
  await waitFor("the first dump", () => netlink.synchronised, { within: 5000 });
  return netlink;
}

function change(call: Netlink["addAddress"], request: AddressRequest): Promise<OsError | undefined> {
  return new Promise((resolve) => call(request, resolve));
}

/** Index of eth0 in a request, with the calls bound to the monitor. */
function on(netlink: Netlink) {
  const index = present(netlink.linkByName("eth0"), "eth0").index;
  return {
    add: (request: Omit<AddressRequest, "index">) =>
      change((...all) => netlink.addAddress(...all), { ...request, index }),
    remove: (request: Omit<AddressRequest, "index">) =>
      change((...all) => netlink.removeAddress(...all), { ...request, index }),
  };
}

function seen(kind: "AddressAdded" | "AddressRemoved", address: string): string | undefined {
  for (const event of events) {
    if (event.kind === kind && event.address.address === address) return event.origin;
  }
  return undefined;
}

describe("the monitor", () => {
  it("tells all interfaces and addresses first, as iproute2 sees them", async () => {
    namespace.run("ip", "address", "add", "10.7.0.1/24", "dev", "eth0");
    const netlink = await opened();
    expect(events.at(-1)).toEqual({ kind: "Synchronised", afterLoss: false });
    expect(netlink.linkByName("lo")).toMatchObject({ loopback: true, up: true, type: 772 });
    const json = JSON.parse(namespace.run("ip", "-j", "-d", "link", "show", "eth0")) as {
      ifindex: number;
      address: string;
      mtu: number;
    }[];
    expect(netlink.linkByName("eth0")).toMatchObject({
      index: json[0]?.ifindex,
      mac: json[0]?.address,
      mtu: json[0]?.mtu,
      up: true,
      running: true,
      linkInfoKind: "veth",
    });
    expect(netlink.addresses()).toContainEqual(
      expect.objectContaining({ address: "10.7.0.1", prefixLength: 24, label: "eth0", permanent: true }),
    );
    netlink.close();
  });

  it("follows links that go down, lose carrier, are renamed, made and deleted", async () => {
    const netlink = await opened();
    const link = (): object | undefined => netlink.linkByName("eth0");
    namespace.run("ip", "link", "set", "eth1", "down");
    await waitFor("no carrier", () => netlink.linkByName("eth0")?.running === false, { within: 5000 });
    expect(link()).toMatchObject({ up: true, running: false });
    namespace.run("ip", "link", "set", "eth0", "down");
    await waitFor("down", () => netlink.linkByName("eth0")?.up === false, { within: 5000 });
    for (const name of ["eth0", "eth1"]) namespace.run("ip", "link", "set", name, "up");
    await waitFor("carrier", () => netlink.linkByName("eth0")?.running, { within: 5000 });

    namespace.run("ip", "link", "add", "br7", "type", "bridge");
    namespace.run("ip", "link", "set", "eth1", "master", "br7");
    const bridge = await waitFor("a bridge", () => netlink.linkByName("br7"), { within: 5000 });
    await waitFor("a port", () => netlink.linkByName("eth1")?.master === bridge.index, { within: 5000 });
    namespace.run("ip", "link", "set", "br7", "name", "br8");
    await waitFor("a new name", () => netlink.linkByName("br8"), { within: 5000 });
    namespace.run("ip", "link", "del", "br8");
    await waitFor("deletion", () => netlink.linkByIndex(bridge.index) === undefined, { within: 5000 });
    expect(events).toContainEqual({ kind: "LinkRemoved", link: expect.objectContaining({ name: "br8" }) });
    netlink.close();
  });

  it("dumps everything again after the kernel dropped messages", async () => {
    const netlink = await opened({ receiveBuffer: 2304 });
    events = [];
    const batch = Array.from({ length: 400 }, (_, i) => `address add 10.8.${i >> 8}.${i & 255}/32 dev eth0`);
    const options = { input: batch.join("\n") };
    // Synchronous: nothing is read meanwhile, so the small buffer overflows.
    spawnSync("ip", ["netns", "exec", namespace.name, "ip", "-batch", "-"], options);
    await waitFor("a second dump", () => events.some((event) => event.kind === "Synchronised"), {
      within: 5000,
    });
    expect(events.at(-1)).toEqual({ kind: "Synchronised", afterLoss: true });
    expect(netlink.addresses().filter(({ address }) => address.startsWith("10.8."))).toHaveLength(400);
    events = [];
    namespace.run("ip", "address", "flush", "dev", "eth0", "scope", "global");
    await waitFor("removals", () => !netlink.addresses().some(({ address }) => address.startsWith("10.8.")), {
      within: 5000,
    });
    expect(events.filter((event) => event.kind === "AddressRemoved")).toHaveLength(400);
    netlink.close();
  });
});

describe("the writer's descriptor", () => {
  it("is silent when no answer waits", async () => {
    const writer = native.writerOpen(NETLINK_ROUTE, 10);
    if (typeof writer === "number") expect.unreachable();
    let calls = 0;
    const registration = loop.onReadable(native.writerDescriptor(writer), () => {
      calls++;
      expect(native.writerTake(writer)?.slice(0, 2)).toEqual([1, 0]);
    });
    native.writerSubmit(writer, 1, encodeDump(RTM_GETLINK, 1));
    await waitFor("the answer", () => calls > 0, { within: 5000 });
    await pause(20);
    expect(calls).toBe(1);
    registration.close();
    native.writerClose(writer);
  });
});

describe("our own changes", () => {
  it("are told from others' by port, sequence and address", async () => {
    const netlink = await opened();
    const eth0 = on(netlink);
    expect(await eth0.add({ address: "10.7.0.100", prefixLength: 24 })).toBeUndefined();
    expect(seen("AddressAdded", "10.7.0.100")).toBe("self");
    expect(await eth0.remove({ address: "10.7.0.100", prefixLength: 24 })).toBeUndefined();
    expect(seen("AddressRemoved", "10.7.0.100")).toBe("self");

    namespace.run("ip", "address", "add", "10.7.0.101/24", "dev", "eth0");
    await waitFor("the other's address", () => seen("AddressAdded", "10.7.0.101"), { within: 5000 });
    expect(seen("AddressAdded", "10.7.0.101")).toBe("other");
    netlink.close();
  });

  it("are told from others' in IPv6, where the kernel names no requester", async () => {
    const netlink = await opened();
    const eth0 = on(netlink);
    await eth0.add({ address: "2001:db8::100", prefixLength: 64, flags: ["nodad"] });
    // The kernel tells of an IPv6 address from a work queue, after it has acknowledged the request.
    await waitFor("our address", () => seen("AddressAdded", "2001:db8::100"), { within: 5000 });
    expect(seen("AddressAdded", "2001:db8::100")).toBe("self");
    await eth0.remove({ address: "2001:db8::100", prefixLength: 64 });
    await waitFor("its removal", () => seen("AddressRemoved", "2001:db8::100"), { within: 5000 });
    expect(seen("AddressRemoved", "2001:db8::100")).toBe("self");
    // The same address again, by somebody else: what is done with is not ours any more.
    events = [];
    namespace.run("ip", "address", "add", "2001:db8::100/64", "dev", "eth0", "nodad");
    await waitFor("the other's address", () => seen("AddressAdded", "2001:db8::100"), { within: 5000 });
    namespace.run("ip", "address", "del", "2001:db8::100/64", "dev", "eth0");
    await waitFor("the removal", () => seen("AddressRemoved", "2001:db8::100"), { within: 5000 });
    expect(seen("AddressAdded", "2001:db8::100")).toBe("other");
    expect(seen("AddressRemoved", "2001:db8::100")).toBe("other");
    netlink.close();
  });

  it("that take secondaries along report those as gone along", async () => {
    const netlink = await opened();
    const eth0 = on(netlink);
    namespace.run(
      "sysctl",
      "-qw",
      "net.ipv4.conf.eth0.promote_secondaries=0",
      "net.ipv4.conf.all.promote_secondaries=0",
    );
    for (const last of [1, 2, 3]) await eth0.add({ address: `10.7.0.${last}`, prefixLength: 24 });
    expect(netlink.addresses().filter(({ secondary }) => secondary)).toHaveLength(2);
    await eth0.remove({ address: "10.7.0.1", prefixLength: 24 });
    expect([1, 2, 3].map((last) => seen("AddressRemoved", `10.7.0.${last}`))).toEqual([
      "self",
      "along",
      "along",
    ]);
    netlink.close();
  });

  it("carry every option of an entry", async () => {
    const netlink = await opened();
    const eth0 = on(netlink);
    await eth0.add({
      address: "10.7.0.100",
      prefixLength: 24,
      scope: 253,
      broadcast: "10.7.0.255",
      label: "eth0:vip",
    });
    await eth0.add({ address: "10.7.1.1", prefixLength: 32, peer: "10.7.2.0", peerPrefixLength: 24 });
    await eth0.add({
      address: "2001:db8::7",
      prefixLength: 128,
      flags: ["nodad", "noprefixroute"],
      preferredLifetime: 0,
    });
    type Shown = { addr_info: Record<string, unknown>[] }[];
    const [shown] = JSON.parse(namespace.run("ip", "-j", "address", "show", "dev", "eth0")) as Shown;
    const of = (local: string): object | undefined => shown?.addr_info.find((info) => info.local === local);
    expect(of("10.7.0.100")).toMatchObject({
      prefixlen: 24,
      broadcast: "10.7.0.255",
      scope: "link",
      label: "eth0:vip",
    });
    expect(of("10.7.1.1")).toMatchObject({ address: "10.7.2.0", prefixlen: 24 });
    expect(of("2001:db8::7")).toMatchObject({
      prefixlen: 128,
      deprecated: true,
      nodad: true,
      noprefixroute: true,
      preferred_life_time: 0,
    });
    expect(netlink.addresses().find(({ address }) => address === "10.7.0.100")?.protocol).toBe(18);
    netlink.close();
  });

  it("that are done already are done", async () => {
    const netlink = await opened();
    const eth0 = on(netlink);
    const request = { address: "10.7.0.100", prefixLength: 24 };
    expect([await eth0.add(request), await eth0.add(request)]).toEqual([undefined, undefined]);
    expect([await eth0.remove(request), await eth0.remove(request)]).toEqual([undefined, undefined]);
    const nowhere = { ...request, index: 999_999 };
    expect(await change((...all) => netlink.removeAddress(...all), nowhere)).toBeUndefined();
    netlink.close();
  });

  it("that the kernel refuses fail with its own words", async () => {
    const netlink = await opened();
    const error = await on(netlink).add({ address: "10.7.0.100", prefixLength: 40 });
    expect(error).toMatchObject({ call: "RTM_NEWADDR", errno: "EINVAL", subject: "10.7.0.100/40 dev eth0" });
    const nowhere = { index: 999_999, address: "10.7.0.100", prefixLength: 24 };
    const missing = await change((...all) => netlink.addAddress(...all), nowhere);
    expect(missing).toMatchObject({ errno: "ENODEV" });
    const long = await on(netlink).add({
      address: "10.7.0.100",
      prefixLength: 24,
      label: "eth0:far-too-long",
    });
    expect(long).toMatchObject({ errno: "ERANGE", detail: expect.stringContaining("ttribute") });
    netlink.close();
  });

  it("are refused, not lost, when too many wait", async () => {
    const netlink = await opened({ queueLimit: 3 });
    const eth0 = on(netlink);
    const all = Array.from({ length: 200 }, (_, i) =>
      eth0.add({ address: `10.9.0.${i + 1}`, prefixLength: 32 }),
    );
    const results = await Promise.all(all);
    const refused = results.filter((error) => error?.errno === "ENOBUFS").length;
    const done = results.filter((error) => error === undefined).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused + done).toBe(200);
    expect(netlink.addresses().filter(({ address }) => address.startsWith("10.9."))).toHaveLength(done);
    netlink.close();
  });

  it("end in order, 2,000 of them, each told once", async () => {
    const netlink = await opened();
    const eth0 = on(netlink);
    const order: number[] = [];
    const all = Array.from({ length: 2000 }, async (_, i) => {
      const error = await eth0.add({ address: `10.${10 + (i >> 8)}.${i & 255}.1`, prefixLength: 32 });
      order.push(i);
      return error;
    });
    expect((await Promise.all(all)).filter((error) => error !== undefined)).toEqual([]);
    expect(order).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    expect(events.filter((event) => event.kind === "AddressAdded" && event.origin === "self")).toHaveLength(
      2000,
    );
    expect(netlink.pending()).toBe(0);
    netlink.close();
  });
});
