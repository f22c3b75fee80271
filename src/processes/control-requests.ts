/** What arrives on the control socket, checked. */

import type { Result } from "../base/result.ts";
import { fail, ok } from "../base/result.ts";
import type { ControlRequest } from "../observe/control-protocol.ts";

/** More entries than this are never wanted, nor kept. */
const MOST_ENTRIES = 10_000;
const DEFAULT_ENTRIES = 10;
/** Characters of a name or reason that are kept. */
const LONGEST_TEXT = 400;

/** The request, or a sentence saying what is wrong with it. Any value is borne. */
export function parseControlRequest(value: unknown): Result<ControlRequest, string> {
  if (typeof value !== "object" || value === null) return fail("a request is an object with a command");
  const { command, instance, limit, follow, file } = value as Readonly<Record<string, unknown>>;
  switch (command) {
    case "status":
    case "reload":
    case "table":
    case "stop":
      return ok({ command });
    case "order":
      return parseOrder(value as Readonly<Record<string, unknown>>);
    case "pool":
      return parsePoolOrder(value as Readonly<Record<string, unknown>>);
    case "pools": {
      const { service } = value as Readonly<Record<string, unknown>>;
      if (service !== undefined && typeof service !== "string") return fail("service is a name");
      return ok({ command, service });
    }
    case "plan":
      if (file !== undefined && (typeof file !== "string" || !file.startsWith("/")))
        return fail("file is an absolute path");
      return ok({ command, file });
    case "why":
      if (instance !== undefined && typeof instance !== "string") return fail("instance is a name");
      return isLimit(limit)
        ? ok({ command, instance, limit: limit ?? DEFAULT_ENTRIES })
        : fail(`limit is a number from 0 to ${MOST_ENTRIES}`);
    case "journal":
      if (follow !== undefined && typeof follow !== "boolean") return fail("follow is true or false");
      return isLimit(limit)
        ? ok({ command, limit: limit ?? DEFAULT_ENTRIES, follow: follow ?? false })
        : fail(`limit is a number from 0 to ${MOST_ENTRIES}`);
    default:
      return fail("unknown command");
  }
}

function parseOrder(fields: Readonly<Record<string, unknown>>): Result<ControlRequest, string> {
  const { order, on, subject, ttl, force, by, why } = fields;
  if (order !== "failover" && order !== "maintenance" && order !== "freeze")
    return fail("order is failover, maintenance or freeze");
  if (typeof on !== "boolean" || typeof force !== "boolean") return fail("on and force are true or false");
  if (subject !== undefined && typeof subject !== "string") return fail("subject is a name");
  if (order === "failover" && subject === undefined) return fail("a failover needs a subject");
  if (ttl !== undefined && !(typeof ttl === "number" && Number.isInteger(ttl) && ttl > 0))
    return fail("ttl is a positive number of microseconds");
  if (typeof by !== "string" || by === "") return fail("by says who asks");
  if (why !== undefined && typeof why !== "string") return fail("why is a text");
  const said = { by: by.slice(0, LONGEST_TEXT), why: why?.slice(0, LONGEST_TEXT) };
  return ok({ command: "order", order, on, subject, ttl, force, ...said });
}

function parsePoolOrder(fields: Readonly<Record<string, unknown>>): Result<ControlRequest, string> {
  const { action, service, server, weight, by, why } = fields;
  if (action !== "weight" && action !== "drain" && action !== "disable" && action !== "enable")
    return fail("action is weight, drain, disable or enable");
  if (typeof service !== "string" || typeof server !== "string") return fail("service and server are names");
  if (weight !== undefined && !Number.isInteger(weight)) return fail("weight is a whole number");
  if (typeof by !== "string" || by === "") return fail("by says who asks");
  if (why !== undefined && typeof why !== "string") return fail("why is a text");
  const said = { by: by.slice(0, LONGEST_TEXT), why: why?.slice(0, LONGEST_TEXT) };
  return ok({ command: "pool", action, service, server, weight: weight as number | undefined, ...said });
}

function isLimit(value: unknown): value is number | undefined {
  if (value === undefined) return true;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_ENTRIES;
}
