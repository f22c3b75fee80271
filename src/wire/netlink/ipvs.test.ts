import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../base/bytes.ts";
import { bytesToIp } from "../../base/ip.ts";
import { NLM_F_DUMP } from "./constants.ts";
import { decodeFamily, encodeFamilyQuestion, genericRequest } from "./generic.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import {
  decodeDestination,
  decodeService,
  encodeDestination,
  encodeDestinationDump,
  encodeFlush,
  encodeService,
  type IpvsDestination,
  type IpvsService,
  ipvsRequest,
} from "./ipvs.ts";
import * as ipvs from "./ipvs-constants.ts";
import {
  decodeDaemon,
  decodeInfo,
  decodeTimeouts,
  encodeStartDaemon,
  encodeStopDaemon,
  encodeTimeouts,
  type IpvsDaemon,
} from "./ipvs-settings.ts";
import { MESSAGE_HEADER, type NetlinkMessage, splitMessages } from "./message.ts";

const FAMILY = 0x21;
const RUNS = 300;

const SERVICE: IpvsService = {
  family: "ipv4",
  mark: 0,
  protocol: 6,
  address: "10.8.0.1",
  port: 80,
  scheduler: "rr",
  flags: 1,
  timeout: 90,
  prefixLength: 24,
  engine: undefined,
};
const DESTINATION: IpvsDestination = {
  address: "10.8.1.1",
  port: 8080,
  method: 2,
  weight: 3,
  upperThreshold: 200,
  lowerThreshold: 100,
  tunnelType: 1,
  tunnelPort: 6080,
  tunnelFlags: 1,
};

function only(bytes: Uint8Array): NetlinkMessage {
  const [message] = splitMessages(bytes);
  if (message === undefined) throw new Error("no message");
  return message;
}

/** Bytes after the header of the message. */
function body(bytes: Uint8Array): string {
  return toHex(bytes.subarray(MESSAGE_HEADER));
}

const service = fc
  .record({
    isIpv6: fc.boolean(),
    mark: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffff_ffff })),
    protocol: fc.constantFrom(6, 17, 132),
    bytes: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    port: fc.nat(0xffff),
    scheduler: fc.constantFrom("rr", "wlc", "lblcr"),
    flags: fc.nat(0x3f),
    timeout: fc.nat(2_678_400),
    length: fc.integer({ min: 1, max: 128 }),
    engine: fc.constantFrom(undefined, "sip"),
  })
  .map(({ isIpv6, bytes, length, ...rest }): IpvsService => {
    const address = rest.mark !== 0 ? new Uint8Array(16) : bytes;
    return {
      ...rest,
      ...(rest.mark === 0 ? {} : { protocol: 0, port: 0 }),
      family: isIpv6 ? "ipv6" : "ipv4",
      address: bytesToIp(isIpv6 ? address : address.subarray(0, 4)),
      prefixLength: isIpv6 ? length : Math.min(length, 32),
    };
  });

const destination = fc
  .record({
    address: fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }).map(bytesToIp),
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytesToIp),
    ),
    port: fc.nat(0xffff),
    method: fc.constantFrom(0, 2, 3),
    weight: fc.nat(65_535),
    upperThreshold: fc.nat(0xffff_ffff),
    lowerThreshold: fc.nat(0xffff_ffff),
    tunnelType: fc.nat(2),
    tunnelPort: fc.nat(0xffff),
    tunnelFlags: fc.nat(2),
  })
  .map((one): IpvsDestination => one);

describe("a service of IPVS", () => {
  // Little endian, as all machines are that these tests run on.
  it("has its port and netmask in network order, the rest in the machine's", () => {
    expect(body(encodeService(FAMILY, "add", SERVICE, 7))).toBe(
      "01010000" + // new service, version 1
        "54000100" + // nested
        "06000100" +
        "02000000" + // AF_INET
        "06000200" +
        "06000000" + // TCP
        "14000300" +
        "0a080001000000000000000000000000" +
        "06000400" +
        "00500000" + // port 80
        "07000600" +
        "72720000" + // rr
        "0c000700" +
        "01000000ffffffff" + // persistent, all flags
        "08000800" +
        "5a000000" + // 90 s
        "08000900" +
        "ffffff00", // /24
    );
  });

  it("has a prefix length for IPv6, and a mark instead of protocol, address and port", () => {
    const marked = { ...SERVICE, family: "ipv6" as const, mark: 5, prefixLength: 64, engine: "sip" };
    expect(body(encodeService(FAMILY, "edit", marked, 7))).toBe(
      "02010000" +
        "40000100" +
        "06000100" +
        "0a000000" + // AF_INET6
        "08000500" +
        "05000000" + // mark 5
        "07000600" +
        "72720000" +
        "0c000700" +
        "01000000ffffffff" +
        "08000800" +
        "5a000000" +
        "08000900" +
        "40000000" + // 64
        "08000b00" +
        "73697000", // sip
    );
  });

  it("is named, and no more, where it is deleted or its servers are asked for", () => {
    const key =
      "30000100" + "06000100020000000600020006000000140003000a0800010000000000000000000000000600040000500000";
    expect(body(encodeService(FAMILY, "delete", SERVICE, 7))).toBe(`03010000${key}`);
    const dump = encodeDestinationDump(FAMILY, SERVICE, 7);
    expect(body(dump)).toBe(`08010000${key}`);
    expect(only(dump).flags & NLM_F_DUMP).toBe(NLM_F_DUMP);
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(service, (one) => {
        const { statistics, ...read } = decodeService(only(encodeService(FAMILY, "add", one, 1)), FAMILY) ?? {
          statistics: undefined,
        };
        expect(read).toEqual(one);
        expect(statistics?.connections).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it("is counted in 64 bits where the kernel does, in 32 where it does not", () => {
    const wide = new Uint8Array(8);
    writeHost32(wide, 0, 5);
    writeHost32(wide, 4, 1);
    const counted = (withWide: boolean): number | undefined => {
      const message = ipvsRequest(FAMILY, ipvs.IPVS_CMD_NEW_SERVICE, 0, 1).nested(1, (list) => {
        list.uint16(ipvs.IPVS_SVC_ATTR_AF, 2);
        list.nested(ipvs.IPVS_SVC_ATTR_STATS, (inner) => inner.uint32(ipvs.IPVS_STATS_ATTR_INPKTS, 5));
        if (!withWide) return;
        list.nested(ipvs.IPVS_SVC_ATTR_STATS64, (inner) =>
          inner.attribute(ipvs.IPVS_STATS_ATTR_INPKTS, wide),
        );
      });
      return decodeService(only(message.finish()), FAMILY)?.statistics.packetsIn;
    };
    expect(counted(false)).toBe(5);
    expect(counted(true)).toBe(0x1_0000_0005);
  });
});

describe("a destination of IPVS", () => {
  it("stands beside its service", () => {
    expect(body(encodeDestination(FAMILY, "edit", { ...SERVICE, mark: 5 }, DESTINATION, 7))).toBe(
      "06010000" + // set destination
        "14000100" +
        "0600010002000000" +
        "0800050005000000" +
        "60000200" +
        "14000100" +
        "0a080101000000000000000000000000" +
        "06000b00" +
        "02000000" + // AF_INET
        "06000200" +
        "1f900000" + // port 8080
        "08000300" +
        "02000000" + // tunnel
        "08000400" +
        "03000000" + // weight
        "08000500" +
        "c8000000" +
        "08000600" +
        "64000000" +
        "05000d00" +
        "01000000" + // GUE
        "06000e00" +
        "17c00000" + // port 6080
        "06000f00" +
        "01000000", // with checksum
    );
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(destination, (one) => {
        const written = only(encodeDestination(FAMILY, "add", SERVICE, one, 1));
        const read = decodeDestination(written, FAMILY, "ipv4");
        expect(read).toMatchObject(one);
        expect(read?.activeConnections).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it("has its service's family where an old kernel does not tell", () => {
    const message = ipvsRequest(FAMILY, ipvs.IPVS_CMD_NEW_DEST, 0, 1).nested(
      ipvs.IPVS_CMD_ATTR_DEST,
      (list) => list.attribute(ipvs.IPVS_DEST_ATTR_ADDR, Uint8Array.of(...Array(15).fill(0), 1)),
    );
    expect(decodeDestination(only(message.finish()), FAMILY, "ipv6")?.address).toBe("::1");
  });
});

describe("settings of IPVS", () => {
  const DAEMON: IpvsDaemon = {
    role: "backup",
    interface: "eth0",
    id: 7,
    maxLength: 1400,
    port: 9000,
    ttl: 3,
    group: "224.0.0.90",
  };

  it.each([DAEMON, { ...DAEMON, role: "master" as const, group: "ff02::5a" }])(
    "a daemon is read as it was started: %o",
    (daemon) => {
      expect(decodeDaemon(only(encodeStartDaemon(FAMILY, daemon, 1)), FAMILY)).toEqual(daemon);
    },
  );

  it("leave to the kernel what is not given", () => {
    const bare = { ...DAEMON, maxLength: undefined, port: undefined, ttl: undefined, group: undefined };
    expect(decodeDaemon(only(encodeStartDaemon(FAMILY, bare, 1)), FAMILY)).toEqual(bare);
    const timeouts = { tcp: 100, tcpFin: undefined, udp: 50 };
    expect(decodeTimeouts(only(encodeTimeouts(FAMILY, timeouts, 1)), FAMILY)).toEqual(timeouts);
  });

  it("a daemon is stopped by its role, and the table emptied by one word", () => {
    expect(body(encodeStopDaemon(FAMILY, "backup", 1))).toBe("0a0100000c0003000800010002000000");
    expect(body(encodeFlush(FAMILY, 1))).toBe("11010000");
  });

  it("tell the version", () => {
    const message = ipvsRequest(FAMILY, ipvs.IPVS_CMD_SET_INFO, 0, 1)
      .uint32(ipvs.IPVS_INFO_ATTR_VERSION, 0x10201)
      .uint32(ipvs.IPVS_INFO_ATTR_CONN_TAB_SIZE, 4096);
    expect(decodeInfo(only(message.finish()), FAMILY)).toEqual({ version: "1.2.1", size: 4096 });
  });
});

describe("a family of generic netlink", () => {
  it("is asked for by its name and answered by its number", () => {
    expect(body(encodeFamilyQuestion("IPVS", 1))).toBe("030100000900020049505653" + "00000000");
    const answer = genericRequest(16, 1, 2, 0, 1).text(2, "IPVS").uint16(1, FAMILY).finish();
    expect(decodeFamily(only(answer))).toBe(FAMILY);
    expect(decodeFamily(only(genericRequest(17, 1, 2, 0, 1).uint16(1, FAMILY).finish()))).toBeUndefined();
  });
});

describe("decoders of IPVS", () => {
  it("never throw, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 200 }), fc.nat(17), (bytes, command) => {
        writeHost32(bytes, 0, bytes.length);
        writeHost16(bytes, 4, FAMILY);
        bytes[16] = command;
        const message = only(bytes);
        for (const decode of [decodeService, decodeDaemon, decodeTimeouts, decodeInfo])
          decode(message, FAMILY);
        decodeDestination(message, FAMILY, "ipv4");
        expect(decodeService(message, FAMILY + 1)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
  });
});
