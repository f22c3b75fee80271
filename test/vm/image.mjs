/**
 * Debian's kernel and an initial RAM disk for it, made once per kernel version and kept under build/vm. The package is
 * downloaded and unpacked, not installed. Plain JavaScript: scripts/test.mjs asks here too.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILD = fileURLToPath(new URL("../../build/vm", import.meta.url));
const INIT = new URL("init.sh", import.meta.url);
const BUSYBOX = "/usr/bin/busybox";

/** Programs that the machine needs, and the Debian package of each. */
export const PROGRAMS = {
  "qemu-system-x86_64": "qemu-system-x86",
  busybox: "busybox-static",
  setpriv: "util-linux",
};

/** Modules to load, in this order; what they depend on comes before them by itself. */
const MODULES = [
  "crc32c_generic",
  "virtio_pci",
  "virtio_console",
  "9pnet_virtio",
  "9p",
  "overlay",
  "veth",
  "bridge",
  "dummy",
  "macvlan",
  "ipvlan",
  "vrf",
  "bonding",
  "8021q",
  "nf_tables",
  "ip_vs",
  "ip_vs_rr",
  "ip_vs_wrr",
  "ip_vs_lc",
  "ip_vs_wlc",
  "ip_vs_sh",
  "ip_vs_mh",
  "ip_vs_lblc",
  "ip_vs_lblcr",
  "ip_vs_dh",
  "ip_vs_fo",
  "ip_vs_ovf",
  "ip_vs_sed",
  "ip_vs_nq",
  "ip_vs_pe_sip",
  "ipip",
  "ip_gre",
  "fou",
];

/** Undefined where the machine can be had; else why not. */
export function noMachine() {
  if (process.getuid() !== 0) return "the machine reads the host's files as root";
  if (process.arch !== "x64") return `Debian's kernel is taken for x86-64, and this is ${process.arch}`;
  const missing = Object.keys(PROGRAMS).filter((program) => output("which", program) === undefined);
  if (missing.length > 0)
    return `${missing.join(", ")} missing (Debian: ${missing.map((name) => PROGRAMS[name]).join(" ")})`;
  if (output("apt-get", "--version") === undefined) return "there is no apt-get to bring Debian's kernel";
  return undefined;
}

/** Brings the kernel and its RAM disk, or says in `error` why that cannot be. */
export function prepareImage() {
  const name = kernelPackage();
  if (name === undefined) return cached() ?? { error: "apt knows no package linux-image-amd64" };
  const folder = join(BUILD, `${name}-${recipe()}`);
  if (!existsSync(folder)) {
    const error = make(name, folder);
    if (error !== undefined) return cached() ?? { error };
  }
  return imageIn(folder);
}

function imageIn(folder) {
  return { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd") };
}

/** What an earlier run made serves where there is no package any more. */
function cached() {
  const made = existsSync(BUILD) ? readdirSync(BUILD).filter((name) => name.endsWith(`-${recipe()}`)) : [];
  const last = made.sort().at(-1);
  return last === undefined ? undefined : imageIn(join(BUILD, last));
}

/** Changes with everything but the kernel that the RAM disk is made of. */
function recipe() {
  return createHash("sha256").update(readFileSync(INIT)).update(MODULES.join()).digest("hex").slice(0, 8);
}

function kernelPackage() {
  const find = () =>
    /^\s*Depends: (linux-image-\S+)/m.exec(output("apt-cache", "depends", "linux-image-amd64") ?? "")?.[1];
  const found = find();
  if (found !== undefined) return found;
  output("apt-get", "update", "-qq");
  return find();
}

/** The folder appears when it is complete. Returns what went wrong. */
function make(name, folder) {
  mkdirSync(BUILD, { recursive: true });
  const work = mkdtempSync(join(BUILD, "making-"));
  try {
    // Its sandbox user may not write here; root downloads instead.
    const download = ["-qq", "-o", "APT::Sandbox::User=root", "download", name];
    if (!succeeds("apt-get", download, work)) {
      output("apt-get", "update", "-qq");
      if (!succeeds("apt-get", download, work)) return `apt-get could not download ${name}`;
    }
    const file = readdirSync(work).find((entry) => entry.endsWith(".deb"));
    if (file === undefined || !succeeds("dpkg", ["-x", file, "unpacked"], work))
      return `${name} could not be unpacked`;
    const result = join(work, "result");
    mkdirSync(result);
    const boot = join(work, "unpacked", "boot");
    const kernel = readdirSync(boot).find((entry) => entry.startsWith("vmlinuz-"));
    copyFileSync(join(boot, kernel), join(result, "vmlinuz"));
    makeInitrd(work, join(result, "initrd"));
    renameSync(result, folder);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function makeInitrd(work, target) {
  const tree = join(work, "tree");
  for (const folder of ["bin", "modules", "dev", "proc", "sys", "lower", "upper", "root"])
    mkdirSync(join(tree, folder), { recursive: true });
  copyFileSync(BUSYBOX, join(tree, "bin", "busybox"));
  copyFileSync(INIT, join(tree, "init"));
  chmodSync(join(tree, "init"), 0o755);
  const order = modulesIn(join(work, "unpacked", "lib", "modules"));
  for (const path of order) copyFileSync(path, join(tree, "modules", basename(path)));
  writeFileSync(join(tree, "modules", "order"), order.map((path) => `${basename(path)}\n`).join(""));
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `find . | ${BUSYBOX} cpio -o -H newc | gzip -1 > "$0"`, target],
    { cwd: tree, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`making the RAM disk: ${stderr}`);
}

/** Paths of the modules and of all they depend on, each after what it needs. */
function modulesIn(folder) {
  const files = new Map();
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (entry.endsWith(".ko")) files.set(basename(entry, ".ko").replaceAll("-", "_"), join(folder, entry));
  }
  const order = [];
  const add = (name) => {
    const path = files.get(name.replaceAll("-", "_"));
    if (path === undefined) throw new Error(`the kernel package has no module ${name}`);
    if (order.includes(path)) return;
    // The section .modinfo holds strings that end by NUL.
    const depends = /\0depends=([^\0]*)\0/.exec(readFileSync(path, "latin1"))?.[1] ?? "";
    for (const other of depends.split(",").filter(Boolean)) add(other);
    order.push(path);
  };
  MODULES.forEach(add);
  return order;
}

function succeeds(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}

/** What a command prints; undefined if it fails. */
function output(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}
