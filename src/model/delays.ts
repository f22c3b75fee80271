/** Waits of the whole daemon: after boot, and before a link's change counts. */
import { formatSpan, MICROS_PER_CENTISECOND, MICROS_PER_SECOND, type Micros } from "../base/time.ts";
import type { Entry, Word } from "../config/tree.ts";
import { checkInterface, type ResolveContext } from "./context.ts";
import type { DraftBlock } from "./draft.ts";
import type { LinkDelayModel } from "./host-settings.ts";
import { baseInterfaceOf, virtualInterfacesOf } from "./keys.ts";
import type { VrrpInstanceModel, VrrpModel } from "./model.ts";

const LONGEST_SECONDS = 255;
const DECIMAL = /^\d{1,3}(\.\d{1,6})?$/;

export function resolveBootDelay(globals: DraftBlock): Pick<VrrpModel, "delayAfterBoot"> {
  const delayAfterBoot = globals.span("vrrp_delay_after_boot") ?? 0;
  return delayAfterBoot > 0 ? { delayAfterBoot } : {};
}

/** The last line for an interface counts. */
export function resolveLinkDelays(
  root: DraftBlock,
  instances: readonly VrrpInstanceModel[],
  context: ResolveContext,
): Pick<VrrpModel, "linkDelays"> {
  const delays = new Map<string, LinkDelayModel>();
  for (const { entries } of root.all("interface_up_down_delays")) {
    for (const entry of entries) {
      const delay = readDelay(entry, instances, context);
      if (delay !== undefined) delays.set(delay.interface, delay);
    }
  }
  // What stands on an interface comes and goes with it.
  for (const { name, base } of instances.flatMap(virtualInterfacesOf)) {
    const delay = delays.get(base);
    if (delay !== undefined && !delays.has(name)) delays.set(name, { ...delay, interface: name });
  }
  const linkDelays = [...delays.values()].filter(({ down, up }) => down > 0 || up > 0);
  return linkDelays.length > 0 ? { linkDelays } : {};
}

function readDelay(
  entry: Entry,
  instances: readonly VrrpInstanceModel[],
  context: ResolveContext,
): LinkDelayModel | undefined {
  const [name, downWord, upWord, surplus] = entry.words;
  if (name === undefined) return undefined;
  const down = readSeconds(downWord);
  const up = upWord === undefined ? 0 : readSeconds(upWord);
  if (down === undefined || up === undefined || surplus !== undefined) {
    context.report.repair("invalid-value", entry.span, "a line holds an interface and one or two delays", {
      hint: `seconds from 0 to ${LONGEST_SECONDS}, down first: eth0 0.5 2`,
      repair: "the line is ignored",
    });
    return undefined;
  }
  if (!checkInterface(context, name.text, name.span, "interface")) return undefined;
  return { interface: name.text, down: clip(name, down, instances, context), up };
}

function readSeconds(word: Word | undefined): Micros | undefined {
  if (word === undefined || !DECIMAL.test(word.text) || Number(word.text) > LONGEST_SECONDS) return undefined;
  return Math.round(Number(word.text) * MICROS_PER_SECOND);
}

/** A master must not go on for longer on a dead link than its backups wait for it: one interval is kept in hand. */
function clip(
  name: Word,
  down: Micros,
  instances: readonly VrrpInstanceModel[],
  context: ResolveContext,
): Micros {
  const users = instances.filter((instance) => baseInterfaceOf(instance) === name.text);
  const most = Math.min(
    ...users.map(
      ({ downTimerAdverts, advertisementInterval }) => (downTimerAdverts - 1) * advertisementInterval,
    ),
  );
  if (down < most || down === 0) return down;
  const clipped = Math.max(0, most - MICROS_PER_CENTISECOND);
  context.report.repair(
    "debounce",
    name.span,
    `a link may be down for ${formatSpan(most)} at most until a backup of its instances takes over`,
    { repair: `the delay is ${formatSpan(clipped)}` },
  );
  return clipped;
}
