/** The addresses of one instance: which lists they go to, and how many fit. */
import type { IpAddress, IpFamily } from "../base/ip.ts";
import type { Span } from "../config/source.ts";
import { type ReadAddress, readVirtualAddress } from "./addresses.ts";
import type { AuthenticationModel, AuthHmacModel } from "./advertising.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";

/** The count is one byte of the message. */
const MOST_ADDRESSES = 255;
/** What the Authentication Header and the trailer of `auth_hmac` take of a packet. */
const AH_BYTES = 24;
const TRAILER_BYTES = 28;

export function readAddresses(
  block: DraftBlock,
  keyword: string,
  interfaceName: string | undefined,
  context: ResolveContext,
): readonly ReadAddress[] {
  return block
    .all(keyword)
    .flatMap((statement) => statement.entries)
    .map((entry) => readVirtualAddress(entry, interfaceName, context))
    .filter((address) => address !== undefined);
}

/** Addresses of an instance without interface that name none themselves. */
export function reportHomeless(addresses: readonly ReadAddress[], context: ResolveContext): void {
  for (const { model, span } of addresses) {
    if (model.interface !== "") continue;
    context.report.refuse("no-interface", span, `${model.address} belongs to no interface`, {
      hint: "add dev and an interface, or give the instance one",
    });
  }
}

export interface AddressInput {
  readonly name: string;
  readonly at: Span;
  readonly family: IpFamily;
  readonly version: 2 | 3;
  readonly listed: readonly ReadAddress[];
  readonly excluded: readonly ReadAddress[];
  readonly interfaceName: string | undefined;
  /** Bytes of a packet that authentication takes. */
  readonly overhead: number;
}

export function sortAddresses(
  input: AddressInput,
  block: DraftBlock,
  context: ResolveContext,
): { readonly virtual: readonly ReadAddress[]; readonly excluded: readonly ReadAddress[] } {
  const seen = new Set<IpAddress>();
  const fresh = ({ model, span }: ReadAddress): boolean => {
    if (!seen.has(model.address)) {
      seen.add(model.address);
      return true;
    }
    context.report.repair("duplicate-address", span, `${model.address} stands here already`, {
      repair: "the line is ignored",
    });
    return false;
  };
  const virtual = input.listed.filter((one) => isOfFamily(one, input.family, context)).filter(fresh);
  const excluded = input.excluded.filter(fresh);
  reportEmpty(input, virtual.length, block, context);
  const most = mostAddresses(input, context);
  if (virtual.length > most) {
    context.report.repair(
      "too-many-addresses",
      virtual[most]?.span,
      `an advertisement holds ${most} addresses`,
      {
        repair: `the other ${virtual.length - most} are treated as virtual_ipaddress_excluded`,
      },
    );
  }
  return {
    virtual: virtual.slice(0, most),
    excluded: [...virtual.slice(most), ...excluded],
  };
}

function isOfFamily({ model, span }: ReadAddress, family: IpFamily, context: ResolveContext): boolean {
  if (model.family === family) return true;
  context.report.repair(
    "family",
    span,
    `${model.address} is of another address family than the first address`,
    {
      hint: "put it into virtual_ipaddress_excluded, or into an instance of its own",
      repair: "the address is left out",
    },
  );
  return false;
}

function reportEmpty(input: AddressInput, count: number, block: DraftBlock, context: ResolveContext): void {
  if (count > 0 || block.has("no_virtual_ipaddress")) return;
  const message = `vrrp_instance '${input.name}' has no virtual address`;
  if (input.version === 3) {
    context.report.refuse("no-address", input.at, message, {
      hint: "set no_virtual_ipaddress if that is meant",
    });
  } else {
    context.report.repair("no-address", input.at, message, { repair: "it elects a master of nothing" });
  }
}

/** Bounded by the count byte and by what one packet on the interface holds. */
function mostAddresses(input: AddressInput, context: ResolveContext): number {
  const mtu = context.facts.interfaces?.find((one) => one.name === input.interfaceName)?.mtu;
  if (mtu === undefined || mtu === 0) return MOST_ADDRESSES;
  const ipHeader = input.family === "ipv4" ? 20 : 40;
  const message = input.version === 2 ? 8 + 8 : 8;
  const size = input.family === "ipv4" ? 4 : 16;
  const room = mtu - ipHeader - message - input.overhead;
  return Math.max(0, Math.min(MOST_ADDRESSES, Math.floor(room / size)));
}

export function overheadOf(authentication: AuthenticationModel, authHmac: AuthHmacModel | undefined): number {
  return (authentication.kind === "ah" ? AH_BYTES : 0) + (authHmac === undefined ? 0 : TRAILER_BYTES);
}
