/**
 * Attributes of a netlink message (struct rtattr): length, type, value, padded to four bytes. The reader remembers its
 * first error and then yields nothing more, so that a caller checks once, at the end. Any bytes may be given to it.
 */
import { readHost16, readHost32, readHost64 } from "./host-order.ts";

/** Bytes of an attribute's header. */
export const ATTRIBUTE_HEADER = 4;
/** The two upper bits of a type are flags: nested, and network byte order. */
const TYPE_MASK = 0x3fff;

/** Rounded up to four bytes, as netlink pads. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

export type AttributeError = "attribute-length" | "value-length";

export class AttributeReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #next: number;
  #value = 0;
  #length = 0;
  #type = 0;
  #error: AttributeError | undefined;

  /** Reads the attributes in `bytes` from `offset` up to `end`. */
  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#next = offset;
    this.#end = Math.min(end, bytes.length);
  }

  /** Type of the attribute at hand, without flag bits. */
  get type(): number {
    return this.#type;
  }

  /** The first thing that was wrong, or undefined. */
  get error(): AttributeError | undefined {
    return this.#error;
  }

  /** Goes to the next attribute; false at the end and after an error. */
  next(): boolean {
    if (this.#error !== undefined || this.#next + ATTRIBUTE_HEADER > this.#end) return false;
    const length = readHost16(this.#bytes, this.#next);
    if (length < ATTRIBUTE_HEADER || this.#next + length > this.#end) {
      this.#error = "attribute-length";
      return false;
    }
    this.#type = readHost16(this.#bytes, this.#next + 2) & TYPE_MASK;
    this.#value = this.#next + ATTRIBUTE_HEADER;
    this.#length = length - ATTRIBUTE_HEADER;
    this.#next += align(length);
    return true;
  }

  uint8(): number {
    return this.#has(1) ? (this.#bytes[this.#value] ?? 0) : 0;
  }

  uint16(): number {
    return this.#has(2) ? readHost16(this.#bytes, this.#value) : 0;
  }

  uint32(): number {
    return this.#has(4) ? readHost32(this.#bytes, this.#value) : 0;
  }

  /** Exact up to 2^53. */
  uint64(): number {
    return this.#has(8) ? readHost64(this.#bytes, this.#value) : 0;
  }

  /** The value's bytes, not copied. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(this.#value, this.#value + this.#length);
  }

  /** Text up to the first NUL, one character a byte. */
  text(): string {
    let text = "";
    for (const byte of this.bytes()) {
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A reader of the attributes inside this one. */
  nested(): AttributeReader {
    return new AttributeReader(this.#bytes, this.#value, this.#value + this.#length);
  }

  #has(length: number): boolean {
    if (this.#length >= length) return true;
    this.#error ??= "value-length";
    return false;
  }
}
