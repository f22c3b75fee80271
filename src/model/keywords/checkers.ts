/** Keywords of the health checks. What several checks share is written once. */
import {
  type Argument,
  accepted,
  address,
  block,
  choice,
  command,
  flag,
  identity,
  iface,
  integer,
  lenient,
  nested,
  optional,
  pattern,
  port,
  type RowTemplate,
  rest,
  row,
  span,
  UNSIGNED_MAX,
  weight,
  word,
  works,
} from "./row.ts";
import { timingRows } from "./virtual-server.ts";

const LONGEST = 4294;
const SERVER = "virtual_server.real_server";

const connectRows = [
  row("connect_ip", [address], works("check.probe.target.address"), "Address to check.", {
    default: "the real server's",
  }),
  row("connect_port", [port], works("check.probe.target.port"), "Port to check.", {
    default: "the real server's",
  }),
  row("bindto", [address], works("check.probe.target.bindAddress"), "Source address."),
  row("bind_port", [port], works("check.probe.target.bindPort"), "Source port."),
  row("bind_if", [iface], works("check.probe.target.bindInterface"), "Interface to use."),
  row(
    "connect_timeout",
    [span(0.000001, LONGEST)],
    works("check.probe.target.timeout"),
    "Seconds to connect and to answer.",
    {
      default: "5",
    },
  ),
  row("fwmark", [integer(0, UNSIGNED_MAX)], works("check.probe.target.mark"), "Mark of the packets.", {
    default: "0",
  }),
];

function commonRows(retry: string, delayBeforeRetry: string): readonly RowTemplate[] {
  return [
    ...timingRows({ retry, delayBeforeRetry, leastRetry: 0 }),
    row("alpha", [flag], works("check.alpha"), "Failed until the first success.", {
      default: "as the real server",
    }),
    row("log_all_failures", [flag], works("check.logAllFailures"), "Report every failure.", {
      default: "checker_log_all_failures",
    }),
  ];
}

const tls = row("tls_compliant", [flag], works("url.tlsCompliant"), "End TLS as the standard says.", {
  since: "2.2.8",
  default: "off",
});

const urlRows = [
  row("path", [word("path")], works("url.path"), "Path to ask for."),
  row(
    "digest",
    [{ kind: "hex", wildcard: false, digits: 32 } satisfies Argument],
    works("url.digest"),
    "MD5 of the body.",
  ),
  row(
    "status_code",
    lenient([{ kind: "codes", min: 100, max: 599 } satisfies Argument]),
    works("url.statusCodes"),
    "Codes that are good.",
    {
      default: "200-299",
      repeat: "all",
    },
  ),
  row("virtualhost", lenient([word("host")]), works("url.host"), "Host to ask for.", {
    default: "as the check",
  }),
  row("regex", lenient([pattern]), works("url.pattern.regex"), "Pattern to be found in the body."),
  row("regex_no_match", [], works("url.pattern.negated"), "It must not be found.", { default: "off" }),
  row(
    "regex_options",
    lenient([rest("OPTION ...")]),
    works("url.pattern.options"),
    "Options of the pattern.",
  ),
  row(
    "regex_min_offset",
    lenient([integer(0, UNSIGNED_MAX)]),
    works("url.pattern.minOffset"),
    "Where it may begin at the earliest.",
    {
      default: "0",
    },
  ),
  row(
    "regex_max_offset",
    lenient([integer(0, UNSIGNED_MAX)]),
    works("url.pattern.maxOffset"),
    "Where it may begin at the latest.",
  ),
  row(
    "regex_stack",
    lenient([integer(0, UNSIGNED_MAX), integer(0, UNSIGNED_MAX)]),
    accepted("matching is bounded by its own means"),
    "Memory for matching, in bytes.",
  ),
];

function httpRows(name: string): readonly RowTemplate[] {
  return [
    ...connectRows,
    ...commonRows("1", "3"),
    row("nb_get_retry", [integer(0, UNSIGNED_MAX)], works("check.timing.retry"), "Old name of retry."),
    row("virtualhost", lenient([word("host")]), works("url.host"), "Host to ask for.", {
      default: "as the real server",
    }),
    row(
      "http_protocol",
      lenient([choice("1.0", "1.0C", "1.0c", "1.1", "2")]),
      works("check.probe.protocol"),
      "HTTP version.",
      {
        default: "1.0",
      },
    ),
    row("enable_sni", [flag], works("url.serverName"), "Name the host in TLS.", { default: "off" }),
    row("sni_name", [optional(word("name"))], works("url.serverName"), "The name to tell.", {
      since: "after 2.4.3",
      default: "virtualhost",
    }),
    row(
      "fast_recovery",
      [flag],
      works("check.probe.fastRecovery"),
      "Check all pages of a failed server at once.",
      { default: "off" },
    ),
    row(
      "grpc_health",
      [optional(word("service"))],
      works("check.probe.service"),
      "Ask gRPC's health service instead of pages.",
      {
        since: "buoy",
      },
    ),
    row("url", [nested(`${SERVER}.${name}.url`)], works("check.probe.urls"), "A page to ask for."),
  ];
}

const verifyRows = [
  row("verify_certificate", [flag], works("url.verifyName"), "Refuse a certificate that proves nothing.", {
    since: "buoy",
    default: "off; on with verify_name",
  }),
  row("verify_name", [word("name")], works("url.verifyName"), "Name it must be for.", {
    since: "buoy",
    default: "as sni_name, virtualhost, or the address",
  }),
];

const hex = { kind: "hex", wildcard: false, digits: undefined } satisfies Argument;
const maskedHex = { kind: "hex", wildcard: true, digits: undefined } satisfies Argument;

export const CHECKER_ROWS = [
  ...block(`${SERVER}.HTTP_GET`, "checker", httpRows("HTTP_GET")),
  ...block(`${SERVER}.HTTP_GET.url`, "checker", urlRows),
  ...block(`${SERVER}.SSL_GET`, "checker", [...httpRows("SSL_GET"), tls, ...verifyRows]),
  ...block(`${SERVER}.SSL_GET.url`, "checker", [...urlRows, tls]),
  ...block(`${SERVER}.TCP_CHECK`, "checker", [...connectRows, ...commonRows("1", "1")]),
  ...block(`${SERVER}.SMTP_CHECK`, "checker", [
    ...connectRows,
    ...commonRows("1", "1"),
    row("helo_name", lenient([word("name")]), works("check.probe.heloName"), "Name to greet with.", {
      default: "smtpchecker.keepalived.org",
    }),
    row(
      "host",
      [nested(`${SERVER}.SMTP_CHECK.host`)],
      works("realServer.checks"),
      "One more target, as old files write it.",
    ),
  ]),
  ...block(`${SERVER}.SMTP_CHECK.host`, "checker", [...connectRows, ...commonRows("1", "1")]),
  ...block(`${SERVER}.DNS_CHECK`, "checker", [
    ...connectRows,
    ...commonRows("3", "delay_loop"),
    row(
      "type",
      [choice("A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY")],
      works("check.probe.recordType"),
      "Record type.",
      {
        default: "SOA",
      },
    ),
    row("name", [word("domain")], works("check.probe.domain"), "Name asked for.", { default: "." }),
  ]),
  ...block(`${SERVER}.UDP_CHECK`, "checker", [
    ...connectRows,
    ...commonRows("1", "1"),
    row("payload", lenient([hex]), works("check.probe.payload"), "Bytes to send.", { default: "none" }),
    row(
      "require_reply",
      [optional(maskedHex)],
      works("check.probe.reply"),
      "An answer must come, and begin like this.",
      {
        default: "off",
      },
    ),
    row("min_reply_length", [integer(0, 65535)], works("check.probe.minLength"), "Shortest answer.", {
      default: "0",
    }),
    row("max_reply_length", [integer(0, 65535)], works("check.probe.maxLength"), "Longest answer.", {
      default: "255",
    }),
  ]),
  ...block(`${SERVER}.PING_CHECK`, "checker", [...connectRows, ...commonRows("1", "1")]),
  ...block(`${SERVER}.MISC_CHECK`, "checker", [
    ...commonRows("0", "1"),
    row(
      "misc_path",
      lenient([command]),
      works("check.probe.command"),
      "The program; exit status 0 is success.",
    ),
    row("misc_timeout", [span(0.000001, LONGEST)], works("check.probe.timeout"), "Seconds it may take.", {
      default: "delay_loop",
    }),
    row("misc_dynamic", [], works("check.probe.dynamic"), "Exit statuses from 2 set the weight.", {
      default: "off",
    }),
    row("user", lenient([identity]), works("check.probe.command"), "User and group that run it.", {
      default: "script_user",
    }),
  ]),
  ...block(`${SERVER}.FILE_CHECK`, "checker", [
    row("track_file", [word("name")], works("check.probe.file"), "The file."),
    row(
      "weight",
      [weight(-2_147_483_648, 2_147_483_647)],
      works("check.probe.weight"),
      "What its number is multiplied by.",
      {
        default: "weight of the file",
      },
    ),
  ]),
  ...block(`${SERVER}.BFD_CHECK`, "checker", [
    row("name", [word("name", 31)], works("check.probe.session"), "The session."),
    row("alpha", [flag], works("check.alpha"), "Down until it is up.", { default: "as the real server" }),
  ]),
];
