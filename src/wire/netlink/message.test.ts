import { describe, expect, it } from "vitest";
import { concatBytes } from "../../base/bytes.ts";
import { AttributeReader } from "./attributes.ts";
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, NLMSGERR_ATTR_MSG } from "./constants.ts";
import { writeHost32 } from "./host-order.ts";
import { decodeAcknowledgement, encodeDump, MessageBuilder, splitMessages } from "./message.ts";

/** Error code and the header of the request it answers. */
function errorBody(errno: number, echoLength: number, sequence: number): Uint8Array {
  const body = new Uint8Array(20);
  writeHost32(body, 0, errno === 0 ? 0 : 0x1_0000_0000 - errno);
  writeHost32(body, 4, echoLength);
  writeHost32(body, 12, sequence);
  return body;
}

function only(bytes: Uint8Array): ReturnType<typeof splitMessages>[number] {
  const [message, ...others] = splitMessages(bytes);
  if (message === undefined || others.length > 0) throw new Error(`${others.length} messages too many`);
  return message;
}

describe("netlink messages", () => {
  it("splits a datagram at aligned lengths and leaves out what is cut off", () => {
    const odd = new MessageBuilder(7, 1, 42).text(3, "ab").finish();
    const whole = concatBytes(odd, encodeDump(18, 43));
    expect(splitMessages(whole).map(({ type, sequence }) => [type, sequence])).toEqual([
      [7, 42],
      [18, 43],
    ]);
    expect(splitMessages(whole.subarray(0, whole.length - 1))).toHaveLength(1);
  });

  it("grows beyond its first buffer", () => {
    const value = new Uint8Array(5000).fill(7);
    const message = only(new MessageBuilder(7, 0, 1).attribute(9, value).finish());
    const reader = new AttributeReader(message.bytes, message.body, message.end);
    expect(reader.next()).toBe(true);
    expect(reader.bytes()).toEqual(value);
  });

  it("nests attributes", () => {
    const bytes = new MessageBuilder(7, 0, 1).nested(18, (inner) => inner.text(1, "veth")).finish();
    const message = only(bytes);
    const reader = new AttributeReader(message.bytes, message.body, message.end);
    reader.next();
    const inner = reader.nested();
    expect([reader.type, inner.next(), inner.type, inner.text(), reader.next()]).toEqual([
      18,
      true,
      1,
      "veth",
      false,
    ]);
  });

  it("keeps the first error of an attribute list and yields nothing after it", () => {
    const message = only(new MessageBuilder(7, 0, 1).uint8(1, 5).uint32(2, 6).finish());
    const reader = new AttributeReader(message.bytes, message.body, message.end);
    reader.next();
    expect(reader.uint32()).toBe(0);
    expect(reader.error).toBe("value-length");
    expect(reader.next()).toBe(false);
  });
});

describe("acknowledgements", () => {
  it("tells success", () => {
    const bytes = new MessageBuilder(NLMSG_ERROR, NLM_F_CAPPED, 9).fixed(errorBody(0, 40, 9)).finish();
    expect(decodeAcknowledgement(only(bytes))).toEqual({ sequence: 9, errno: 0 });
  });

  it("tells errno and the kernel's words behind a capped echo", () => {
    const bytes = new MessageBuilder(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, 9)
      .fixed(errorBody(22, 40, 9))
      .uint32(2, 16)
      .text(NLMSGERR_ATTR_MSG, "Invalid prefix length")
      .finish();
    expect(decodeAcknowledgement(only(bytes))).toEqual({
      sequence: 9,
      errno: 22,
      text: "Invalid prefix length",
    });
  });

  it("finds the words behind an echo of the whole request", () => {
    const echo = concatBytes(errorBody(95, 24, 9), new Uint8Array(8));
    const bytes = new MessageBuilder(NLMSG_ERROR, NLM_F_ACK_TLVS, 9)
      .fixed(echo)
      .text(NLMSGERR_ATTR_MSG, "no")
      .finish();
    expect(decodeAcknowledgement(only(bytes))?.text).toBe("no");
  });
});
