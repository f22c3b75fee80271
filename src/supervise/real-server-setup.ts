/** What makes a host a real server of a director that forwards by direct routing or tunnels, and what undoes it. Pure. */
import type { IpAddress, IpFamily } from "../base/ip.ts";

/** Addresses that a real server accepts without anybody on its networks hearing of them. */
export interface RealServerWish {
  readonly address: IpAddress;
  readonly family: IpFamily;
}

/** One sysctl of every IPv4 host that has a VIP on `lo`: otherwise it answers ARP for it, and takes the director's clients. */
export interface SysctlWish {
  readonly path: string;
  readonly value: number;
  readonly meaning: string;
}

const ARP_WISHES: readonly SysctlWish[] = [
  {
    path: "net/ipv4/conf/all/arp_ignore",
    value: 1,
    meaning: "answers ARP only for addresses of the interface that was asked",
  },
  {
    path: "net/ipv4/conf/all/arp_announce",
    value: 2,
    meaning: "never names the VIP as its own address in ARP questions",
  },
];

/** Neighbour discovery answers for addresses on `lo` on no other interface by itself: IPv6 needs none. */
export function sysctlsFor(wishes: readonly RealServerWish[]): readonly SysctlWish[] {
  return wishes.some(({ family }) => family === "ipv4") ? ARP_WISHES : [];
}

/** `/32` or `/128`: with a shorter prefix the whole network would be local, its other hosts unreachable. */
export function prefixFor(family: IpFamily): number {
  return family === "ipv4" ? 32 : 128;
}

/** A file that brings the state back at boot. */
export interface PersistentFile {
  /** Below /etc. */
  readonly path: string;
  readonly text: string;
}

const HEAD = "# Written by `buoy realserver up --persist`; `buoy realserver down` removes it.\n";
const SYSCTL_FILE = "sysctl.d/90-buoy-realserver.conf";

/** systemd-networkd's way. `note` stands in the first file, as a comment. */
export function networkdFiles(wishes: readonly RealServerWish[], note: string): readonly PersistentFile[] {
  const addresses = wishes.map(({ address, family }) => `Address=${address}/${prefixFor(family)}\n`);
  return [
    {
      path: "systemd/network/90-buoy-realserver.network",
      text: `${HEAD}# ${note}\n[Match]\nName=lo\n\n[Network]\nKeepConfiguration=yes\n${addresses.join("")}`,
    },
    ...sysctlFile(wishes),
  ];
}

/** ifupdown's way (Debian's /etc/network/interfaces, which reads interfaces.d). `note` as with {@link networkdFiles}. */
export function interfacesFiles(wishes: readonly RealServerWish[], note: string): readonly PersistentFile[] {
  const stanzas = wishes.map(({ address, family }, index) =>
    family === "ipv4"
      ? stanza(`lo:buoy${index}`, "inet", `${address}/${prefixFor(family)}`)
      : stanza("lo", "inet6", `${address}/${prefixFor(family)}`),
  );
  return [
    { path: "network/interfaces.d/buoy-realserver", text: `${HEAD}# ${note}\n${stanzas.join("\n")}` },
    ...sysctlFile(wishes),
  ];
}

function stanza(name: string, family: string, address: string): string {
  return `auto ${name}\niface ${name} ${family} static\n    address ${address}\n`;
}

function sysctlFile(wishes: readonly RealServerWish[]): readonly PersistentFile[] {
  const settings = sysctlsFor(wishes);
  if (settings.length === 0) return [];
  const lines = settings.map(({ path, value }) => `${path.replaceAll("/", ".")} = ${value}\n`);
  return [{ path: SYSCTL_FILE, text: `${HEAD}${lines.join("")}` }];
}
