import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chainMessage, connectionMessage, ruleMessage } from "../../../test/support/netlink-samples.ts";
import { bytesToIp } from "../../base/ip.ts";
import { decodeAddress, encodeAddAddress } from "./address.ts";
import { AttributeReader } from "./attributes.ts";
import { decodeConnection } from "./conntrack.ts";
import { IPCTNL_MSG_CT_NEW, NFNL_SUBSYS_CTNETLINK } from "./conntrack-constants.ts";
import {
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "./constants.ts";
import { decodeDefaultRoute } from "./default-route.ts";
import type { AddressRequest } from "./facts.ts";
import { decodeFamily } from "./generic.ts";
import { GENL_ID_CTRL } from "./generic-constants.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import { decodeDestination, decodeService } from "./ipvs.ts";
import { decodeDaemon, decodeInfo, decodeTimeouts } from "./ipvs-settings.ts";
import { decodeLink } from "./link.ts";
import type { NetlinkMessage } from "./message.ts";
import { decodeAcknowledgement, splitMessages } from "./message.ts";
import { decodeTable } from "./nftables.ts";
import {
  NFNL_SUBSYS_NFTABLES,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSETELEM,
  NFT_MSG_NEWTABLE,
} from "./nftables-constants.ts";
import { decodeElements, decodeNftRule } from "./nftables-dump.ts";
import { decodeBaseChain, decodeFilterRule } from "./nftables-filters.ts";
import { decodeRoute } from "./route.ts";
import { decodeRule } from "./rule.ts";

const NUM_RUNS = process.env.BUOY_LONG === undefined ? 300 : 100_000;

function ipOf(length: 4 | 16): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToIp);
}

function requestOf(length: 4 | 16): fc.Arbitrary<AddressRequest> {
  return fc.record(
    {
      index: fc.integer({ min: 1, max: 0x7fff_ffff }),
      address: ipOf(length),
      prefixLength: fc.integer({ min: 0, max: length * 8 }),
      scope: fc.constantFrom(0, 200, 253, 254),
      broadcast: ipOf(length),
      peer: ipOf(length),
      label: fc.stringMatching(/^[a-z0-9:]{1,15}$/),
      protocol: fc.integer({ min: 0, max: 255 }),
    },
    { requiredKeys: ["index", "address", "prefixLength"] },
  );
}

/** Everything in this folder that reads a message. */
const DECODERS: Readonly<Record<string, (message: NetlinkMessage) => unknown>> = {
  decodeLink,
  decodeAddress,
  decodeAcknowledgement,
  decodeRoute,
  decodeDefaultRoute,
  decodeRule,
  decodeTable,
  decodeElements,
  decodeNftRule,
  decodeConnection,
  decodeBaseChain,
  decodeFilterRule,
};

/** Of generic netlink, whose family number the kernel gives out. */
const FAMILY = 0x20;
const GENERIC_DECODERS: Readonly<Record<string, (message: NetlinkMessage) => unknown>> = {
  decodeFamily,
  decodeService: (message) => decodeService(message, FAMILY),
  decodeDestination: (message) => decodeDestination(message, FAMILY, "ipv4"),
  decodeInfo: (message) => decodeInfo(message, FAMILY),
  decodeTimeouts: (message) => decodeTimeouts(message, FAMILY),
  decodeDaemon: (message) => decodeDaemon(message, FAMILY),
};
/** Commands that one of them knows. */
const COMMANDS = [1, 5, 9, 12, 14];

const NFTABLES = [NFT_MSG_NEWTABLE, NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWSETELEM].map(
  (type) => (NFNL_SUBSYS_NFTABLES << 8) | type,
);
const TYPES = [
  ...[RTM_NEWADDR, RTM_DELADDR, RTM_NEWLINK, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE],
  ...NFTABLES,
  (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_NEW,
  2,
];

/** Attributes with true lengths, nested ones among them, and sometimes some bytes of anything. */
const attribute = fc
  .tuple(
    fc.oneof(fc.nat(10), fc.nat(30), fc.nat(0xffff)),
    fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ maxLength: 24 })),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([type, value, slip]) => {
    const bytes = new Uint8Array((4 + value.length + 3) & ~3);
    const length = 4 + value.length + (Math.abs(slip) === 3 ? slip : 0);
    writeHost16(bytes, 0, Math.max(0, length));
    writeHost16(bytes, 2, type);
    bytes.set(value, 4);
    return bytes;
  });
const believable = fc
  .tuple(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.constantFrom(2, 10),
    fc.constantFrom(3, 7, 11, 15),
    fc.array(fc.oneof(fc.constantFrom(0, 1, 254), fc.nat(255)), { minLength: 15, maxLength: 15 }),
    fc.oneof(
      fc.array(attribute, { maxLength: 8 }),
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 3 }),
    ),
  )
  .map(([header, family, length, fixed, attributes]) =>
    Uint8Array.from([...header, family, ...fixed.slice(0, length), ...attributes.flatMap((one) => [...one])]),
  );

/** Whole messages of which a few bytes have been changed. */
const damaged = fc
  .tuple(
    fc.constantFrom(
      connectionMessage(
        { address: "192.0.2.9", port: 40_000 },
        { address: "192.0.2.1", port: 80 },
        { address: "198.51.100.1", port: 8080 },
      ),
      ruleMessage("buoy", "input"),
      chainMessage("filter", "FORWARD"),
    ),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
  )
  .map(([message, changes]) => {
    const bytes = message.slice();
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });

function messagesOf(bytes: Uint8Array): readonly NetlinkMessage[] {
  return splitMessages(bytes);
}

describe("rtnetlink codecs", () => {
  it("give back the address that was encoded", () => {
    fc.assert(
      fc.property(fc.oneof(requestOf(4), requestOf(16)), fc.nat(), (request, sequence) => {
        const [message] = messagesOf(encodeAddAddress(request, sequence));
        expect(message?.sequence).toBe(sequence);
        const fact = message === undefined ? undefined : decodeAddress(message);
        expect(fact).toMatchObject({
          index: request.index,
          address: request.address,
          prefixLength: request.prefixLength,
          scope: request.scope ?? 0,
          protocol: request.protocol ?? 18,
        });
        expect(fact?.broadcast).toBe(request.broadcast);
        expect(fact?.label).toBe(request.label);
        expect(fact?.peer).toBe(request.peer === request.address ? undefined : request.peer);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("never throw, whatever the bytes", () => {
    const accepted = new Set<string>();
    const decodeAll = (bytes: Uint8Array): void => {
      for (const message of messagesOf(bytes)) {
        for (const [name, decode] of Object.entries(DECODERS)) {
          if (decode(message) !== undefined) accepted.add(name);
        }
      }
    };
    fc.assert(fc.property(damaged, decodeAll), { numRuns: NUM_RUNS });
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), believable, (type, bytes) => {
        // Half of the runs get a believable header, so that what follows is looked at.
        if (bytes.length >= 16) {
          writeHost32(bytes, 0, bytes.length);
          writeHost16(bytes, 4, type);
        }
        decodeAll(bytes);
      }),
      // Always the same bytes: whether each decoder met something that it takes must not be left to chance.
      { numRuns: 20 * NUM_RUNS, seed: 1 },
    );
    expect([...accepted].sort()).toEqual(Object.keys(DECODERS).sort());
  });

  it("of generic netlink never throw either", () => {
    const accepted = new Set<string>();
    const list = fc.oneof(
      fc.array(attribute, { maxLength: 8 }).map((all) => Uint8Array.from(all.flatMap((one) => [...one]))),
      fc.uint8Array({ maxLength: 90 }),
    );
    const nested = list.map((inner) => {
      const bytes = new Uint8Array(4 + inner.length);
      writeHost16(bytes, 0, bytes.length);
      writeHost16(bytes, 2, 1);
      bytes.set(inner, 4);
      return bytes;
    });
    const type = fc.constantFrom(FAMILY, GENL_ID_CTRL);
    fc.assert(
      fc.property(type, fc.constantFrom(...COMMANDS), fc.oneof(list, nested), (kind, command, body) => {
        const bytes = new Uint8Array(20 + body.length);
        writeHost32(bytes, 0, bytes.length);
        writeHost16(bytes, 4, kind);
        bytes[16] = command;
        bytes.set(body, 20);
        for (const message of messagesOf(bytes)) {
          for (const [name, decode] of Object.entries(GENERIC_DECODERS)) {
            if (decode(message) !== undefined) accepted.add(name);
          }
        }
      }),
      { numRuns: 20 * NUM_RUNS, seed: 1 },
    );
    // The rest needs addresses of the right length in the right places; their own tests hold what is valid.
    expect([...accepted]).toContain("decodeTimeouts");
  });

  it("are all in the table above", async () => {
    const readers: string[] = [];
    for (const file of readdirSync(new URL(".", import.meta.url))) {
      if (!/^[a-z0-9-]+\.ts$/.test(file)) continue;
      const path = new URL(file, import.meta.url).pathname;
      const module: Record<string, unknown> = await import(/* @vite-ignore */ path);
      readers.push(...Object.keys(module).filter((name) => name.startsWith("decode")));
    }
    expect(readers.sort()).toEqual(Object.keys({ ...DECODERS, ...GENERIC_DECODERS }).sort());
  });

  it("read at most the bytes they were given", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(80), fc.nat(80), (bytes, from, to) => {
        const reader = new AttributeReader(bytes, from, to);
        let taken = 0;
        while (reader.next()) taken += 4 + reader.bytes().length;
        expect(taken).toBeLessThanOrEqual(Math.max(0, Math.min(to, bytes.length) - from));
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
