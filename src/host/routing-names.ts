/** iproute2's names for numbers: its own files, and the administrator's, which win. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { InterfaceFact, RoutingNames } from "../model/model.ts";
import type { WantedNames } from "../model/wanted.ts";

/** Where distributions have put them; the one that exists counts. */
const USR_DIRECTORIES = ["/usr/share/iproute2", "/usr/lib/iproute2"];

/** Reads what is there; a missing file has no names. */
export function readRoutingNames(wanted: WantedNames): RoutingNames {
  const usr = wanted.usrDirectory === undefined ? USR_DIRECTORIES : [wanted.usrDirectory];
  const directories = [...usr, wanted.etcDirectory];
  const read = (file: string): ReadonlyMap<string, number> =>
    new Map(directories.flatMap((directory) => filesOf(directory, file)).flatMap(namesIn));
  return {
    tables: read("rt_tables"),
    protocols: read("rt_protos"),
    scopes: read("rt_scopes"),
    realms: read("rt_realms"),
    dsfields: read("rt_dsfield"),
    groups: read("group"),
  };
}

/** The file itself, and those in the directory beside it (`rt_tables.d/*.conf`). */
function filesOf(directory: string, file: string): readonly string[] {
  const beside = join(directory, `${file}.d`);
  const more = attempt(() => readdirSync(beside), []).filter((name) => name.endsWith(".conf"));
  return [join(directory, file), ...more.toSorted().map((name) => join(beside, name))];
}

/** Lines of a number and a name. */
function namesIn(path: string): readonly (readonly [string, number])[] {
  return attempt(() => readFileSync(path, "utf8"), "")
    .split("\n")
    .flatMap((line) => {
      const match = /^\s*(0x[0-9a-f]+|\d+)\s+([^\s#]+)/i.exec(line);
      return match?.[2] === undefined ? [] : [[match[2], Number(match[1])] as const];
    });
}

function attempt<Result>(read: () => Result, otherwise: Result): Result {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (["ENOENT", "EACCES", "ENOTDIR", "EISDIR"].some((known) => known === code)) return otherwise;
    throw error;
  }
}

interface VrfLink {
  readonly ifname: string;
  readonly linkinfo?: { readonly info_data?: { readonly table?: number } };
}

/** The tables of VRFs, as `ip` tells them; without it there are none. */
export function withVrfTables(interfaces: readonly InterfaceFact[]): readonly InterfaceFact[] {
  const tables = new Map<string, number | undefined>();
  try {
    const command = ["-json", "-details", "link", "show", "type", "vrf"];
    const text = execFileSync("ip", command, { encoding: "utf8", timeout: 5000, stdio: "pipe" });
    const links = JSON.parse(text === "" ? "[]" : text) as readonly Partial<VrfLink>[];
    for (const link of links) tables.set(link.ifname ?? "", link.linkinfo?.info_data?.table);
  } catch {
    // No iproute2, or a kernel without VRFs: a route that names one is reported.
    return interfaces;
  }
  return interfaces.map((one) => {
    const table = tables.get(one.name);
    return table === undefined ? one : { ...one, vrfTable: table };
  });
}
