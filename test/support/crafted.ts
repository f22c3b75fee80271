/**
 * Packets made by hand: built here without buoy's codecs and put on the wire by a packet socket of python3, so that each
 * field, checksum and length can be wrong in its own way.
 */
import { createHmac } from "node:crypto";
import type { Host } from "./lan.ts";

export interface Crafted {
  readonly source?: string;
  readonly destination?: string;
  readonly ttl?: number;
  readonly protocol?: number;
  readonly version?: number;
  readonly type?: number;
  readonly vrid?: number;
  readonly priority?: number;
  readonly addresses?: readonly string[];
  /** Address count as written; default: how many there are. */
  readonly count?: number;
  readonly authType?: number;
  /** 8 bytes in hex. */
  readonly authData?: string;
  /** Seconds for version 2, centiseconds for version 3. */
  readonly interval?: number;
  /** Added to the right sum. */
  readonly checksumError?: number;
  /** Bytes cut off the end, before the IP header is made. */
  readonly cut?: number;
  /** Bytes behind the message. */
  readonly trailer?: Buffer;
  /** Password of an Authentication Header, and its number. */
  readonly ah?: { readonly password: string; readonly sequence: number; readonly nextHeader?: number };
}

export function addressBytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

/** The Internet checksum. */
export function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The VRRP message, its trailer not counted. */
export function message(crafted: Crafted): Buffer {
  const {
    version = 2,
    addresses = ["10.9.0.100"],
    source = "10.9.0.2",
    destination = "224.0.0.18",
  } = crafted;
  const interval = crafted.interval ?? (version === 3 ? 100 : 1);
  const head = Buffer.from([
    version * 16 + (crafted.type ?? 1),
    crafted.vrid ?? 51,
    crafted.priority ?? 50,
    crafted.count ?? addresses.length,
    ...(version === 3 ? [interval >> 8, interval & 0xff] : [crafted.authType ?? 0, interval]),
    0,
    0,
  ]);
  const password = version === 3 ? "" : (crafted.authData ?? "00".repeat(8));
  const whole = Buffer.concat([head, ...addresses.map(addressBytes), Buffer.from(password, "hex")]);
  const pseudo = Buffer.concat([
    addressBytes(source),
    addressBytes(destination),
    Buffer.from([0, 112, whole.length >> 8, whole.length & 0xff]),
  ]);
  const sum = sumOf(version === 3 ? Buffer.concat([pseudo, whole]) : whole);
  whole.writeUInt16BE((sum + (crafted.checksumError ?? 0)) & 0xffff, 6);
  return whole;
}

/** A whole IPv4 packet. */
export function packet(crafted: Crafted): Buffer {
  const { source = "10.9.0.2", destination = "224.0.0.18", ttl = 255, ah } = crafted;
  const whole = message(crafted);
  const payload = Buffer.concat([
    whole.subarray(0, whole.length - (crafted.cut ?? 0)),
    crafted.trailer ?? Buffer.alloc(0),
  ]);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(0x45c0, 0);
  header.writeUInt16BE(20 + payload.length + (ah === undefined ? 0 : 24), 2);
  header.writeUInt16BE(7, 4);
  header[8] = ttl;
  header[9] = ah === undefined ? (crafted.protocol ?? 112) : 51;
  addressBytes(source).copy(header, 12);
  addressBytes(destination).copy(header, 16);
  const body = ah === undefined ? payload : withAh(header, payload, ah);
  header.writeUInt16BE(sumOf(header), 10);
  return Buffer.concat([header, body]);
}

function withAh(header: Buffer, payload: Buffer, ah: NonNullable<Crafted["ah"]>): Buffer {
  const extension = Buffer.alloc(24);
  extension[0] = ah.nextHeader ?? 112;
  extension[1] = 4;
  header.copy(extension, 4, 12, 16);
  extension.writeUInt32BE(ah.sequence, 8);
  const signed = Buffer.from(header);
  signed[1] = 0;
  const key = Buffer.alloc(8);
  key.write(ah.password);
  const value = createHmac("md5", key)
    .update(Buffer.concat([signed, extension, payload]))
    .digest();
  value.copy(extension, 12, 0, 12);
  return Buffer.concat([extension, payload]);
}

/** The 28 bytes of `auth_hmac` behind a message. */
export function trailer(
  crafted: Crafted,
  options: {
    readonly key: Buffer;
    readonly keyId?: number;
    readonly seconds: number;
    readonly fine?: number;
  },
): Buffer {
  const { version = 2, vrid = 51, source = "10.9.0.2" } = crafted;
  const fields = Buffer.alloc(12);
  fields[0] = 1;
  fields[1] = options.keyId ?? 1;
  fields.writeUInt32BE(options.seconds, 4);
  fields.writeUInt32BE(options.fine ?? 0, 8);
  const pseudo = Buffer.alloc(20);
  pseudo.set([4, version, vrid]);
  addressBytes(source).copy(pseudo, 4);
  const unsummed = message(crafted);
  unsummed.writeUInt16BE(0, 6);
  const input = Buffer.concat([pseudo, unsummed, fields, Buffer.alloc(16)]);
  const value = createHmac("sha256", options.key).update(input).digest().subarray(0, 16);
  return Buffer.concat([fields, value]);
}

const SENDER = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0x800))
for line in sys.argv[1:]:
    s.send(bytes.fromhex(line))
`;

/** Sends packets in order, as frames to a station, or to the group's. */
export function sendPackets(from: Host, to: string, packets: readonly Buffer[]): void {
  const sourceMac = from.mac().replaceAll(":", "");
  const frames = packets.map((one) => {
    const isGroup = (one[16] ?? 0) >= 224;
    const station = isGroup ? "01005e000012" : to.replaceAll(":", "");
    return `${station}${sourceMac}0800${one.toString("hex")}`;
  });
  from.run("python3", "-c", SENDER, ...frames);
}
