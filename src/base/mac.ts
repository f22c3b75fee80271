/** An Ethernet address as lower-case text, `00:00:5e:00:01:33`. */
export type MacAddress = string;

export const BROADCAST_MAC: MacAddress = "ff:ff:ff:ff:ff:ff";

/** Canonical text, or undefined if the text is not six octets of hex separated by colons. */
export function parseMac(text: string): MacAddress | undefined {
  return /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text) ? text.toLowerCase() : undefined;
}

/** Six bytes of a canonical MAC address. */
export function macToBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(":"), (octet) => Number.parseInt(octet, 16));
}

/** Text of the six bytes at `offset`. */
export function bytesToMac(bytes: Uint8Array, offset = 0): MacAddress {
  return Array.from(bytes.subarray(offset, offset + 6), (octet) => octet.toString(16).padStart(2, "0")).join(":");
}
