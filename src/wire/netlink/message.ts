/** Netlink messages: header (struct nlmsghdr), builder, and acknowledgements with their extended text. */
import { assert } from "../../base/assert.ts";
import type { IpFamily } from "../../base/ip.ts";
import { ATTRIBUTE_HEADER, AttributeReader, align } from "./attributes.ts";
import {
  AF_INET,
  AF_INET6,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  NLMSGERR_ATTR_MSG,
} from "./constants.ts";
import { readHost16, readHost32, writeHost16, writeHost32 } from "./host-order.ts";

/** Bytes of a message's header. */
export const MESSAGE_HEADER = 16;

/** One message inside a datagram; `bytes` is the datagram, `body` to `end` is what follows the header. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Port id of the requester; 0 for what the kernel says by itself. */
  readonly port: number;
  readonly bytes: Uint8Array;
  readonly body: number;
  readonly end: number;
}

/** Messages of one datagram, in order. What is cut off or malformed at its end is left out. */
export function splitMessages(datagram: Uint8Array): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset + MESSAGE_HEADER <= datagram.length; ) {
    const length = readHost32(datagram, offset);
    if (length < MESSAGE_HEADER || offset + length > datagram.length) break;
    messages.push({
      type: readHost16(datagram, offset + 4),
      flags: readHost16(datagram, offset + 6),
      sequence: readHost32(datagram, offset + 8),
      port: readHost32(datagram, offset + 12),
      bytes: datagram,
      body: offset + MESSAGE_HEADER,
      end: offset + length,
    });
    offset += align(length);
  }
  return messages;
}

/** Builds one message in a growing buffer. */
export class MessageBuilder {
  #bytes = new Uint8Array(256);
  #length = MESSAGE_HEADER;

  /** The port is filled in by the kernel. */
  constructor(type: number, flags: number, sequence: number) {
    writeHost16(this.#bytes, 4, type);
    writeHost16(this.#bytes, 6, flags);
    writeHost32(this.#bytes, 8, sequence);
  }

  /** A fixed part (struct ifaddrmsg and the like), padded. */
  fixed(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#reserve(align(bytes.length)));
    return this;
  }

  attribute(type: number, value: Uint8Array): this {
    const length = ATTRIBUTE_HEADER + value.length;
    const offset = this.#reserve(align(length));
    writeHost16(this.#bytes, offset, length);
    writeHost16(this.#bytes, offset + 2, type);
    this.#bytes.set(value, offset + ATTRIBUTE_HEADER);
    return this;
  }

  uint8(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  uint16(type: number, value: number): this {
    const bytes = new Uint8Array(2);
    writeHost16(bytes, 0, value);
    return this.attribute(type, bytes);
  }

  uint32(type: number, value: number): this {
    const bytes = new Uint8Array(4);
    writeHost32(bytes, 0, value);
    return this.attribute(type, bytes);
  }

  /** ASCII text with its NUL. */
  text(type: number, value: string): this {
    const bytes = new Uint8Array(value.length + 1);
    for (let index = 0; index < value.length; index++) bytes[index] = value.charCodeAt(index);
    return this.attribute(type, bytes);
  }

  /** Attributes inside an attribute. */
  nested(type: number, fill: (builder: this) => void): this {
    const offset = this.#reserve(ATTRIBUTE_HEADER);
    fill(this);
    writeHost16(this.#bytes, offset, this.#length - offset);
    writeHost16(this.#bytes, offset + 2, type);
    return this;
  }

  /** A structure that begins with its own length in 16 bits, attributes included (struct rtnexthop). */
  sized(bytes: Uint8Array, fill: (builder: this) => void): this {
    const offset = this.#reserve(align(bytes.length));
    this.#bytes.set(bytes, offset);
    fill(this);
    writeHost16(this.#bytes, offset, this.#length - offset);
    return this;
  }

  /** The message's bytes. */
  finish(): Uint8Array {
    writeHost32(this.#bytes, 0, this.#length);
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(length: number): number {
    const offset = this.#length;
    assert(length <= 0xffff, "a netlink attribute has at most 65535 bytes");
    if (offset + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, offset + length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#length += length;
    return offset;
  }
}

/** What an acknowledgement says. */
export interface Acknowledgement {
  readonly sequence: number;
  /** Positive errno, 0 for success. */
  readonly errno: number;
  /** The kernel's own words (NLMSGERR_ATTR_MSG), where it sent some. */
  readonly text?: string;
}

/** Meaning of an NLMSG_ERROR message, which acknowledges too; undefined for other types or if it is cut off. */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement | undefined {
  const { bytes, body, end } = message;
  const echo = body + 4;
  if (message.type !== NLMSG_ERROR || echo + MESSAGE_HEADER > end) return undefined;
  const code = readHost32(bytes, body);
  const errno = code === 0 ? 0 : 0x1_0000_0000 - code;
  const sequence = readHost32(bytes, echo + 8);
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return { sequence, errno };
  const capped = errno === 0 || (message.flags & NLM_F_CAPPED) !== 0;
  const reader = new AttributeReader(
    bytes,
    echo + (capped ? MESSAGE_HEADER : align(readHost32(bytes, echo))),
    end,
  );
  while (reader.next()) {
    if (reader.type === NLMSGERR_ATTR_MSG) return { sequence, errno, text: reader.text() };
  }
  return { sequence, errno };
}

/** A request for a dump of everything of one kind (`RTM_GETLINK`, `RTM_GETADDR`, ...). */
export function encodeDump(type: number, sequence: number): Uint8Array {
  return new MessageBuilder(type, NLM_F_REQUEST | NLM_F_DUMP, sequence).fixed(new Uint8Array(16)).finish();
}

/** A request for all routes or rules of a family (`RTM_GETROUTE`, `RTM_GETRULE`), where the kernel can, of one protocol. */
export function encodeRoutingDump(
  type: number,
  family: IpFamily,
  protocol: number,
  sequence: number,
): Uint8Array {
  const fixed = new Uint8Array(12);
  fixed[0] = family === "ipv4" ? AF_INET : AF_INET6;
  fixed[5] = protocol;
  return new MessageBuilder(type, NLM_F_REQUEST | NLM_F_DUMP, sequence).fixed(fixed).finish();
}
