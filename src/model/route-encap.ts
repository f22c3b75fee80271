/** `encap` of a route: light-weight tunnels. */
import type { Encapsulation } from "../base/routing.ts";
import type { RoutingLine } from "./routing-line.ts";

type Tunnel = Extract<Encapsulation, { readonly kind: "ip" | "ip6" }>;
type Draft = { -readonly [Field in keyof Tunnel]: Tunnel[Field] };

const ILA_LOCATOR = /^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){3}$/i;

/** The words after `encap`; undefined once the line is dropped. */
export function readEncapsulation(line: RoutingLine): Encapsulation | undefined {
  const kind = line.value();
  if (kind === undefined) return undefined;
  switch (kind.text) {
    case "ip":
    case "ip6":
      return readTunnel(line, kind.text);
    case "ila": {
      const locator = line.value();
      if (locator === undefined || ILA_LOCATOR.test(locator.text)) {
        return locator === undefined ? undefined : { kind: "ila", locator: locator.text };
      }
      return line.drop("invalid-value", locator.span, `'${locator.text}' is no locator`, "such as 1:2:3:4");
    }
    default:
      line.refuse(kind.span, `'encap ${kind.text}' is not supported yet`);
      return undefined;
  }
}

function readTunnel(line: RoutingLine, kind: "ip" | "ip6"): Encapsulation | undefined {
  const draft: Draft = {
    kind,
    id: undefined,
    source: undefined,
    destination: undefined,
    hops: undefined,
    tos: undefined,
    flags: undefined,
  };
  for (let word = line.next(); word !== undefined; word = line.next()) {
    if (word.text === "id") draft.id = line.number(0, Number.MAX_SAFE_INTEGER);
    else if (word.text === "dst") draft.destination = line.address();
    else if (word.text === "src") draft.source = line.address();
    else if (word.text === (kind === "ip" ? "ttl" : "hoplimit")) draft.hops = line.number(0, 255);
    else if (word.text === (kind === "ip" ? "tos" : "tc")) draft.tos = line.named("dsfields");
    else if (word.text === "flags") draft.flags = line.number(0, 0xffff);
    else {
      line.unread();
      break;
    }
  }
  return line.dropped ? undefined : draft;
}
