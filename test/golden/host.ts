/** A made-up host: golden files must not depend on the machine that runs them. */
import type { HostFacts, KeyFileFact, RoutingNames, ScriptFact, UserFact } from "../../src/model/model.ts";
import type { WantedFacts } from "../../src/model/wanted.ts";

const USERS: readonly UserFact[] = [
  { name: "root", uid: 0, gid: 0, groups: [0] },
  { name: "nobody", uid: 65534, gid: 65534, groups: [65534] },
  { name: "www-data", uid: 33, gid: 33, groups: [33, 4] },
];

const GROUPS: ReadonlyMap<string, number> = new Map([
  ["root", 0],
  ["adm", 4],
  ["www-data", 33],
  ["nogroup", 65534],
]);

const ROUTING_NAMES: RoutingNames = {
  tables: new Map([["uplink", 200]]),
  protocols: new Map([["bird", 12]]),
  scopes: new Map(),
  realms: new Map([["office", 7]]),
  dsfields: new Map([["EF", 0xb8]]),
  groups: new Map([["servers", 5]]),
};

const GOOD: ScriptFact = {
  resolved: "",
  regular: true,
  executable: true,
  hasInterpreter: true,
  insecure: undefined,
};

/** Files by path; names without a slash are found in /usr/bin. */
const FILES: ReadonlyMap<string, Partial<ScriptFact>> = new Map<string, Partial<ScriptFact>>([
  ["/bin/sh", {}],
  ["/bin/bash", {}],
  ["/bin/true", {}],
  ["/usr/bin/true", {}],
  ["/usr/bin/false", {}],
  ["/usr/bin/killall", {}],
  ["/usr/bin/pidof", {}],
  ["/usr/bin/[", {}],
  ["/etc/keepalived", { regular: false }],
  ["/etc/keepalived/notify.sh", {}],
  ["/etc/keepalived/check-maintenance.sh", {}],
  ["/etc/keepalived/readme.txt", { executable: false }],
  ["/etc/keepalived/no-shebang.sh", { hasInterpreter: false }],
  ["/srv/shared/check.sh", { insecure: { element: "/srv/shared", reason: "is writable by everybody" } }],
  [
    "/home/joe/notify.sh",
    { insecure: { element: "/home/joe", reason: "is owned by uid 1000, not by root" } },
  ],
]);

const KEY_FILES: ReadonlyMap<string, KeyFileFact> = new Map([
  ["/etc/keepalived/vrrp.key", { hex: "ab".repeat(32), exposed: false }],
  ["/etc/keepalived/exposed.key", { hex: "cd".repeat(32), exposed: true }],
]);
const NO_KEY_FILE: KeyFileFact = { hex: undefined, error: "ENOENT", exposed: false };

/** Facts of the made-up host, with more files where a test needs them. */
export function goldenFacts(
  wanted: WantedFacts,
  more: ReadonlyMap<string, Partial<ScriptFact>> = new Map(),
): HostFacts {
  const files = new Map([...FILES, ...more]);
  return {
    hostName: "director1.example.com",
    interfaces: ["lo", "eth0", "eth1"].map((name, index) => ({
      name,
      index: index + 1,
      mac: undefined,
      mtu: name === "lo" ? 65536 : 1500,
      up: true,
      running: true,
    })),
    users: new Map(USERS.filter((user) => wanted.users.has(user.name)).map((user) => [user.name, user])),
    groups: new Map([...GROUPS].filter(([name]) => wanted.groups.has(name))),
    self: { name: "root", uid: 0, gid: 0, groups: [0] },
    scripts: new Map([...wanted.scripts].map((name) => [name, find(files, name)])),
    routingNames: wanted.routing === undefined ? undefined : ROUTING_NAMES,
    unreadable: new Map(
      [...wanted.tlsFiles].filter((path) => /missing/.test(path)).map((path) => [path, "ENOENT"]),
    ),
    keyFiles: new Map([...wanted.keyFiles].map((path) => [path, KEY_FILES.get(path) ?? NO_KEY_FILE])),
  };
}

function find(files: ReadonlyMap<string, Partial<ScriptFact>>, name: string): ScriptFact {
  const path = name.includes("/") || files.has(name) ? name : `/usr/bin/${name}`;
  const file = files.get(path);
  if (file === undefined) return { ...GOOD, resolved: undefined, regular: false, executable: false };
  return { ...GOOD, resolved: path, ...file };
}
