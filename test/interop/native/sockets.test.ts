import { afterAll, afterEach, describe, expect, it } from "vitest";
import { present } from "../../../src/base/assert.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import type { IpFamily } from "../../../src/base/ip.ts";
import { openArpSocket } from "../../../src/host/arp-socket.ts";
import { createLoop } from "../../../src/host/loop.ts";
import { native } from "../../../src/host/native.ts";
import { AF_PACKET, SOCK_RAW } from "../../../src/host/socket.ts";
import { interfaceIndex } from "../../../src/host/system.ts";
import type { ReceivedVrrp, VrrpSocket } from "../../../src/host/vrrp-socket.ts";
import { openVrrpSocket } from "../../../src/host/vrrp-socket.ts";
import { encodeGratuitousArp } from "../../../src/wire/arp.ts";
import { decodeEthernet, encodeEthernet } from "../../../src/wire/ethernet.ts";
import { decodeIpv4, encodeIpv4, verifyIpv4HeaderChecksum } from "../../../src/wire/ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "../../../src/wire/ipv6.ts";
import { encodeUnsolicitedNeighbourAdvertisement } from "../../../src/wire/ndisc.ts";
import { verifyVrrpChecksum } from "../../../src/wire/vrrp.ts";
import { waitFor } from "../../support/wait.ts";
import { enterNewNamespace } from "./namespace.ts";

const namespace = enterNewNamespace("sockets");
namespace.run("ip", "address", "add", "10.9.0.1/24", "dev", "eth0");
namespace.run("ip", "address", "add", "10.9.0.3/24", "dev", "eth0");
namespace.run("ip", "address", "add", "fe80::1:1/64", "dev", "eth0", "nodad");
afterAll(() => namespace.remove());

const loop = createLoop();
const ETH_P_ALL = 3;
const eth0 = present(interfaceIndex("eth0"), "eth0");
const eth1 = present(interfaceIndex("eth1"), "eth1");
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Golden v2 advertisement: VRID 51, priority 150, 10.9.0.100. */
const MESSAGE_V4 = fromHex("2133960100013e5d0a0900640000000000000000");
/** Golden v3 advertisement of fe80::51, its checksum left out. */
const MESSAGE_V6 = fromHex("3133960100640000fe800000000000000000000000000051");
const SENDER_MAC = "be:78:e4:5f:7a:b3";

/** A plain packet socket at the other end of the cable: what is on the wire, and a way to put things there. */
function wire(): { readonly frames: () => Uint8Array[]; readonly inject: (frame: Uint8Array) => void } {
  const fd = native.socket(AF_PACKET, SOCK_RAW, 0);
  expect(native.bindPacket(fd, ETH_P_ALL, eth1)).toBe(0);
  closers.push(() => native.close(fd));
  const buffer = new Uint8Array(10_000);
  const taken: Uint8Array[] = [];
  return {
    frames() {
      for (;;) {
        const length = native.receive(fd, buffer);
        if (length < 0) return taken;
        taken.push(buffer.slice(0, length));
      }
    },
    inject(frame) {
      expect(native.sendFrames(fd, eth1, frame, Int32Array.of(frame.length), 1)).toBe(1);
    },
  };
}

interface Kept extends Omit<ReceivedVrrp, "kind" | "payload"> {
  readonly payload: string;
}

function vrrp(family: IpFamily): { readonly socket: VrrpSocket; readonly packets: Kept[] } {
  const packets: Kept[] = [];
  const socket = openVrrpSocket(
    loop,
    { interface: "eth0", index: eth0, family },
    ({ kind: _, ...packet }) => {
      packets.push({ ...packet, payload: toHex(packet.payload) });
    },
  );
  closers.push(() => socket.close());
  return { socket, packets };
}

/** Protocol-112 packets among the frames, with the Ethernet destination in front. */
function vrrpFrames(frames: readonly Uint8Array[]): { readonly to: string; readonly ip: Uint8Array }[] {
  return frames.flatMap((frame) => {
    const decoded = decodeEthernet(frame);
    if (!decoded.ok) return [];
    const { destination, etherType, payload } = decoded.value;
    const isVrrp = etherType === 0x0800 ? payload[9] === 112 : etherType === 0x86dd && payload[6] === 112;
    return isVrrp ? [{ to: destination, ip: payload }] : [];
  });
}

function injected(source: string, destination: string, ttl: number, payload: Uint8Array): Uint8Array {
  const packet = encodeIpv4({
    tos: 0xc0,
    identification: 1,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl,
    protocol: 112,
    source,
    destination,
    options: new Uint8Array(0),
    payload,
  });
  return encodeEthernet({
    destination: "01:00:5e:00:00:12",
    source: SENDER_MAC,
    etherType: 0x0800,
    payload: packet,
  });
}

function injected6(source: string, hopLimit: number, payload: Uint8Array): Uint8Array {
  const destination = "ff02::12";
  const packet = encodeIpv6({
    trafficClass: 0xc0,
    flowLabel: 0,
    nextHeader: 112,
    hopLimit,
    source,
    destination,
    payload,
  });
  return encodeEthernet({
    destination: "33:33:00:00:00:12",
    source: SENDER_MAC,
    etherType: 0x86dd,
    payload: packet,
  });
}

describe("VRRP sockets, IPv4", () => {
  it("send what keepalived sends: class 0xC0, TTL 255, no DF, the source asked for", async () => {
    const line = wire();
    const { socket } = vrrp("ipv4");
    expect(socket.send(MESSAGE_V4, "10.9.0.3", "224.0.0.18", 255)).toBeUndefined();
    const [frame] = await waitFor("the packet", () => hasCount(vrrpFrames(line.frames()), 1), {
      within: 5000,
    });
    expect(frame?.to).toBe("01:00:5e:00:00:12");
    const packet = decodeIpv4(present(frame, "frame").ip);
    expect(packet).toMatchObject({
      ok: true,
      value: { tos: 0xc0, ttl: 255, dontFragment: false, source: "10.9.0.3", destination: "224.0.0.18" },
    });
    expect(packet.ok && toHex(packet.value.payload)).toBe(toHex(MESSAGE_V4));
    expect(verifyIpv4HeaderChecksum(present(frame, "frame").ip)).toBe(true);
  });

  it("do not hear themselves", async () => {
    const line = wire();
    const { socket, packets } = vrrp("ipv4");
    socket.send(MESSAGE_V4, "10.9.0.1", "224.0.0.18", 255);
    line.inject(injected("10.9.0.9", "224.0.0.18", 255, MESSAGE_V4));
    await waitFor("the other's packet", () => packets.length > 0, { within: 5000 });
    expect(packets.map(({ source }) => source)).toEqual(["10.9.0.9"]);
  });

  it("deliver message, addresses and TTL", async () => {
    const line = wire();
    const { packets } = vrrp("ipv4");
    line.inject(injected("10.9.0.9", "224.0.0.18", 254, MESSAGE_V4));
    line.inject(injected("10.9.0.8", "224.0.0.18", 255, MESSAGE_V4.subarray(0, 5)));
    await waitFor("both packets", () => packets.length === 2, { within: 5000 });
    const common = { interface: "eth0", family: "ipv4", destination: "224.0.0.18", checksumVerified: false };
    expect(packets).toEqual([
      { ...common, source: "10.9.0.9", hopLimit: 254, payload: toHex(MESSAGE_V4) },
      { ...common, source: "10.9.0.8", hopLimit: 255, payload: toHex(MESSAGE_V4.subarray(0, 5)) },
    ]);
  });

  it("send a batch, each to its own destination, and tell which failed", async () => {
    const line = wire();
    const { socket } = vrrp("ipv4");
    for (let i = 0; i < 20; i++) {
      const from = i === 5 ? "10.250.0.1" : "10.9.0.1";
      expect(socket.queue(Uint8Array.of(i, ...MESSAGE_V4.subarray(1)), from, "224.0.0.18", 255)).toBe(true);
    }
    expect(socket.flush()).toEqual([
      {
        call: "sendmmsg",
        errno: expect.stringMatching(/^(ENETUNREACH|EINVAL)$/),
        subject: "VRRP socket eth0 ipv4 to 224.0.0.18",
      },
    ]);
    expect(socket.flush()).toEqual([]);
    const sent = await waitFor("19 packets", () => hasCount(vrrpFrames(line.frames()), 19), { within: 5000 });
    expect(sent.map(({ ip }) => ip[20])).toEqual([...Array(20).keys()].filter((i) => i !== 5));
  });

  it("refuse a message that fits no buffer, and take no more than a batch", () => {
    const { socket } = vrrp("ipv4");
    expect(socket.send(new Uint8Array(5000), "10.9.0.1", "224.0.0.18", 255)).toMatchObject({
      errno: "EMSGSIZE",
    });
    let taken = 0;
    while (socket.queue(MESSAGE_V4, "10.9.0.1", "224.0.0.18", 255)) taken++;
    expect(taken).toBe(32);
  });

  it("take bursts larger than a batch, in order", async () => {
    const line = wire();
    const { packets } = vrrp("ipv4");
    for (let i = 0; i < 100; i++) {
      line.inject(injected("10.9.0.9", "224.0.0.18", 255, Uint8Array.of(i, ...MESSAGE_V4.subarray(1))));
    }
    await waitFor("100 packets", () => packets.length === 100, { within: 5000 });
    expect(packets.map(({ payload }) => Number.parseInt(payload.slice(0, 2), 16))).toEqual([
      ...Array(100).keys(),
    ]);
  });

  it("are silent once closed, from within a callback too", async () => {
    const line = wire();
    let heard = 0;
    const socket = openVrrpSocket(loop, { interface: "eth0", index: eth0, family: "ipv4" }, () => {
      heard++;
      socket.close();
    });
    const other = vrrp("ipv4");
    for (let i = 0; i < 3; i++) line.inject(injected("10.9.0.9", "224.0.0.18", 255, MESSAGE_V4));
    await waitFor("the other socket", () => other.packets.length === 3, { within: 5000 });
    expect(heard).toBe(1);
  });

  it("refuse an interface that is not there", () => {
    const options = { interface: "eth9", index: 99, family: "ipv4" } as const;
    expect(() => openVrrpSocket(loop, options, () => undefined)).toThrow("ENODEV");
  });
});

describe("VRRP sockets, IPv6", () => {
  it("let the kernel fill in the checksum", async () => {
    const line = wire();
    const { socket } = vrrp("ipv6");
    expect(socket.send(MESSAGE_V6, "fe80::1:1", "ff02::12", 255)).toBeUndefined();
    const [frame] = await waitFor("the packet", () => hasCount(vrrpFrames(line.frames()), 1), {
      within: 5000,
    });
    const packet = decodeIpv6(present(frame, "frame").ip);
    expect(packet).toMatchObject({
      ok: true,
      value: { trafficClass: 0xc0, hopLimit: 255, source: "fe80::1:1", destination: "ff02::12" },
    });
    const payload = packet.ok ? packet.value.payload : MESSAGE_V6;
    expect(verifyVrrpChecksum(payload, payload.length, "fe80::1:1", "ff02::12", "ipv6")).toBe(
      "pseudo-header",
    );
    expect(frame?.to).toBe("33:33:00:00:00:12");
  });

  it("deliver what has a right checksum only, with addresses and hop limit", async () => {
    const line = wire();
    const { packets } = vrrp("ipv6");
    // Sum for fe80::9 to ff02::12, worked out by the verifier: the one value it accepts.
    const good = MESSAGE_V6.slice();
    for (let sum = 1; sum <= 0xffff; sum++) {
      good.set([sum >> 8, sum & 0xff], 6);
      if (verifyVrrpChecksum(good, good.length, "fe80::9", "ff02::12", "ipv6") === "pseudo-header") break;
    }
    line.inject(injected6("fe80::9", 255, MESSAGE_V6));
    line.inject(injected6("fe80::9", 64, good));
    await waitFor("the good packet", () => packets.length > 0, { within: 5000 });
    expect(packets).toEqual([
      {
        interface: "eth0",
        family: "ipv6",
        source: "fe80::9",
        destination: "ff02::12",
        hopLimit: 64,
        payload: toHex(good),
        checksumVerified: true,
      },
    ]);
  });
});

describe("packet sockets", () => {
  it("send many frames in order", async () => {
    const line = wire();
    const socket = openArpSocket(loop, { interface: "eth0", index: eth0 });
    closers.push(() => socket.close());
    const frames = Array.from({ length: 200 }, (_, i) => encodeGratuitousArp(`10.9.1.${i}`, SENDER_MAC));
    expect(socket.sendFrames(frames)).toBeUndefined();
    const seen = await waitFor("200 frames", () => hasCount(arpFrames(line.frames()), 200), { within: 5000 });
    expect(seen.map(toHex)).toEqual(frames.map(toHex));
  });

  it("tell how far they came", () => {
    const socket = openArpSocket(loop, { interface: "eth0", index: eth0 });
    closers.push(() => socket.close());
    const good = encodeGratuitousArp("10.9.1.1", SENDER_MAC);
    const tooLong = new Uint8Array(3000);
    expect(socket.sendFrames([good, good, tooLong, good])).toEqual({
      sent: 2,
      error: { call: "sendmmsg", errno: "EMSGSIZE", subject: "packet socket eth0" },
    });
  });

  it("hear ARP and neighbour discovery of others, and nothing else", async () => {
    const line = wire();
    const heard: string[] = [];
    const onFrame = (frame: Uint8Array): void => {
      heard.push(toHex(frame));
    };
    const socket = openArpSocket(loop, { interface: "eth0", index: eth0, onFrame });
    closers.push(() => socket.close());
    const arp = encodeGratuitousArp("10.9.0.100", SENDER_MAC);
    const advertisement = encodeUnsolicitedNeighbourAdvertisement("2001:db8::100", SENDER_MAC, false);
    const solicitation = advertisement.slice();
    solicitation[54] = 135;
    socket.sendFrames([arp, advertisement]);
    for (const frame of [injected("10.9.0.9", "224.0.0.18", 255, MESSAGE_V4), solicitation])
      line.inject(frame);
    line.inject(injected6("fe80::9", 255, MESSAGE_V6));
    line.inject(advertisement);
    line.inject(arp);
    const wanted = [toHex(arp), toHex(advertisement), toHex(solicitation)].sort();
    await waitFor("all", () => wanted.every((frame) => heard.includes(frame)), { within: 5000 });
    // What the kernel itself says meanwhile (its own advertisements from eth1) may come too.
    const ours = heard.filter((frame) => frame.includes(SENDER_MAC.replaceAll(":", "")));
    expect(ours.sort()).toEqual(wanted);
  });

  it("say that the interface went down, and hear again once it is up", async () => {
    const line = wire();
    const heard: string[] = [];
    const errors: string[] = [];
    const socket = openArpSocket(loop, {
      interface: "eth0",
      index: eth0,
      onFrame: (frame) => heard.push(toHex(frame)),
      onError: (error) => errors.push(error.errno),
    });
    closers.push(() => socket.close());
    namespace.run("ip", "link", "set", "eth0", "down");
    await waitFor("the error", () => errors.length > 0, { within: 5000 });
    expect(errors).toContain("ENETDOWN");
    const arp = encodeGratuitousArp("10.9.0.100", SENDER_MAC);
    expect(socket.sendFrames([arp])).toMatchObject({ sent: 0, error: { errno: "ENETDOWN" } });
    namespace.run("ip", "link", "set", "eth0", "up");
    await waitFor(
      "a frame",
      () => {
        line.inject(arp);
        return heard.includes(toHex(arp));
      },
      { within: 5000 },
    );
  });
});

function hasCount<T>(items: T[], count: number): T[] | undefined {
  return items.length >= count ? items : undefined;
}

function arpFrames(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.filter((frame) => frame[12] === 0x08 && frame[13] === 0x06);
}
