/** Messages of grpc.health.v1: a request with a service's name, an answer with one number, each in gRPC's five-byte frame. */

const FRAME = 5;
const FIELD_1_STRING = 0x0a;
const FIELD_1_NUMBER = 0x08;

export type Health = "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";
const HEALTH: readonly Health[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** `service` is up to 127 bytes; empty asks about the whole server. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service).subarray(0, 127);
  const length = name.length === 0 ? 0 : 2 + name.length;
  const frame = new Uint8Array(FRAME + length);
  frame[4] = length;
  if (length === 0) return frame;
  frame[FRAME] = FIELD_1_STRING;
  frame[FRAME + 1] = name.length;
  frame.set(name, FRAME + 2);
  return frame;
}

/** Undefined if it is no such message. An absent field is 0, as everywhere in protobuf. */
export function readHealthResponse(bytes: Uint8Array): Health | undefined {
  if (bytes.length < FRAME || bytes[0] !== 0) return undefined;
  const message = bytes.subarray(FRAME);
  if (message.length !== (bytes[4] ?? 0)) return undefined;
  if (message.length === 0) return "UNKNOWN";
  if (message[0] !== FIELD_1_NUMBER || message.length < 2) return undefined;
  return HEALTH[message[1] ?? 0];
}
