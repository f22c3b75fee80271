/** `genhash`: the digest of a page, for `digest` of HTTP_GET and SSL_GET; with keepalived's command line and layout. */
import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import { parseArgs } from "node:util";
import type { IpAddress } from "../base/ip.ts";
import { seconds } from "../base/time.ts";
import { createLoop } from "../host/loop.ts";
import { fetchPage, type Page, type PageRequest } from "../host/probes/page.ts";
import { EXIT_OK } from "../processes/run-options.ts";
import { CommandError } from "./exit-codes.ts";

/** keepalived's own ends with 0 also when there is no digest. */
const EXIT_FAILED = 1;
const DEFAULT_TIMEOUT = 5;

const USAGE = `Usage: genhash COMMAND [OPTIONS]
Commands:
   -s ADDRESS -p PORT -u URL       digest of a page
   -S -s ADDRESS -p PORT -u URL    the same over TLS
   -h                              this help

Options:
   -s, --server ADDRESS            IPv4 or IPv6 address of the server
   -p, --port PORT
   -u, --url URL                   path of the page
   -S, --use-ssl                   TLS; the certificate is not verified
   -I, --use-sni                   name the virtual host in the TLS greeting
   -V, --use-virtualhost NAME      Host header
   -P, --protocol VERSION          1.0 (default), 1.0c (with "Connection: close") or 1.1
   -m, --fwmark MARK               mark of the packets
   -t, --timeout SECONDS           for the connection, and for the answer (default ${DEFAULT_TIMEOUT})
   -v, --verbose                   show the answer too
`;

const OPTIONS = {
  "use-ssl": { type: "boolean", short: "S" },
  "use-sni": { type: "boolean", short: "I" },
  server: { type: "string", short: "s" },
  port: { type: "string", short: "p" },
  url: { type: "string", short: "u" },
  "use-virtualhost": { type: "string", short: "V" },
  verbose: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
  fwmark: { type: "string", short: "m" },
  protocol: { type: "string", short: "P" },
  timeout: { type: "string", short: "t" },
} as const;

interface Request extends PageRequest {
  readonly verbose: boolean;
}

/** Runs the program of the name; the exit code is left in `process.exitCode`. */
export async function genhashMain(words: readonly string[]): Promise<void> {
  try {
    process.exitCode = await genhash(words);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`genhash: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/** Prints the digest and answers the exit code, or throws CommandError. */
export async function genhash(words: readonly string[]): Promise<number> {
  const request = readRequest(words);
  const page = await fetchPage(createLoop(), request);
  if (typeof page === "string") throw new CommandError(page, EXIT_FAILED);
  process.stdout.write(pageText(request, page));
  return EXIT_OK;
}

function usage(message: string): CommandError {
  return new CommandError(`${message}\n${USAGE}`, EXIT_FAILED);
}

/** Throws CommandError. Pure. */
export function readRequest(words: readonly string[]): Request {
  const values = readWords(words);
  const { server, url, help } = values;
  if (help === true) throw usage("digest of a page, as HTTP_GET and SSL_GET compare it");
  if (server === undefined || values.port === undefined || url === undefined) {
    throw usage("server, port and url are needed");
  }
  if (!isIPv4(server) && !isIPv6(server)) throw usage(`server should be an IP address, not '${server}'`);
  const port = readNumber("port", values.port, 1, 65_535);
  const protocol = (values.protocol ?? "1.0").toUpperCase();
  if (protocol !== "1.0" && protocol !== "1.0C" && protocol !== "1.1") {
    throw usage(`invalid HTTP protocol version '${values.protocol}'`);
  }
  const mark = values.fwmark === undefined ? undefined : readNumber("fwmark", values.fwmark, 0, 2 ** 32 - 1);
  const timeout = seconds(readNumber("timeout", values.timeout ?? String(DEFAULT_TIMEOUT), 1, 86_400));
  const tls = values["use-ssl"] === true;
  const virtualHost = values["use-virtualhost"];
  const name = isIPv6(server) ? `[${server}]` : server;
  return {
    target: {
      address: server as IpAddress,
      port,
      bindAddress: undefined,
      bindPort: undefined,
      bindInterface: undefined,
      mark,
      timeout,
    },
    tls,
    serverName: values["use-sni"] === true ? virtualHost : undefined,
    verifyName: undefined,
    protocol,
    path: url,
    host: virtualHost ?? `${name}:${port}`,
    verbose: values.verbose === true,
  };
}

function readWords(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw usage(`invalid ${name} '${text}'`);
}

/** The digest alone, or with `-v` the answer in keepalived's layout too. */
function pageText({ path, verbose }: Request, { head, body, duration }: Page): string {
  const digest = createHash("md5").update(body).digest();
  if (!verbose) return `${digest.toString("hex")}\n`;
  return [
    titleLine("    HTTP Header Buffer    "),
    ...hexLines(head),
    titleLine(" HTTP Header Ascii Buffer "),
    head.toString("latin1"),
    titleLine("        HTML Buffer        "),
    ...hexLines(body),
    "",
    titleLine("    HTML hash resulting    "),
    ...hexLines(digest),
    titleLine(" HTML hash final resulting "),
    digest.toString("hex"),
    "",
    `Global response time for [${path}] = ${duration} usecs`,
    "",
  ].join("\n");
}

function titleLine(title: string): string {
  const line = "-".repeat(23);
  return `${line}[${title}]${line}`;
}

const ROW = 16;

/** Sixteen bytes a line: decimal offset, hex digits with a dash in the middle, characters. */
function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = (from: number): string =>
      row
        .slice(from, from + ROW / 2)
        .map((byte) => `${byte.toString(16).padStart(2, "0")} `)
        .join("")
        .padEnd(24);
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${String(at).padStart(4, "0")}  ${hex(0)}- ${hex(ROW / 2)}  ${text.padEnd(ROW)}`);
  }
  return lines;
}
