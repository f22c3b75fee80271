import { describe, expect, it } from "vitest";
import { macToBytes } from "../../base/mac.ts";
import { AttributeReader } from "./attributes.ts";
import * as c from "./constants.ts";
import { readHost32, writeHost16, writeHost32 } from "./host-order.ts";
import { decodeLink } from "./link.ts";
import { encodeChangeLink, encodeCreateLink, encodeRemoveLink } from "./link-change.ts";
import { MessageBuilder, splitMessages } from "./message.ts";

/** The attributes of a message, those that nest as maps: an independent reading. */
function read(bytes: Uint8Array, offset: number, end: number): Record<number, Uint8Array> {
  const reader = new AttributeReader(bytes, offset, end);
  const found: Record<number, Uint8Array> = {};
  while (reader.next()) found[reader.type] = reader.bytes();
  expect(reader.error).toBeUndefined();
  return found;
}

function nested(value: Uint8Array | undefined): Record<number, Uint8Array> {
  return value === undefined ? {} : read(value, 0, value.length);
}

function open(bytes: Uint8Array): {
  type: number;
  flags: number;
  index: number;
  raised: readonly number[];
  attributes: Record<number, Uint8Array>;
} {
  const [message] = splitMessages(bytes);
  if (message === undefined) throw new Error("no message");
  const { type, flags, body, end } = message;
  const raised = [readHost32(bytes, body + 8), readHost32(bytes, body + 12)];
  return { type, flags, index: readHost32(bytes, body + 4), raised, attributes: read(bytes, body + 16, end) };
}

const MACVLAN = { kind: "macvlan", name: "vrrp.51", parent: 3, mode: "private" } as const;
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1");
const number = (bytes: Uint8Array | undefined): number => (bytes === undefined ? -1 : readHost32(bytes, 0));

describe("a request for an interface", () => {
  it("makes a private macvlan with its MAC, group and VRF, and only if the name is free", () => {
    const mac = "00:00:5e:00:01:33";
    const made = open(encodeCreateLink({ ...MACVLAN, mac, group: 7, master: 9 }, 1));
    expect(made.type).toBe(c.RTM_NEWLINK);
    expect(made.flags).toBe(c.NLM_F_REQUEST | c.NLM_F_ACK | c.NLM_F_CREATE | c.NLM_F_EXCL);
    expect(made.raised).toEqual([0, 0]);
    expect(text(made.attributes[c.IFLA_IFNAME])).toBe("vrrp.51\0");
    expect(made.attributes[c.IFLA_ADDRESS]).toEqual(macToBytes(mac));
    expect(number(made.attributes[c.IFLA_LINK])).toBe(3);
    expect(number(made.attributes[c.IFLA_GROUP])).toBe(7);
    expect(number(made.attributes[c.IFLA_MASTER])).toBe(9);
    const info = nested(made.attributes[c.IFLA_LINKINFO]);
    expect(text(info[c.IFLA_INFO_KIND])).toBe("macvlan\0");
    expect(number(nested(info[c.IFLA_INFO_DATA])[c.IFLA_MACVLAN_MODE])).toBe(c.MACVLAN_MODE_PRIVATE);
  });

  it("makes an ipvlan of layer 2 in each of its modes", () => {
    const flagsOf = (mode: "private" | "bridge" | "vepa"): Uint8Array | undefined => {
      const made = open(encodeCreateLink({ kind: "ipvlan", name: "iv", parent: 3, mode }, 1));
      expect(made.attributes[c.IFLA_ADDRESS]).toBeUndefined();
      const data = nested(nested(made.attributes[c.IFLA_LINKINFO])[c.IFLA_INFO_DATA]);
      expect(data[c.IFLA_IPVLAN_MODE]).toEqual(Uint8Array.of(0, 0));
      return data[c.IFLA_IPVLAN_FLAGS];
    };
    const little = (value: number): Uint8Array => {
      const bytes = new Uint8Array(2);
      writeHost16(bytes, 0, value);
      return bytes;
    };
    expect(flagsOf("bridge")).toEqual(little(0));
    expect(flagsOf("private")).toEqual(little(1));
    expect(flagsOf("vepa")).toEqual(little(2));
  });

  it("switches on, sets settings by number, and removes", () => {
    const up = open(encodeChangeLink({ index: 4, up: true }, 1));
    expect([up.index, up.raised, up.attributes]).toEqual([4, [c.IFF_UP, c.IFF_UP], {}]);
    const set = open(
      encodeChangeLink({ index: 4, addressGeneration: 1, ipv4: { arp_ignore: 1, rp_filter: 0 } }, 1),
    );
    expect(set.raised).toEqual([0, 0]);
    const families = nested(set.attributes[c.IFLA_AF_SPEC]);
    const settings = nested(nested(families[c.AF_INET])[c.IFLA_INET_CONF]);
    expect(number(settings[c.IPV4_DEVCONF_ARP_IGNORE])).toBe(1);
    expect(number(settings[c.IPV4_DEVCONF_RP_FILTER])).toBe(0);
    expect(Object.keys(settings)).toHaveLength(2);
    expect(nested(families[c.AF_INET6])[c.IFLA_INET6_ADDR_GEN_MODE]?.[0]).toBe(1);
    expect(open(encodeRemoveLink(4, 1))).toMatchObject({ type: c.RTM_DELLINK, index: 4 });
  });
});

describe("an interface as the kernel tells it", () => {
  const decode = (fill: (builder: MessageBuilder) => void): ReturnType<typeof decodeLink> => {
    const fixed = new Uint8Array(16);
    writeHost32(fixed, 4, 7);
    const builder = new MessageBuilder(c.RTM_NEWLINK, 0, 0).fixed(fixed).text(c.IFLA_IFNAME, "a");
    fill(builder);
    const [message] = splitMessages(builder.finish());
    return message === undefined ? undefined : decodeLink(message);
  };

  it("has a mode where it is a macvlan, or an ipvlan of layer 2", () => {
    const macvlan = (mode: number) =>
      decode((builder) =>
        builder.nested(c.IFLA_LINKINFO, (info) =>
          info
            .text(c.IFLA_INFO_KIND, "macvlan")
            .nested(c.IFLA_INFO_DATA, (data) => data.uint32(c.IFLA_MACVLAN_MODE, mode)),
        ),
      );
    expect(macvlan(c.MACVLAN_MODE_PRIVATE)).toMatchObject({ linkInfoKind: "macvlan", mode: "private" });
    expect(macvlan(c.MACVLAN_MODE_BRIDGE)?.mode).toBe("bridge");
    expect(macvlan(16)?.mode).toBeUndefined();
    const ipvlan = (mode: number, flags: number) =>
      decode((builder) =>
        builder.nested(c.IFLA_LINKINFO, (info) =>
          info
            .text(c.IFLA_INFO_KIND, "ipvlan")
            .nested(c.IFLA_INFO_DATA, (data) =>
              data.uint16(c.IFLA_IPVLAN_MODE, mode).uint16(c.IFLA_IPVLAN_FLAGS, flags),
            ),
        ),
      );
    expect(ipvlan(0, c.IPVLAN_F_VEPA)?.mode).toBe("vepa");
    expect(ipvlan(1, 0)?.mode).toBeUndefined();
  });

  it("has its settings as the kernel has them", () => {
    const values = new Uint8Array(33 * 4);
    writeHost32(values, (c.IPV4_DEVCONF_ARP_IGNORE - 1) * 4, 2);
    writeHost32(values, (c.IPV4_DEVCONF_ACCEPT_LOCAL - 1) * 4, 1);
    const link = decode((builder) =>
      builder
        .uint32(c.IFLA_GROUP, 5)
        .nested(c.IFLA_AF_SPEC, (families) =>
          families
            .nested(c.AF_INET, (family) => family.attribute(c.IFLA_INET_CONF, values))
            .nested(c.AF_INET6, (family) => family.uint8(c.IFLA_INET6_ADDR_GEN_MODE, 1)),
        ),
    );
    const ipv4 = { rp_filter: 0, arp_filter: 0, arp_ignore: 2, promote_secondaries: 0, accept_local: 1 };
    expect(link).toMatchObject({ group: 5, addressGeneration: 1, ipv4 });
    expect(decode(() => undefined)?.ipv4).toBeUndefined();
  });
});
