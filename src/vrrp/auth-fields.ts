/** What version 2 writes of its authentication: a type, and 8 bytes. */
import type { AuthenticationModel } from "../model/advertising.ts";
import { VRRP_AUTH_AH, VRRP_AUTH_NONE, VRRP_AUTH_PASS } from "../wire/vrrp.ts";
import { passwordToAuthData } from "../wire/vrrp-auth.ts";

/** The 8 bytes of a password as version 2 carries it, or as the key of its Authentication Header. */
export function authenticationData(authentication: AuthenticationModel): Uint8Array {
  return passwordToAuthData(authentication.kind === "none" ? "" : authentication.password);
}

/** Number of the authentication type in a version 2 message. */
export function authenticationType(authentication: AuthenticationModel): number {
  if (authentication.kind === "ah") return VRRP_AUTH_AH;
  return authentication.kind === "pass" ? VRRP_AUTH_PASS : VRRP_AUTH_NONE;
}
