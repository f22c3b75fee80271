/** Finds out whether the kernel has IPVS that this process may use, and loads its module where need be. */
import type { OsError, Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import { decodeFamily, encodeFamilyQuestion } from "../wire/netlink/generic.ts";
import { NETLINK_GENERIC } from "../wire/netlink/generic-constants.ts";
import { decodeInfo, encodeInfoQuestion } from "../wire/netlink/ipvs-settings.ts";
import { splitMessages } from "../wire/netlink/message.ts";
import { Ipvs } from "./ipvs.ts";
import type { Loop } from "./loop.ts";
import { SystemError } from "./native.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";
import { openNetlinkWriter } from "./netlink-writer.ts";
import { spawnProcess } from "./system.ts";

const FAMILY_NAME = "IPVS";
const QUEUE_LIMIT = 1024;
const MODPROBES = ["/usr/sbin/modprobe", "/sbin/modprobe"];
const ABSENT = "ENOENT";

type Opened = (result: Result<Ipvs, OsError>) => void;

/** Calls back with IPVS, or with the reason why there is none to be used. */
export function openIpvs(loop: Loop, done: Opened): void {
  let writer: NetlinkWriter;
  try {
    writer = openNetlinkWriter(loop, QUEUE_LIMIT, NETLINK_GENERIC);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const { osError } = error;
    queueMicrotask(() => done(fail(osError)));
    return;
  }
  const refuse = (error: OsError): void => {
    writer.close();
    done(fail(error));
  };
  const found = (family: number): void =>
    askInfo(writer, family, (result) => (result.ok ? done(result) : refuse(result.error)));
  // Asking makes the kernel load the module; where it cannot, modprobe may.
  askFamily(writer, (first) => {
    if (first.ok) return found(first.value);
    if (first.error.errno !== ABSENT) return refuse(first.error);
    loadModule(loop, (why) => {
      askFamily(writer, (second) => {
        if (second.ok) return found(second.value);
        refuse({ ...second.error, detail: `this kernel has no IPVS loaded, and ${why}` });
      });
    });
  });
}

function askFamily(writer: NetlinkWriter, done: (result: Result<number, OsError>) => void): void {
  const sequence = writer.nextSequence();
  const question = encodeFamilyQuestion(FAMILY_NAME, sequence);
  const call = "find generic netlink family";
  writer.submit(call, FAMILY_NAME, sequence, question, (error, reply) => {
    const family = splitMessages(reply).flatMap((message) => decodeFamily(message) ?? [])[0];
    if (family !== undefined) done(ok(family));
    else done(fail(error ?? { call, subject: FAMILY_NAME, errno: "EBADMSG" }));
  });
}

/** The first thing that needs privileges. */
function askInfo(writer: NetlinkWriter, family: number, done: Opened): void {
  const sequence = writer.nextSequence();
  const call = "IPVS: read version";
  writer.submit(call, FAMILY_NAME, sequence, encodeInfoQuestion(family, sequence), (error, reply) => {
    const info = splitMessages(reply).flatMap((message) => decodeInfo(message, family) ?? [])[0];
    if (info !== undefined) return done(ok(new Ipvs(writer, family, info)));
    if (error?.errno !== "EPERM")
      return done(fail(error ?? { call, subject: FAMILY_NAME, errno: "EBADMSG" }));
    const detail = "IPVS wants CAP_NET_ADMIN of the machine itself, not only of a user namespace";
    done(fail({ ...error, detail }));
  });
}

/** Calls back with what came of it, as a clause. */
function loadModule(loop: Loop, done: (outcome: string) => void): void {
  let last = "";
  for (const path of MODPROBES) {
    try {
      spawnProcess(loop, { path, argv: ["modprobe", "-q", "ip_vs"] }, (exit) =>
        done(
          exit.kind === "exited" ? `modprobe ip_vs ended with status ${exit.code}` : "modprobe was killed",
        ),
      );
      return;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      last = `modprobe could not be run (${error.osError.errno})`;
    }
  }
  queueMicrotask(() => done(last));
}
