/** `HTTP_GET` and `SSL_GET`: pages, what they must look like, and how they are asked for. */
import { familyOf } from "../base/ip.ts";
import type { ResolveContext } from "./context.ts";
import type { HttpProbeModel, ProbeModel, Target, UrlModel } from "./director-models.ts";
import { readPattern } from "./director-pattern.ts";
import { type CheckedServer, leaveOut } from "./director-settings.ts";
import { blockOf, type DraftBlock, type DraftStatement } from "./draft.ts";

const GOOD_CODES = [{ from: 200, to: 299 }];
const PROTOCOLS: Readonly<Record<string, HttpProbeModel["protocol"]>> = {
  "1.0": "1.0",
  "1.0C": "1.0C",
  "1.0c": "1.0C",
  "1.1": "1.1",
  "2": "2",
};

/** Names for a page: in its Host header, and in TLS. */
interface Hosts {
  /** What the check, or a block around it, says. */
  readonly virtualHost: string | undefined;
  /** Where nobody says anything: the server, as keepalived writes it. */
  readonly server: string;
}

export function resolveHttp(
  statement: DraftStatement,
  target: Target,
  server: CheckedServer,
  context: ResolveContext,
): ProbeModel | undefined {
  const block = blockOf(statement);
  const { virtualHost } = server.settings;
  const hosts = { virtualHost, server: hostOf(target) };
  const tls = statement.row.keyword === "SSL_GET";
  const namesFor = (ownHost: string | undefined): TlsNames =>
    tls ? resolveNames(block, ownHost ?? virtualHost, target) : NO_NAMES;
  const service = block.last("grpc_health");
  if (service !== undefined) {
    const host = virtualHost ?? hosts.server;
    return {
      kind: "grpc",
      target,
      tls,
      ...namesFor(undefined),
      host,
      service: block.text("grpc_health") ?? "",
    };
  }
  const compliant = tls && (block.flag("tls_compliant") ?? false);
  const urls = block.all("url").flatMap((url) => resolveUrl(url, hosts, namesFor, tls, compliant, context));
  if (urls.length === 0) {
    return leaveOut(
      "no-url",
      statement,
      `${statement.row.keyword} has no usable url`,
      context,
      "url { path / }",
    );
  }
  return {
    kind: "http",
    target,
    tls,
    protocol: PROTOCOLS[block.text("http_protocol") ?? "1.0"] ?? "1.0",
    fastRecovery: block.flag("fast_recovery") ?? false,
    urls,
  };
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`. */
function hostOf({ address, port }: Target): string {
  return familyOf(address) === "ipv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

type TlsNames = Pick<UrlModel, "serverName" | "verifyName">;

const NO_NAMES: TlsNames = { serverName: undefined, verifyName: undefined };

/** What the check says first, then the host that the page is asked of. */
function resolveNames(block: DraftBlock, virtualHost: string | undefined, target: Target): TlsNames {
  const names = block.has("sni_name") || (block.flag("enable_sni") ?? false);
  const serverName = names ? (block.text("sni_name") ?? virtualHost) : undefined;
  const verifies = block.flag("verify_certificate") ?? block.has("verify_name");
  const verifyName = block.text("verify_name") ?? serverName ?? virtualHost ?? target.address;
  return { serverName, verifyName: verifies ? verifyName : undefined };
}

function resolveUrl(
  statement: DraftStatement,
  hosts: Hosts,
  namesFor: (ownHost: string | undefined) => TlsNames,
  tls: boolean,
  compliant: boolean,
  context: ResolveContext,
): readonly UrlModel[] {
  const block = blockOf(statement);
  const path = block.text("path");
  if (path === undefined) {
    context.report.repair("no-path", statement.keywordSpan, "the url has no path", {
      hint: "path /",
      repair: "the url is ignored",
    });
    return [];
  }
  const ownHost = block.text("virtualhost");
  return [
    {
      path,
      ...namesFor(ownHost),
      host: ownHost ?? hosts.virtualHost ?? hosts.server,
      statusCodes: readCodes(block),
      digest: block.text("digest"),
      pattern: readPattern(block, context),
      tlsCompliant: tls && (block.flag("tls_compliant") ?? compliant),
    },
  ];
}

/** Several `status_code` lines add up. */
function readCodes(block: DraftBlock): UrlModel["statusCodes"] {
  const words = block
    .all("status_code")
    .flatMap(({ values: [value] }) => (value?.kind === "words" ? value.value : []));
  if (words.length === 0) return GOOD_CODES;
  return words.map(({ text }) => {
    const [from, to = from] = text.split("-", 2);
    return { from: Number(from), to: Number(to) };
  });
}
