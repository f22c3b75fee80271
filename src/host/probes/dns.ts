/** DNS_CHECK: a question is answered without an error; what the answer says is not looked at. */
import { randomInt } from "node:crypto";
import { type DecodedPacket, decode, encode, RECURSION_DESIRED, type RecordType } from "dns-packet";
import type { ProbeModel } from "../../model/director-models.ts";
import type { Loop } from "../loop.ts";
import type { Attempt } from "./attempt.ts";
import { printable } from "./body-check.ts";
import { openDatagrams } from "./datagrams.ts";

export function startDns(loop: Loop, probe: Extract<ProbeModel, { kind: "dns" }>, attempt: Attempt): void {
  const { target, domain, recordType } = probe;
  const id = randomInt(65_536);
  const question = { name: domain, type: recordType as RecordType };
  const query = encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [question] });
  const socket = openDatagrams(loop, target, {
    received(bytes) {
      const answer = decoded(bytes);
      if (answer === undefined) attempt.fail("no DNS answer", printable(bytes));
      // An answer to somebody else's question is not ours: it may be late, or forged.
      else if (answer.id === id && answer.type === "response") {
        attempt.settle({ ok: answer.rcode === "NOERROR", detail: `answered ${answer.rcode}` });
      }
    },
    failed: (detail) => attempt.fail(detail === "connection refused" ? "port unreachable" : detail),
  });
  attempt.holds(() => socket.close());
  attempt.wait(target.timeout, "no answer");
  socket.send(query);
}

/** The package's types leave the response code out. */
function decoded(bytes: Uint8Array): (DecodedPacket & { readonly rcode?: string }) | undefined {
  try {
    return decode(Buffer.from(bytes)) as DecodedPacket & { readonly rcode?: string };
  } catch {
    return undefined;
  }
}
