/** `HTTP_GET` and `SSL_GET`: pages, what they must look like, and how they are asked for. */
import { familyOf } from "../base/ip.ts";
import type { ResolveContext } from "./context.ts";
import type { HttpProbeModel, PatternModel, ProbeModel, Target, UrlModel } from "./director-models.ts";
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
  const names = tls ? resolveNames(block, hosts, target) : { serverName: undefined, verifyName: undefined };
  const service = block.last("grpc_health");
  if (service !== undefined) {
    const host = virtualHost ?? hosts.server;
    return { kind: "grpc", target, tls, ...names, host, service: block.text("grpc_health") ?? "" };
  }
  const compliant = tls && (block.flag("tls_compliant") ?? false);
  const urls = block.all("url").flatMap((url) => resolveUrl(url, hosts, tls, compliant, context));
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
    ...names,
    protocol: PROTOCOLS[block.text("http_protocol") ?? "1.0"] ?? "1.0",
    fastRecovery: block.flag("fast_recovery") ?? false,
    urls,
  };
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`. */
function hostOf({ address, port }: Target): string {
  return familyOf(address) === "ipv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

function resolveNames(
  block: DraftBlock,
  { virtualHost }: Hosts,
  target: Target,
): Pick<HttpProbeModel, "serverName" | "verifyName"> {
  const names = block.has("sni_name") || (block.flag("enable_sni") ?? false);
  const serverName = names ? (block.text("sni_name") ?? virtualHost) : undefined;
  const verifies = block.flag("verify_certificate") ?? block.has("verify_name");
  const verifyName = block.text("verify_name") ?? serverName ?? virtualHost ?? target.address;
  return { serverName, verifyName: verifies ? verifyName : undefined };
}

function resolveUrl(
  statement: DraftStatement,
  hosts: Hosts,
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
  return [
    {
      path,
      host: block.text("virtualhost") ?? hosts.virtualHost ?? hosts.server,
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

function readPattern(block: DraftBlock, context: ResolveContext): PatternModel | undefined {
  const regex = block.text("regex");
  if (regex === undefined) {
    for (const keyword of ["regex_no_match", "regex_options", "regex_min_offset", "regex_max_offset"]) {
      const lonely = block.last(keyword);
      if (lonely === undefined) continue;
      context.report.note("no-effect", lonely.keywordSpan, `'${keyword}' has no effect without regex`);
    }
    return undefined;
  }
  return {
    regex,
    options: wordsOf(block, "regex_options"),
    negated: block.has("regex_no_match"),
    minOffset: block.number("regex_min_offset") ?? 0,
    maxOffset: block.number("regex_max_offset"),
  };
}

function wordsOf(block: DraftBlock, keyword: string): readonly string[] {
  const value = block.last(keyword)?.values[0];
  return value?.kind === "words" ? value.value.map((word) => word.text) : [];
}
