/** Configurations of our own: each stresses one thing. */
import { type Configuration, configuration } from "./configuration.ts";

interface Instance {
  readonly name?: string;
  readonly id?: number;
  readonly interface?: string;
  readonly priority?: number;
  /** Version 2 advertises every second, version 3 five times. */
  readonly version?: 2 | 3;
  readonly addresses?: readonly string[];
  /** Further lines. */
  readonly more?: string;
}

function vrrp(options: Instance = {}): string {
  const { name = "VI_1", id = 51, priority = 100, version = 3, addresses = ["10.9.0.100/24"] } = options;
  return `vrrp_instance ${name} {
  interface ${options.interface ?? "eth0"}
  virtual_router_id ${id}
  priority ${priority}
  version ${version}
  advert_int ${version === 2 ? 1 : 0.2}
  notify "@RECORD@ any"
  virtual_ipaddress {
    ${addresses.join("\n    ")}
  }
  ${options.more ?? ""}
}
`;
}

const IPV6 = ["fe80::51/64", "2001:db8::100/64"];
const TEN = Array.from({ length: 10 }, (_, index) => `10.9.0.${100 + index}/24`);
const script = (more: string): string =>
  `vrrp_script health {\n  script "/bin/ls @HEALTH@"\n  interval 1\n  ${more}\n}\n`;
const block = (name: string, ...lines: string[]): string => `${name} {\n    ${lines.join("\n    ")}\n  }`;
const unicast = (...lines: string[]): string =>
  `unicast_src_ip ${lines[0]}\n  ${block("unicast_peer", ...lines.slice(1))}`;
const TWO = vrrp() + vrrp({ name: "VI_2", id: 52, interface: "eth1", addresses: ["192.168.201.100/24"] });
const EVERY_SCRIPT = ["master", "backup", "fault", "stop"]
  .map((state) => `notify_${state} "@RECORD@ ${state} 'two words'"`)
  .join("\n  ");

const TEXTS: Readonly<Record<string, string>> = {
  "version 3": vrrp(),
  "version 2": vrrp({ version: 2 }),
  "version 2, PASS": vrrp({
    version: 2,
    more: block("authentication", "auth_type PASS", "auth_pass secretly"),
  }),
  "version 2, AH": vrrp({ version: 2, more: block("authentication", "auth_type AH", "auth_pass secret") }),
  IPv6: vrrp({ addresses: IPV6 }),
  "IPv6 without a link-local address": vrrp({ addresses: ["2001:db8::100/64"] }),
  "state MASTER": vrrp({ more: "state MASTER" }),
  "state BACKUP": vrrp({ more: "state BACKUP" }),
  nopreempt: vrrp({ more: "state BACKUP\n  nopreempt" }),
  preempt_delay: vrrp({ more: "preempt_delay 1" }),
  "an owner": vrrp({ priority: 255, addresses: ["10.9.0.1/24"] }),
  "the highest priority below an owner": vrrp({ priority: 254 }),
  "priority 1": vrrp({ priority: 1 }),
  "ten addresses": vrrp({ addresses: TEN }),
  "addresses with options": vrrp({
    addresses: [
      "10.9.0.100/24 brd 10.9.0.255 label eth0:1",
      "10.9.0.101/32 scope link",
      "192.168.201.100/24 dev eth1",
      "10.9.0.102/25 brd +",
      "10.9.0.103",
    ],
  }),
  "excluded addresses": vrrp({
    more: block("virtual_ipaddress_excluded", "10.9.0.110/24", "2001:db8::110/64"),
  }),
  "announcements repeated": vrrp({
    more: "garp_master_repeat 3\n  garp_master_delay 1\n  garp_master_refresh 60\n  garp_master_refresh_repeat 2",
  }),
  "announcements only once": vrrp({ more: "garp_master_repeat 1\n  garp_master_delay 0" }),
  "announcements after a lesser master": vrrp({
    more: "garp_lower_prio_repeat 2\n  garp_lower_prio_delay 1",
  }),
  mcast_src_ip: vrrp({ more: "mcast_src_ip 192.168.200.1" }),
  "another group": `global_defs {\n  vrrp_mcast_group4 224.0.0.55\n}\n${vrrp()}`,
  "version by global_defs": `global_defs {\n  vrrp_version 3\n}\n${vrrp().replace("  version 3\n", "")}`,
  v3_checksum_as_v2: `global_defs {\n  v3_checksum_as_v2\n}\n${vrrp()}`,
  "two instances on one LAN": vrrp() + vrrp({ name: "VI_2", id: 52, addresses: ["10.9.0.120/24"] }),
  "two instances on two LANs": TWO,
  "both families": vrrp() + vrrp({ name: "VI_6", addresses: IPV6 }),
  "unicast, version 2": vrrp({ version: 2, more: unicast("10.9.0.1", "10.9.0.2") }),
  "unicast, version 3": vrrp({ more: unicast("10.9.0.1", "10.9.0.2") }),
  "unicast, IPv6": vrrp({ addresses: ["2001:db8::100/64"], more: unicast("2001:db8::1", "2001:db8::2") }),
  "unicast, two peers": vrrp({ more: unicast("10.9.0.1", "10.9.0.2", "10.9.0.3") }),
  "unicast, PASS": vrrp({
    version: 2,
    more: `${block("authentication", "auth_type PASS", "auth_pass secretly")}\n  ${unicast("10.9.0.1", "10.9.0.2")}`,
  }),
  "virtual MAC": vrrp({ more: "use_vmac" }),
  "virtual MAC, sent from below": vrrp({ more: "use_vmac\n  vmac_xmit_base" }),
  "virtual MAC with a name": vrrp({ more: "use_vmac vrrp51" }),
  "virtual MAC, IPv6": vrrp({ addresses: IPV6, more: "use_vmac" }),
  "sync group": `vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n  notify "@RECORD@ group"\n}\n${TWO}`,
  "sync group, a member in fault": `vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n  notify_fault "@RECORD@ group fault"\n}\n${TWO.replace("virtual_router_id 52", "virtual_router_id 52\n  track_interface {\n    eth2\n  }")}`,
  "sync group, a script for the group": `${script("")}vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n  track_script {\n    health\n  }\n}\n${TWO}`,
  track_interface: vrrp({ more: block("track_interface", "eth2") }),
  "track_interface with a weight": vrrp({ more: block("track_interface", "eth2 weight -50") }),
  "track_interface, reversed": vrrp({ more: block("track_interface", "eth2 weight 30 reverse") }),
  track_script: script("") + vrrp({ more: block("track_script", "health") }),
  "track_script with a weight": script("weight -60") + vrrp({ more: block("track_script", "health") }),
  "track_script with a weight of the instance":
    script("weight 10") + vrrp({ more: block("track_script", "health weight 90") }),
  "track_script, reversed": script("weight 60 reverse") + vrrp({ more: block("track_script", "health") }),
  "track_script, rise and fall":
    script("rise 1\n  fall 1\n  init_fail") + vrrp({ more: block("track_script", "health") }),
  track_file: `vrrp_track_file number {\n  file "@HEALTH@"\n  weight 1\n}\n${vrrp({ more: block("track_file", "number") })}`,
  dont_track_primary: vrrp({ more: "dont_track_primary" }),
  track_src_ip: vrrp({ more: "mcast_src_ip 10.9.0.1\n  track_src_ip" }),
  virtual_routes: vrrp({
    more: block(
      "virtual_routes",
      "10.20.0.0/16 via 10.9.0.2 dev eth0",
      "10.21.0.0/16 dev eth0 scope link",
      "10.22.0.0/16 via 10.9.0.2 dev eth0 src 10.9.0.100 metric 40",
      "blackhole 10.23.0.0/24",
      "default via 10.9.0.2 dev eth0 table 100",
    ),
  }),
  "virtual_routes over two ways": vrrp({
    more: block(
      "virtual_routes",
      "10.24.0.0/16 nexthop via 10.9.0.2 dev eth0 weight 2 nexthop via 10.9.0.3 dev eth0 weight 1",
    ),
  }),
  "virtual_routes, IPv6": vrrp({
    addresses: IPV6,
    more: block("virtual_routes", "2001:db8:1::/64 via 2001:db8::2 dev eth0", "unreachable 2001:db8:2::/64"),
  }),
  virtual_rules: vrrp({
    more: block(
      "virtual_rules",
      "from 10.9.0.100 lookup 100 priority 100",
      "to 10.20.0.0/16 table 100 priority 101",
      "fwmark 7 table 100 priority 102",
    ),
  }),
  "virtual_rules, IPv6": vrrp({
    addresses: IPV6,
    more: block("virtual_rules", "from 2001:db8::100/128 table 100 priority 110"),
  }),
  "static addresses, routes and rules": `static_ipaddress {\n  10.9.0.77/24 dev eth0\n  2001:db8::77/64 dev eth0\n}\nstatic_routes {\n  10.30.0.0/16 via 10.9.0.2 dev eth0\n}\nstatic_rules {\n  from 10.30.0.0/16 table 100 priority 120\n}\n${vrrp()}`,
  "no_accept, version 3": vrrp({ more: "no_accept" }),
  "accept, strict": `global_defs {\n  vrrp_strict\n}\n${vrrp({ more: "accept" })}`,
  vrrp_strict: `global_defs {\n  vrrp_strict\n}\n${vrrp()}`,
  "every notify script": vrrp({ more: EVERY_SCRIPT }),
  "notify scripts without quotes": vrrp({ more: "notify_master @RECORD@\n  notify_backup @RECORD@ root" }),
  lower_prio_no_advert: vrrp({ more: "lower_prio_no_advert" }),
  higher_prio_send_advert: vrrp({ more: "higher_prio_send_advert" }),
  skip_check_adv_addr: vrrp({ more: "skip_check_adv_addr all" }),
  down_timer_adverts: vrrp({ more: "down_timer_adverts 2" }),
  promote_secondaries: vrrp({ more: "promote_secondaries" }),
  vrrp_startup_delay: `global_defs {\n  vrrp_startup_delay 1\n}\n${vrrp()}`,
  notify_priority_changes:
    script("weight -10") +
    vrrp({ more: `notify_priority_changes true\n  ${block("track_script", "health")}` }),
  "an address of its own already": vrrp({ addresses: ["192.168.200.1/24", "10.9.0.100/24"] }),
};

export const OURS: readonly Configuration[] = Object.entries(TEXTS).map(([name, text]) =>
  configuration(name, text),
);
