import { expect, it } from "vitest";
import { directorModel, virtualServer } from "../../sim/director/models.ts";
import { seconds } from "../base/time.ts";
import { createDirectorEngine } from "../director/engine.ts";
import type { DirectorModel } from "../model/director-models.ts";
import type { CheckerSnapshot } from "./messages.ts";
import { programmedTable } from "./programmed-table.ts";

const PLANE = { name: "IPVS 1.2.1", why: "the kernel has it" };

/** The checker's memory once the kernel has taken the first table. */
function snapshotOf(model: DirectorModel): CheckerSnapshot {
  const engine = createDirectorEngine({ seed: 1 });
  let actions = engine.handle(seconds(1), { kind: "ConfigChanged", model });
  actions = [...actions, ...engine.handle(seconds(2), { kind: "TableRead", services: [] })];
  for (const action of actions) {
    if (action.kind === "ChangeTable") engine.handle(seconds(3), { kind: "ActionDone", id: action.id });
  }
  return { director: engine.snapshot(seconds(4)), plane: PLANE, timeoutsFound: undefined };
}

it("tells what the kernel has taken, and in which namespace", () => {
  const snapshot = snapshotOf(directorModel([virtualServer([])]));
  const table = programmedTable(snapshot, 4711);
  expect(table).toMatchObject({ command: "table", plane: PLANE, namespace: "/proc/4711/ns/net" });
  expect(table.programmed.map(({ endpoint }) => endpoint)).toMatchObject([{ kind: "address", port: 80 }]);
});

it("names the namespace of the configuration, and nothing programmed where no checker runs", () => {
  const elsewhere = snapshotOf(directorModel([], { tableNamespace: { kind: "named", name: "kube" } }));
  expect(programmedTable(elsewhere, 4711).namespace).toBe("/run/netns/kube");
  expect(programmedTable(undefined, 4711)).toEqual({
    ok: true,
    command: "table",
    plane: undefined,
    programmed: [],
    namespace: "/proc/4711/ns/net",
  });
});
