/** What the director has programmed, for those who compare it with the kernel's table. */
import type { ControlReply } from "../observe/control-protocol.ts";
import type { CheckerSnapshot } from "./messages.ts";
import { namespaceOfTable } from "./open-plane.ts";

type TableReply = ControlReply & { readonly ok: true; readonly command: "table" };

/** `pid` is a process of this daemon. */
export function programmedTable(checker: CheckerSnapshot | undefined, pid: number): TableReply {
  return {
    ok: true,
    command: "table",
    plane: checker?.plane,
    programmed: checker?.director.table.known ?? [],
    namespace: namespaceOfTable(checker?.director.model?.tableNamespace) ?? `/proc/${pid}/ns/net`,
  };
}
