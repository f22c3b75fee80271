import { describe, expect, it } from "vitest";
import { route, rule } from "../../../sim/routing.ts";
import { fromHex, toHex } from "../../base/bytes.ts";
import { NO_HOP } from "../../base/routing.ts";
import { AttributeReader } from "./attributes.ts";
import { MESSAGE_HEADER, splitMessages } from "./message.ts";
import { decodeRoute, encodeAddRoute, encodeRemoveRoute } from "./route.ts";
import { decodeRule, encodeAddRule } from "./rule.ts";

const indexOf = (): number => 3;

/** What `ip route` 6.1 sent to a kernel for these words, on an interface with index 3. */
const ROUTES = [
  {
    words: "prepend 10.1.0.0/16 via 10.9.0.2 dev d0 proto 18 scope global metric 7 src 10.9.0.1",
    sent: "44000000180005048e55076b0000000002100000fe12000100000000080001000a010000080005000a0900020800060007000000080007000a0900010800040003000000",
    route: route("10.1.0.0/16", {
      gateway: "10.9.0.2",
      interface: "d0",
      metric: 7,
      preferredSource: "10.9.0.1",
    }),
  },
  {
    words:
      "prepend 10.2.0.0/16 dev d0 proto 18 scope global table 1000 mtu lock 1400 rtt 300ms rto_min 5s congctl cubic",
    sent: "64000000180005048f55076b00000000021000000012000100000000080001000a02000008000f00e80300000800040003000000300008000800020078050000080004006009000008000d00881300000900100063756269630000000800010004200000",
    route: route("10.2.0.0/16", {
      interface: "d0",
      table: 1000,
      metrics: [
        { id: 2, value: 1400, locked: true },
        { id: 4, value: 2400, locked: false },
        // iproute2 locks a minimal retransmission time itself.
        { id: 13, value: 5000, locked: true },
        { id: 16, value: "cubic", locked: false },
      ],
    }),
  },
  {
    words:
      "prepend 10.3.0.0/16 proto 18 scope global nexthop via 10.9.0.2 dev d0 weight 3 nexthop via 10.9.0.3 dev d0 onlink",
    sent: "48000000180005048f55076b0000000002100000fe12000100000000080001000a030000240009001000000203000000080005000a0900021000040003000000080005000a090003",
    route: route("10.3.0.0/16", {
      hops: [
        { ...NO_HOP, gateway: "10.9.0.2", interface: "d0", weight: 3 },
        { ...NO_HOP, gateway: "10.9.0.3", interface: "d0", onlink: true, weight: 1 },
      ],
    }),
  },
  {
    words: "add blackhole 10.4.0.0/16 proto 18",
    sent: "24000000180005069055076b0000000002100000fe12000600000000080001000a040000",
    route: route("10.4.0.0/16", { type: 6, mode: "exclusive" }),
  },
  {
    words: "prepend 10.5.0.0/16 via inet6 fe80::1 dev d0 proto 18 scope global realms 3/4",
    sent: "4c000000180005049055076b0000000002100000fe12000100000000080001000a050000160012000a00fe800000000000000000000000000001000008000b00040003000800040003000000",
    route: route("10.5.0.0/16", { gateway: "fe80::1", interface: "d0", realms: 0x3_0004 }),
  },
  {
    words: "prepend 10.6.0.0/16 encap ip id 5 dst 192.0.2.1 ttl 9 tos 4 dev d0 proto 18 scope global",
    sent: "5c000000180005049055076b0000000002100000fe12000100000000080001000a060000280016800c000100000000000000000508000200c00002010500040009f001000500050004e1010006001500020001000800040003000000",
    route: route("10.6.0.0/16", {
      interface: "d0",
      encap: {
        kind: "ip",
        id: 5,
        source: undefined,
        destination: "192.0.2.1",
        hops: 9,
        tos: 4,
        flags: undefined,
      },
    }),
  },
  {
    words: "-6 append 2001:db8:2::/48 via fe80::2 dev d0 metric 99 pref high proto 18",
    sent: "5c0000001800050c9155076b000000000a300000fe120001000000001400010020010db800020000000000000000000014000500fe800000000000000000000000000002080006006300000005001400010000000800040003000000",
    route: route("2001:db8:2::/48", {
      gateway: "fe80::2",
      interface: "d0",
      metric: 99,
      preference: 1,
      mode: "append",
    }),
  },
] as const;

/** What `ip rule add` 6.1 sent. */
const RULES = [
  {
    words: "from 10.20.0.0/16 to 10.21.0.0/16 fwmark 24/12 iif d0 oif d0 table 1000 pref 39 protocol 18",
    sent: "64000000200005069155076b00000000021010000000000100000000080002000a140000080001000a15000008000a0018000000080010000c0000000700030064300000070011006430000008000f00e803000008000600270000000500150012000000",
    rule: rule(39, {
      source: { address: "10.20.0.0", length: 16 },
      destination: { address: "10.21.0.0", length: 16 },
      mark: 24,
      mask: 12,
      inputInterface: "d0",
      outputInterface: "d0",
      table: 1000,
    }),
  },
  {
    words:
      "not uidrange 1000-2000 ipproto tcp sport 10-20 dport 30 table 100 pref 40 protocol 18 suppress_prefixlength 8",
    sent: "58000000200005069255076b000000000200000064000001020000000c001400e8030000d00700000500160006000000080017000a001400080018001e001e000800060028000000050015001200000008000e0008000000",
    rule: rule(40, {
      inverted: true,
      users: { first: 1000, last: 2000 },
      ipProtocol: 6,
      sourcePorts: { first: 10, last: 20 },
      destinationPorts: { first: 30, last: 30 },
      suppressPrefixLength: 8,
    }),
  },
  {
    words: "-6 from 2001:db8::/32 prohibit pref 41 protocol 18",
    sent: "40000000200005069255076b000000000a00200000000008000000001400020020010db800000000000000000000000008000600290000000500150012000000",
    rule: rule(41, {
      family: "ipv6",
      source: { address: "2001:db8::", length: 32 },
      action: 8,
      table: 0,
    }),
  },
  {
    words: "goto 50 pref 42 protocol 18 tun_id 77",
    sent: "40000000200005069355076b000000000200000000000002000000000800040032000000080006002a00000005001500120000000c000c00000000000000004d",
    rule: rule(42, { action: 2, table: 0, goto: 50, tunnelId: "77" }),
  },
] as const;

/** Attributes that hold others, and where theirs begin. */
const NESTED: ReadonlySet<number> = new Set([8, 22]);
const MULTIPATH = 9;

/** A message whatever the order of its attributes, the bytes that pad them, its sequence number and its length. */
function essence(bytes: Uint8Array, isRoute: boolean): unknown {
  const fixed = MESSAGE_HEADER + 12;
  return {
    head: toHex(bytes.subarray(4, 8)),
    fixed: toHex(bytes.subarray(MESSAGE_HEADER, fixed)),
    attributes: attributesOf(new AttributeReader(bytes, fixed), isRoute),
  };
}

function attributesOf(reader: AttributeReader, isRoute: boolean): readonly string[] {
  const found: string[] = [];
  while (reader.next()) {
    const value = reader.bytes();
    if (isRoute && NESTED.has(reader.type)) {
      found.push(`${reader.type} { ${attributesOf(reader.nested(), false).join(" ")} }`);
    } else if (isRoute && reader.type === MULTIPATH) {
      found.push(`${reader.type} { ${toHex(value)} }`);
    } else found.push(`${reader.type}=${toHex(value)}`);
  }
  expect(reader.error).toBeUndefined();
  return found.sort();
}

describe("requests for routes", () => {
  it.each(ROUTES)("are iproute2's: $words", ({ sent, route: asked }) => {
    expect(essence(encodeAddRoute(asked, indexOf, 1), true)).toEqual(essence(fromHex(sent), true));
  });

  it.each(ROUTES)("are read again as what they were: $words", ({ route: asked }) => {
    for (const bytes of [encodeAddRoute(asked, indexOf, 1), encodeRemoveRoute(asked, indexOf, 2)]) {
      const [message] = splitMessages(bytes);
      const { family, destination, table, type, protocol, tos } = asked;
      expect(message && decodeRoute(message)).toMatchObject({
        ...{ family, destination, table, type, protocol, tos },
        metric: asked.metric ?? 0,
      });
    }
  });
});

describe("requests for rules", () => {
  it.each(RULES)("are iproute2's: $words", ({ sent, rule: asked }) => {
    expect(essence(encodeAddRule(asked, 1), false)).toEqual(essence(fromHex(sent), false));
  });

  it.each(RULES)("are read again as what they were: $words", ({ rule: asked }) => {
    const [message] = splitMessages(encodeAddRule(asked, 1));
    const { family, priority, table, action, source, destination, mark, inputInterface } = asked;
    const expected = { family, priority, table, action, source, destination, mark, inputInterface };
    expect(message && decodeRule(message)).toMatchObject(expected);
  });
});
