/** Verified takeover: `verify_takeover`, `verify_neighbours` and `verify_timeout`, words of buoy's own. */
import { type IpAddress, parseIp } from "../base/ip.ts";
import type { ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { VrrpInstanceModel } from "./model.ts";

export type VerificationModel = Pick<
  VrrpInstanceModel,
  "announceOnly" | "verifyNeighbours" | "verifyTimeout"
>;

export const NO_VERIFICATION_DEFAULTS: VerificationModel = {
  announceOnly: false,
  verifyNeighbours: [],
  verifyTimeout: undefined,
};

/** The neighbours of an instance come on top of those of all instances. */
export function resolveVerification(
  block: DraftBlock,
  defaults: VerificationModel,
  context: ResolveContext,
  prefix = "",
): VerificationModel {
  const wanted = block.flag(`${prefix}verify_takeover`);
  const own = readNeighbours(block, `${prefix}verify_neighbours`, context);
  return {
    announceOnly: wanted === undefined ? defaults.announceOnly : !wanted,
    verifyNeighbours: [...new Set([...defaults.verifyNeighbours, ...own])],
    verifyTimeout: block.span(`${prefix}verify_timeout`) ?? defaults.verifyTimeout,
  };
}

function readNeighbours(block: DraftBlock, keyword: string, context: ResolveContext): readonly IpAddress[] {
  const addresses: IpAddress[] = [];
  for (const statement of block.all(keyword)) {
    const [value] = statement.values;
    for (const { text, span } of value?.kind === "words" ? value.value : []) {
      const address = parseIp(text);
      if (address !== undefined) addresses.push(address);
      else
        context.report.repair("invalid-value", span, `'${text}' is no address`, { repair: "it is left out" });
    }
  }
  return addresses;
}
