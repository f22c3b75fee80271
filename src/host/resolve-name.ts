/**
 * Addresses of host names: from /etc/hosts, else from the name server by c-ares, which waits for answers without a thread.
 * (`dns.lookup` takes threads of the pool, and a name server that is silent would take them all.)
 */
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { compareIp, familyOf, type IpAddress, type IpFamily, parseIp } from "../base/ip.ts";
import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";

const HOSTS_FILE = "/etc/hosts";
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/** The lowest of its addresses, so that the order of an answer changes nothing; or why there is none. */
export async function resolveName(
  name: string,
  family: IpFamily,
  hostsFile = HOSTS_FILE,
): Promise<Result<IpAddress, string>> {
  const listed = lowest(listedAddresses(name, family, hostsFile));
  if (listed !== undefined) return ok(listed);
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  try {
    const answers = family === "ipv4" ? await resolver.resolve4(name) : await resolver.resolve6(name);
    const address = lowest(answers.map(parseIp).filter((one) => one !== undefined));
    return address === undefined ? fail("no address") : ok(address);
  } catch (error) {
    return fail((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function listedAddresses(name: string, family: IpFamily, hostsFile: string): readonly IpAddress[] {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  const found: IpAddress[] = [];
  for (const line of readHosts(hostsFile).split("\n")) {
    const [first, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const address = parseIp(first ?? "");
    if (address === undefined || familyOf(address) !== family) continue;
    if (names.some((one) => one.toLowerCase() === wanted)) found.push(address);
  }
  return found;
}

function readHosts(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Without the file there are only name servers.
    return "";
  }
}

function lowest(addresses: readonly IpAddress[]): IpAddress | undefined {
  return [...addresses].sort(compareIp)[0];
}
