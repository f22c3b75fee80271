/** Authentication of VRRP version 2: the simple text password (RFC 2338 section 5.3.6). */
import { VRRP_AUTH_DATA_LENGTH } from "./vrrp.ts";

/** The authentication field for a password: its UTF-8 bytes, at most 8, followed by zeros. */
export function passwordToAuthData(password: string): Uint8Array {
  const authData = new Uint8Array(VRRP_AUTH_DATA_LENGTH);
  authData.set(new TextEncoder().encode(password).subarray(0, VRRP_AUTH_DATA_LENGTH));
  return authData;
}

/** Whether two fields of 8 bytes are equal; the time taken does not tell where they differ. */
export function equalAuthData(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length ^ ((a.length ^ VRRP_AUTH_DATA_LENGTH) << 8);
  for (let index = 0; index < VRRP_AUTH_DATA_LENGTH; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
