/** `keepalived.stats`: the counters of every instance, line by line as keepalived writes them. */
import { countersOf, type DumpSource, instancesOf } from "./source.ts";

export function statsText(source: DumpSource): string {
  return instancesOf(source)
    .flatMap(({ model, snapshot }) => instanceLines(model.name, countersOf(model, snapshot)))
    .map((line) => `${line}\n`)
    .join("");
}

function instanceLines(name: string, counters: Readonly<Record<string, number>>): readonly string[] {
  const of = (label: string, counter: string): string => `${label}: ${counters[counter] ?? 0}`;
  return [
    `VRRP Instance: ${name}`,
    "  Advertisements:",
    `    ${of("Received", "advert_rcvd")}`,
    `    ${of("Sent", "advert_sent")}`,
    `  ${of("Became master", "become_master")}`,
    `  ${of("Released master", "release_master")}`,
    "  Packet Errors:",
    `    ${of("Length", "packet_len_err")}`,
    `    ${of("TTL", "ip_ttl_err")}`,
    `    ${of("Invalid Type", "invalid_type_rcvd")}`,
    `    ${of("Advertisement Interval", "advert_interval_err")}`,
    `    ${of("Address List", "addr_list_err")}`,
    "  Authentication Errors:",
    `    ${of("Invalid Type", "invalid_authtype")}`,
    `    ${of("Type Mismatch", "authtype_mismatch")}`,
    `    ${of("Failure", "auth_failure")}`,
    "  Priority Zero:",
    `    ${of("Received", "pri_zero_rcvd")}`,
    `    ${of("Sent", "pri_zero_sent")}`,
  ];
}
