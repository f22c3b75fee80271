import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToIp } from "../../base/ip.ts";
import { decodeAddress, encodeAddAddress } from "./address.ts";
import { AttributeReader } from "./attributes.ts";
import { RTM_DELADDR, RTM_NEWADDR, RTM_NEWLINK } from "./constants.ts";
import type { AddressRequest } from "./facts.ts";
import { writeHost16, writeHost32 } from "./host-order.ts";
import { decodeLink } from "./link.ts";
import type { NetlinkMessage } from "./message.ts";
import { decodeAcknowledgement, splitMessages } from "./message.ts";

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
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(RTM_NEWADDR, RTM_DELADDR, RTM_NEWLINK, 2),
        (bytes, type) => {
          // Half of the runs get a believable header, so that what follows is looked at.
          if (bytes.length >= 16) {
            writeHost32(bytes, 0, bytes.length);
            writeHost16(bytes, 4, type);
          }
          for (const message of messagesOf(bytes)) {
            decodeLink(message);
            decodeAddress(message);
            decodeAcknowledgement(message);
          }
        },
      ),
      { numRuns: NUM_RUNS },
    );
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
