/** `keepalived_bfd.data`: the BFD sessions, as keepalived writes them. */

import { bfdDiagnosticText } from "../bfd-text.ts";
import type { DumpSource } from "./source.ts";
import { epochText, yesNo } from "./words.ts";

export function bfdStateText({ bfd, wallClock }: DumpSource): string {
  const lines = ["------< BFD Topology >------"];
  for (const { model, memory, transmitInterval, detectionTime } of bfd?.sessions ?? []) {
    const { lastHeard } = memory;
    lines.push(
      ` BFD Instance = ${model.name}`,
      `   Neighbor IP = ${model.neighbour}`,
      ...(model.source === undefined ? [] : [`   Source IP = ${model.source}`]),
      `   Required min RX interval = ${model.requiredMinRx} us`,
      `   Desired min TX interval = ${model.desiredMinTx} us`,
      `   Desired idle TX interval = ${model.idleTx} us`,
      `   Detection multiplier = ${model.multiplier}`,
      `   TTL = ${model.hopLimit}`,
      `   max_hops = ${model.maxHops}`,
      `   passive = ${model.passive}`,
      `   send event to VRRP process = ${yesNo(model.tellsVrrp)}`,
      `   send event to checker process = ${yesNo(model.tellsChecker)}`,
      `   local state = ${memory.state}`,
      `   remote state = ${memory.remoteState}`,
      `   local discriminator = 0x${memory.localDiscriminator.toString(16)}`,
      `   remote discriminator = 0x${memory.remoteDiscriminator.toString(16)}`,
      `   local diag = ${bfdDiagnosticText(memory.diagnostic)}`,
      `   remote diag = ${bfdDiagnosticText(memory.remoteDiagnostic)}`,
      `   remote min tx intv = ${memory.remoteMinTx} us`,
      `   remote min rx intv = ${memory.remoteMinRx} us`,
      "   local demand = 0",
      `   remote demand = ${memory.remoteDemand ? 1 : 0}`,
      `   remote detect multiplier = ${memory.remoteMultiplier}`,
      `   ${memory.polling ? "" : "!"}poll, !final`,
      `   local tx intv = ${transmitInterval ?? 0} us`,
      `   local detection time = ${detectionTime ?? 0} us`,
      `   last_seen = ${lastHeard === undefined ? "[never]" : epochText(lastHeard, wallClock)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
