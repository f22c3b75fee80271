/**
 * Texts of addresses that come again and again: a receiver that sees the same few senders for months makes each text
 * once. Bounded: when it is full, it starts anew.
 */
import { readUint32 } from "../base/bytes.ts";
import type { IpAddress } from "../base/ip.ts";
import { bytesToIp, ipToBytes } from "../base/ip.ts";

const LIMIT = 1024;

export class AddressCache {
  readonly #ipv4 = new Map<number, IpAddress>();
  /** IPv6 by its last four bytes, which differ among neighbours; a few may share them. */
  readonly #ipv6 = new Map<number, { readonly bytes: Uint8Array; readonly text: IpAddress }[]>();
  readonly #bytes = new Map<IpAddress, Uint8Array>();

  /** Canonical text of the 4 or 16 bytes at `offset`. */
  text(bytes: Uint8Array, offset: number, length: 4 | 16): IpAddress {
    return length === 4 ? this.#text4(bytes, offset) : this.#text6(bytes, offset);
  }

  /** Bytes of a canonical address, or undefined if the text is none. Not to be written to. */
  bytes(address: IpAddress): Uint8Array | undefined {
    const known = this.#bytes.get(address);
    if (known !== undefined) return known;
    const bytes = ipToBytes(address);
    if (this.#bytes.size >= LIMIT) this.#bytes.clear();
    if (bytes !== undefined) this.#bytes.set(address, bytes);
    return bytes;
  }

  #text4(bytes: Uint8Array, offset: number): IpAddress {
    const key = readUint32(bytes, offset);
    const known = this.#ipv4.get(key);
    if (known !== undefined) return known;
    if (this.#ipv4.size >= LIMIT) this.#ipv4.clear();
    const text = bytesToIp(bytes.subarray(offset, offset + 4));
    this.#ipv4.set(key, text);
    return text;
  }

  #text6(bytes: Uint8Array, offset: number): IpAddress {
    const key = readUint32(bytes, offset + 12);
    let bucket = this.#ipv6.get(key);
    if (bucket !== undefined) {
      for (const entry of bucket) {
        if (sameBytes(entry.bytes, bytes, offset)) return entry.text;
      }
    }
    if (this.#ipv6.size >= LIMIT) this.#ipv6.clear();
    if (bucket === undefined || bucket.length >= 16) {
      bucket = [];
      this.#ipv6.set(key, bucket);
    }
    const copy = bytes.slice(offset, offset + 16);
    const text = bytesToIp(copy);
    bucket.push({ bytes: copy, text });
    return text;
  }
}

function sameBytes(known: Uint8Array, bytes: Uint8Array, offset: number): boolean {
  for (let index = 0; index < known.length; index++) {
    if (known[index] !== bytes[offset + index]) return false;
  }
  return true;
}
