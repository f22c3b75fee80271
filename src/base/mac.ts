/** An Ethernet address as lower-case text, `00:00:5e:00:01:33`. */
export type MacAddress = string;

/** Every octet as two digits: text of a MAC is made once a frame. */
const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  octet.toString(16).padStart(2, "0"),
);

export const BROADCAST_MAC: MacAddress = "ff:ff:ff:ff:ff:ff";

/** Canonical text, or undefined if the text is not six octets of hex separated by colons. */
export function parseMac(text: string): MacAddress | undefined {
  return /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/.test(text) ? text.toLowerCase() : undefined;
}

/** Six bytes of a canonical MAC address. */
export function macToBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(":"), (octet) => Number.parseInt(octet, 16));
}

/** Text of the six bytes at `offset`; bytes beyond the end count as zero. */
export function bytesToMac(bytes: Uint8Array, offset = 0): MacAddress {
  let text = OCTETS[bytes[offset] ?? 0] ?? "";
  for (let index = 1; index < 6; index++) text += `:${OCTETS[bytes[offset + index] ?? 0]}`;
  return text;
}
