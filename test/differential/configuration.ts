/** A configuration that both programs get, and what is derived from it. */

export interface Configuration {
  readonly name: string;
  /** With `@RECORD@` for a script that records its arguments and `@HEALTH@` for a file that exists while all is well. */
  readonly text: string;
  /** The longest advertisement interval, in seconds. */
  readonly interval: number;
  /** Seconds after which everything that follows from a step has happened. */
  readonly settle: number;
}

/** Seconds beyond the protocol's own: for scripts, and for busy machines. */
const MARGIN = 1;

/** Adds what makes runs short and comparable, and works out how long the steps last. */
export function configuration(name: string, text: string): Configuration {
  // The second batch of announcements belongs to the step that it follows: at once, or within a second.
  const batchDelay = text.includes("garp_master_delay") ? 1 : 0;
  const quiet = [
    ...(batchDelay === 0 ? ["vrrp_garp_master_delay 0"] : []),
    // Whether a lesser master is heard before it gives in is luck.
    ...(text.includes("garp_lower_prio") ? [] : ["vrrp_garp_lower_prio_repeat 0"]),
  ];
  const head = ["router_id twin", ...quiet].map((line) => `  ${line}\n`).join("");
  const whole = /^global_defs\s*\{/m.test(text)
    ? text.replace(/^global_defs\s*\{\n/m, (line) => line + head)
    : `global_defs {\n${head}}\n${text}`;
  const intervals = [...text.matchAll(/^\s*advert_int ([\d.]+)/gm)].map((match) => Number(match[1]));
  // Without a word, an instance advertises every second.
  const count = [...text.matchAll(/^\s*vrrp_instance\b/gm)].length;
  const interval = Math.max(...intervals, ...(intervals.length < count ? [1] : []));
  const delays = [...text.matchAll(/^\s*(?:preempt_delay|vrrp_startup_delay) ([\d.]+)/gm)];
  const delay = Math.max(0, ...delays.map((match) => Number(match[1])));
  const script = text.includes("vrrp_script") ? 1 : 0;
  // A group waits for its last member.
  const group = text.includes("vrrp_sync_group") ? interval : 0;
  return {
    name,
    text: whole,
    interval,
    settle: 3.7 * interval + delay + script + group + batchDelay + MARGIN,
  };
}

/** The peer's file: the same routers with another priority and nothing of their own to react to. */
export function peerConfiguration(text: string, priority: "lower" | "higher"): string {
  const other = text
    .replace(/^\s*(?:notify\w*|smtp_alert\w*|nopreempt|preempt_delay|state|vrrp_startup_delay)\b.*$/gm, "")
    .replace(
      /^\s*(?:track_\w+|vrrp_script|vrrp_track_\w+|static_\w+|virtual_routes|virtual_rules)\b[^{}]*\{[^}]*\}/gm,
      "",
    )
    .replace(
      /\b(10\.9\.0\.|2001:db8::|192\.168\.200\.)([12])(?=\s|$)/gm,
      (_, net, host) => `${net}${host === "1" ? 2 : 1}`,
    );
  const value = priority === "higher" ? 254 : 20;
  return other
    .replace(/^\s*priority \d+/gm, "")
    .replace(/^(vrrp_instance .*\{)$/gm, `$1\n  priority ${value}`);
}

/** The first instance gets one more address. */
export function withAnotherAddress(text: string): string {
  const inside = /virtual_ipaddress\s*\{\n\s*(\S+)/.exec(text)?.[1] ?? "";
  const address = inside.includes(":") ? "2001:db8::199/64" : "10.9.0.199/24";
  // IPv6 wants its link-local address first, so the new one goes to the end.
  return text.replace(/(virtual_ipaddress\s*\{[^}]*)\}/, `$1  ${address}\n  }`);
}
