/** How keepalived's dumps write addresses, commands, moments and the like. */
import type { Instant } from "../../base/time.ts";
import { MICROS_PER_SECOND } from "../../base/time.ts";
import type { CommandModel } from "../../model/command-model.ts";
import type { VirtualAddressModel } from "../../model/model.ts";

const SCOPES: Readonly<Record<number, string>> = {
  0: "global",
  200: "site",
  253: "link",
  254: "host",
  255: "nowhere",
};

/** One virtual address as iproute2 would; `set` where it is in the kernel. */
export function addressText(address: VirtualAddressModel, isSet: boolean): string {
  const { prefixLength, family, broadcast, label, preferredLifetime } = address;
  const whole = family === "ipv4" ? 32 : 128;
  const parts = [prefixLength === whole ? address.address : `${address.address}/${prefixLength}`];
  if (broadcast !== undefined) parts.push(`brd ${broadcast}`);
  parts.push(`dev ${address.interface}`, `scope ${SCOPES[address.scope] ?? address.scope}`);
  if (label !== undefined) parts.push(`label ${label}`);
  if (preferredLifetime === 0) parts.push("deprecated");
  else if (preferredLifetime !== undefined) parts.push(`preferred_lft ${preferredLifetime}`);
  else if (family === "ipv6") parts.push("preferred_lft forever");
  if (isSet) parts.push("set");
  return parts.join(" ");
}

/** A command with each word in quotes. */
export function commandText({ argv }: CommandModel): string {
  return argv.map((word) => `'${word}'`).join(" ");
}

/** Tells the wall clock in microseconds for an instant; undefined stays. */
export type WallClock = (at: Instant) => number;

/** Seconds since 1970 with six decimals; 0 where there is no such moment. */
export function epochText(at: Instant | undefined, wallClock: WallClock): string {
  const micros = at === undefined ? 0 : Math.round(wallClock(at));
  const whole = Math.floor(micros / MICROS_PER_SECOND);
  return `${whole}.${String(micros - whole * MICROS_PER_SECOND).padStart(6, "0")}`;
}

/** Microseconds as seconds, without decimals that are zero. */
export function secondsOf(micros: number): number {
  return micros / MICROS_PER_SECOND;
}

export function yesNo(on: boolean): "Yes" | "No" {
  return on ? "Yes" : "No";
}

export function onOff(on: boolean): "ON" | "OFF" {
  return on ? "ON" : "OFF";
}

export function enabled(on: boolean): "enabled" | "disabled" {
  return on ? "enabled" : "disabled";
}

export function bit(on: boolean): 0 | 1 {
  return on ? 1 : 0;
}

/** Microseconds as seconds with all six decimals. */
export function secondsText(micros: number): string {
  return secondsOf(micros).toFixed(6);
}
