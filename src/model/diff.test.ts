import { describe, expect, test } from "vitest";
import { diffModels, isUnchanged } from "./diff.ts";
import { NO_DIRECTOR } from "./director-models.ts";
import { instanceKey } from "./keys.ts";
import type { Model, TrackScriptModel, VrrpInstanceModel } from "./model.ts";

const script = (name: string, interval = 1): TrackScriptModel => ({
  name,
  command: { path: "/bin/true", argv: ["/bin/true"], uid: 0, gid: 0, groups: [] },
  interval,
  timeout: 1,
  rise: 1,
  fall: 1,
  weight: 0,
  reverse: false,
  initFail: false,
});

/** Only what a comparison looks at. */
function instance(
  name: string,
  virtualRouterId: number,
  more: Partial<VrrpInstanceModel> = {},
): VrrpInstanceModel {
  const identity = {
    interface: "eth0",
    virtualRouterId,
    family: "ipv4",
    multicastGroup: "224.0.0.18",
  } as const;
  const virtualAddresses = [{ address: "192.0.2.1" }];
  return {
    name,
    ...identity,
    priority: 100,
    virtualAddresses,
    key: instanceKey(identity),
    ...more,
  } as VrrpInstanceModel;
}

function model(instances: readonly VrrpInstanceModel[], more: Partial<Model> = {}): Model {
  return {
    global: { routerId: "a", dynamicInterfaces: false } as Model["global"],
    vrrp: {
      instances,
      syncGroups: [],
      garpGroups: [],
      trackScripts: [],
      trackFiles: [],
      trackProcesses: [],
      fifo: false,
      noMailOnFault: false,
      startupDelay: 0,
      statics: { addresses: [], routing: [] },
    },
    trackScripts: [],
    bfd: [],
    trackFiles: [],
    trackProcesses: [],
    mail: undefined,
    daemon: {
      fifos: [],
      statesOnReload: false,
      startupScript: undefined,
      shutdownScript: undefined,
      umask: 0o177,
      childWait: undefined,
      reloadFile: undefined,
      reloadTime: undefined,
      saveDirectory: undefined,
    },
    director: NO_DIRECTOR,
    ...more,
  };
}

describe("diffModels", () => {
  test("finds nothing between equal values", () => {
    const diff = diffModels(model([instance("A", 1)]), structuredClone(model([instance("A", 1)])));
    expect(isUnchanged(diff)).toBe(true);
    expect(diff.unchanged.map((one) => one.name)).toEqual(["A"]);
  });

  test("matches by identity, not by name", () => {
    const diff = diffModels(model([instance("A", 1)]), model([instance("B", 1)]));
    expect(diff.changed.map(({ before, after, fields }) => [before.name, after.name, fields])).toEqual([
      ["A", "B", ["name"]],
    ]);
    expect([...diff.added, ...diff.removed]).toEqual([]);
  });

  test("takes another VRID for another router", () => {
    const diff = diffModels(
      model([instance("A", 1), instance("B", 2)]),
      model([instance("B", 2), instance("A", 3)]),
    );
    expect(diff.added.map((one) => one.virtualRouterId)).toEqual([3]);
    expect(diff.removed.map((one) => one.virtualRouterId)).toEqual([1]);
    expect(diff.unchanged.map((one) => one.virtualRouterId)).toEqual([2]);
  });

  test("names the fields that changed, nested ones by their outermost", () => {
    const after = instance("A", 1, { priority: 90, virtualAddresses: [] });
    const diff = diffModels(model([instance("A", 1)]), model([after]));
    expect(diff.changed[0]?.fields).toEqual(["priority", "virtualAddresses"]);
    expect(isUnchanged(diff)).toBe(false);
  });

  test("compares scripts by name and settings", () => {
    const diff = diffModels(
      model([], { trackScripts: [script("same"), script("other"), script("gone")] }),
      model([], { trackScripts: [script("same"), script("other", 2), script("new")] }),
    );
    const names = (list: readonly TrackScriptModel[]) => list.map((one) => one.name);
    expect([names(diff.scripts.added), names(diff.scripts.removed), names(diff.scripts.changed)]).toEqual([
      ["new"],
      ["gone"],
      ["other"],
    ]);
  });

  test("names settings of the rest", () => {
    const after = model([], { global: { routerId: "b", dynamicInterfaces: false } as Model["global"] });
    expect(diffModels(model([]), after).settings).toEqual(["global.routerId"]);
  });
});

describe("instanceKey", () => {
  test("holds interface, VRID, family and any unusual group", () => {
    const identity = {
      interface: "eth0",
      virtualRouterId: 7,
      family: "ipv4",
      multicastGroup: "224.0.0.18",
    } as const;
    expect(instanceKey(identity)).toBe("eth0/7/ipv4/multicast");
    expect(instanceKey({ ...identity, multicastGroup: "224.0.0.19" })).toBe(
      "eth0/7/ipv4/multicast-224.0.0.19",
    );
  });
});
