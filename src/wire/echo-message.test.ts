import { expect, test } from "vitest";
import { encodeEchoMessage, isEchoReply } from "./echo-message.ts";

const token = Uint8Array.of(1, 2, 3, 4);

test("a request is as RFC 792 has it", () => {
  expect([...encodeEchoMessage("ipv4", 0x1234, token)]).toEqual([
    8, 0, 0xe1, 0xc4, 0x12, 0x34, 0, 1, 1, 2, 3, 4,
  ]);
  expect([...encodeEchoMessage("ipv6", 0, token)]).toEqual([128, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4]);
});

test("a reply is recognised by its token, with the header of a raw socket or without", () => {
  const reply = encodeEchoMessage("ipv4", 7, token);
  expect(isEchoReply("ipv4", reply, token)).toBe(false);
  reply[0] = 0;
  expect(isEchoReply("ipv4", reply, token)).toBe(true);
  expect(isEchoReply("ipv4", Uint8Array.of(0x45, ...new Uint8Array(19), ...reply), token)).toBe(true);
  expect(isEchoReply("ipv4", reply, Uint8Array.of(1, 2, 3, 5))).toBe(false);
  expect(isEchoReply("ipv4", reply.subarray(0, 11), token)).toBe(false);
  expect(isEchoReply("ipv6", Uint8Array.of(129, 0, 0, 0, 0, 9, 0, 1, 1, 2, 3, 4), token)).toBe(true);
});
