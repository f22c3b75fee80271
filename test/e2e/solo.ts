/** One daemon alone on a LAN, which is master within half a second wherever it may be. */
import { Director } from "../support/director.ts";
import { type Host, Lan } from "../support/lan.ts";
import { waitFor } from "../support/wait.ts";

export const ADDRESS = "10.9.0.100";

export interface Solo {
  readonly host: Host;
  readonly director: Director;
}

export async function withSolo(run: (solo: Solo) => Promise<void>): Promise<void> {
  const lan = new Lan();
  try {
    const host = lan.addHost("one", { ipv4: "10.9.0.1/24" });
    const director = new Director("buoy", host);
    try {
      await run({ host, director });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${director.output.slice(-4000)}`, { cause: error });
    }
  } finally {
    lan.destroy();
  }
}

/** A configuration with one instance: words outside of it, and words within. */
export function soloConfig(outside: string, inside: string): string {
  return `
${outside}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  version 3
  advert_int 0.1
  virtual_ipaddress {
    ${ADDRESS}/24
  }
  ${inside}
}
`;
}

export async function untilMaster({ host }: Solo): Promise<void> {
  await waitFor("the address to be held", () => host.holds(ADDRESS), { within: 10_000 });
}

export async function untilReleased({ host }: Solo): Promise<void> {
  await waitFor("the address to be released", () => !host.holds(ADDRESS), { within: 10_000 });
}
