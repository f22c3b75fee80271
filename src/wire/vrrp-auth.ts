/** Authentication of VRRP version 2: the simple text password (RFC 2338 section 5.3.6). */
import { VRRP_AUTH_DATA_LENGTH } from "./vrrp.ts";

/** The authentication field for a password: its UTF-8 bytes, at most 8, followed by zeros. */
export function passwordToAuthData(password: string): Uint8Array {
  const authData = new Uint8Array(VRRP_AUTH_DATA_LENGTH);
  authData.set(new TextEncoder().encode(password).subarray(0, VRRP_AUTH_DATA_LENGTH));
  return authData;
}
