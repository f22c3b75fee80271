/** A machine's configuration: what its file says, what is in force in its process, and what it ever was. */
import type { Instant } from "../src/base/time.ts";
import type { VirtualAddressModel, VrrpModel } from "../src/model/model.ts";
import { changeModel } from "./changes.ts";
import type { ModelChange, RouterSpec } from "./spec.ts";
import type { InstanceView } from "./view.ts";
import { firstView } from "./view.ts";

export class Configured {
  /** In force in the process, or what it would start with. */
  model: VrrpModel;
  /** What the file says. */
  file: VrrpModel;
  /** Addresses of any model it has had. */
  readonly everHeld = new Map<string, VirtualAddressModel>();
  /** When a script last began to be followed: its first results are on their way. */
  scriptsSince: Instant = 0;
  readonly #spec: RouterSpec;

  constructor(spec: RouterSpec) {
    this.#spec = spec;
    this.file = spec.model;
    this.model = spec.model;
    this.adopt(spec.model, 0);
  }

  edit(change: ModelChange): void {
    const [script] = this.#spec.scripts;
    if (script !== undefined) this.file = changeModel(this.file, change, script);
  }

  adopt(model: VrrpModel, now: Instant): void {
    if (model.trackScripts.length > 0 && this.model.trackScripts.length === 0) this.scriptsSince = now;
    this.model = model;
    for (const { virtualAddresses, excludedAddresses } of model.instances)
      for (const one of [...virtualAddresses, ...excludedAddresses])
        this.everHeld.set(`${one.interface} ${one.address}`, one);
  }

  follows(script: string): boolean {
    return this.model.trackScripts.some(({ name }) => name === script);
  }
}

/** Before a new configuration counts: instances that it brings begin. */
export function meetModel(views: Map<string, InstanceView>, model: VrrpModel, now: Instant): void {
  for (const instance of model.instances) {
    const view = views.get(instance.key);
    if (view === undefined) views.set(instance.key, firstView(instance, undefined, now));
    else view.model = instance;
  }
}

/** After it counts: those that it has no more are gone. */
export function leaveModel(views: Map<string, InstanceView>, model: VrrpModel): void {
  const keys = new Set(model.instances.map(({ key }) => key));
  for (const key of [...views.keys()]) if (!keys.has(key)) views.delete(key);
}
