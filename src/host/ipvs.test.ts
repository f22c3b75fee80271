import { describe, expect, it } from "vitest";
import { concatBytes, toHex } from "../base/bytes.ts";
import type { TableChange, TableService } from "../director/table.ts";
import type { Endpoint } from "../model/director-models.ts";
import { AttributeReader } from "../wire/netlink/attributes.ts";
import { NLMSG_ERROR } from "../wire/netlink/constants.ts";
import { readGeneric } from "../wire/netlink/generic.ts";
import { writeHost32 } from "../wire/netlink/host-order.ts";
import * as ipvs from "../wire/netlink/ipvs-constants.ts";
import { MessageBuilder, type NetlinkMessage, splitMessages } from "../wire/netlink/message.ts";
import { Ipvs } from "./ipvs.ts";
import type { NetlinkWriter } from "./netlink-writer.ts";

const FAMILY = 0x21;
const [ENOENT, ESRCH, EEXIST] = [2, 3, 17];

/** A kernel that knows which services and servers there are, and answers as the real one does. */
class FakeKernel implements NetlinkWriter {
  readonly port = 1;
  /** Servers of each service. */
  readonly table = new Map<string, Set<string>>();
  /** Messages of each send. */
  readonly sends: number[] = [];
  /** Answers this many messages of the next send, and then breaks down. */
  answers = Number.POSITIVE_INFINITY;
  #sequence = 0;

  nextSequence(count = 1): number {
    return this.#sequence + count > 0x7fff_ffff ? 1 : this.#sequence + 1;
  }

  submit(
    call: string,
    subject: string,
    sequence: number,
    request: Uint8Array,
    done: Parameters<NetlinkWriter["submit"]>[4],
  ): void {
    this.#sequence = sequence;
    const messages = splitMessages(request);
    this.sends.push(messages.length);
    const answered = messages.slice(0, this.answers);
    const errors = answered.map((message) => this.#carryOut(message));
    const reply = concatBytes(
      ...answered.map((message, index) => acknowledgement(message, errors[index] ?? 0)),
    );
    const broken = answered.length < messages.length;
    const failed = broken || errors.some((error) => error !== 0);
    const errno = broken ? "ETIMEDOUT" : "E";
    queueMicrotask(() => done(failed ? { call, subject, errno } : undefined, reply));
  }

  pending(): number {
    return 0;
  }

  submitted(): number {
    return this.sends.length;
  }

  close(): void {
    this.table.clear();
  }

  #carryOut(message: NetlinkMessage): number {
    const { command, attributes } = readGeneric(message, FAMILY) ?? {
      command: 0,
      attributes: new AttributeReader(new Uint8Array(0)),
    };
    let service = "";
    let server = "";
    while (attributes.next()) {
      if (attributes.type === ipvs.IPVS_CMD_ATTR_SERVICE)
        service = keyOf(attributes.nested(), [ipvs.IPVS_SVC_ATTR_ADDR, ipvs.IPVS_SVC_ATTR_PORT]);
      else server = keyOf(attributes.nested(), [ipvs.IPVS_DEST_ATTR_ADDR, ipvs.IPVS_DEST_ATTR_PORT]);
    }
    if (command === ipvs.IPVS_CMD_NEW_SERVICE) return this.#addService(service);
    const servers = this.table.get(service);
    if (servers === undefined) return ESRCH;
    if (command === ipvs.IPVS_CMD_DEL_SERVICE) this.table.delete(service);
    if (command === ipvs.IPVS_CMD_DEL_SERVICE || command === ipvs.IPVS_CMD_SET_SERVICE) return 0;
    if (command === ipvs.IPVS_CMD_NEW_DEST) {
      if (servers.has(server)) return EEXIST;
      servers.add(server);
      return 0;
    }
    if (!servers.has(server)) return ENOENT;
    if (command === ipvs.IPVS_CMD_DEL_DEST) servers.delete(server);
    return 0;
  }

  /** One address stands for a scheduler that is missing. */
  #addService(service: string): number {
    if (service.startsWith("0a0800ff")) return ENOENT;
    if (this.table.has(service)) return EEXIST;
    this.table.set(service, new Set());
    return 0;
  }
}

function keyOf(list: AttributeReader, types: readonly number[]): string {
  const parts: string[] = [];
  while (list.next()) if (types.includes(list.type)) parts.push(toHex(list.bytes()));
  return parts.join(" ");
}

function acknowledgement(message: NetlinkMessage, errno: number): Uint8Array {
  const body = new Uint8Array(4 + 16);
  writeHost32(body, 0, errno === 0 ? 0 : 0x1_0000_0000 - errno);
  writeHost32(body, 4 + 8, message.sequence);
  return new MessageBuilder(NLMSG_ERROR, 0, message.sequence).fixed(body).finish();
}

function tcp(last: number): Endpoint {
  return { kind: "address", protocol: "tcp", address: `10.8.0.${last}`, port: 80 };
}

const SETTINGS: Omit<TableService, "destinations" | "endpoint"> = {
  scheduler: "rr",
  flags: { flag1: false, flag2: false, flag3: false },
  onePacket: false,
  persistence: undefined,
};

function onService(kind: "AddService" | "EditService" | "DeleteService", last: number): TableChange {
  return { kind, service: { ...SETTINGS, endpoint: tcp(last) } };
}

function onServer(
  kind: "AddDestination" | "EditDestination" | "DeleteDestination",
  last: number,
  server: number,
): TableChange {
  const destination = {
    address: `10.8.1.${server}`,
    port: 80,
    family: "ipv4",
    forwarding: { method: "dr" },
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
  } as const;
  return { kind, endpoint: tcp(last), destination };
}

/** Refusals as `index call errno`. */
function change(kernel: FakeKernel, changes: readonly TableChange[]): Promise<readonly string[]> {
  const plane = new Ipvs(kernel, FAMILY, { version: "1.2.1", size: 4096 });
  return new Promise((resolve) => {
    plane.change(changes, (refusals) =>
      resolve(refusals.map(({ index, error }) => `${index} ${error.call} ${error.subject}: ${error.errno}`)),
    );
  });
}

describe("a change of IPVS's table", () => {
  it("goes out in batches, and a second one only for what needs it", async () => {
    const kernel = new FakeKernel();
    const changes = Array.from({ length: 100 }, (_, index) => [
      onService("AddService", index),
      ...[1, 2, 3, 4].map((server) => onServer("AddDestination", index, server)),
    ]).flat();
    expect(await change(kernel, changes)).toEqual([]);
    expect(kernel.sends).toEqual([200, 200, 100]);
    expect([...kernel.table.values()].map((servers) => servers.size)).toEqual(new Array(100).fill(4));
    expect(await change(kernel, [...changes.slice(0, 2), onServer("AddDestination", 0, 5)])).toEqual([]);
    expect(kernel.sends.slice(3)).toEqual([3, 2]);
  });

  it("edits what is there already, and adds what is missing", async () => {
    const kernel = new FakeKernel();
    const edits = [
      onService("EditService", 1),
      onServer("EditDestination", 1, 1),
      onServer("EditDestination", 1, 2),
    ];
    expect(await change(kernel, edits)).toEqual([]);
    expect([...kernel.table.values()].map((servers) => servers.size)).toEqual([2]);
    expect(await change(kernel, [onServer("EditDestination", 1, 3)])).toEqual([]);
    expect([...kernel.table.values()].map((servers) => servers.size)).toEqual([3]);
  });

  it("takes what is gone for deleted", async () => {
    const kernel = new FakeKernel();
    expect(
      await change(kernel, [onServer("DeleteDestination", 1, 1), onService("DeleteService", 1)]),
    ).toEqual([]);
    expect(kernel.sends).toEqual([2]);
    await change(kernel, [onService("AddService", 1)]);
    expect(await change(kernel, [onServer("DeleteDestination", 1, 1)])).toEqual([]);
  });

  it("names every step that was refused, and does all others", async () => {
    const kernel = new FakeKernel();
    const changes = [
      onService("AddService", 255),
      onServer("AddDestination", 255, 1),
      onService("AddService", 1),
      onServer("AddDestination", 1, 1),
    ];
    expect(await change(kernel, changes)).toEqual([
      "0 IPVS: add service [10.8.0.255]:tcp:80: ENOENT",
      "1 IPVS: add server [10.8.1.1]:80 of [10.8.0.255]:tcp:80: ESRCH",
    ]);
    expect(kernel.table.size).toBe(1);
  });

  it("does not add servers to a service that was never asked to come back", async () => {
    const kernel = new FakeKernel();
    expect(await change(kernel, [onServer("EditDestination", 1, 1)])).toEqual([
      "0 IPVS: edit server [10.8.1.1]:80 of [10.8.0.1]:tcp:80: ESRCH",
    ]);
    expect(kernel.sends).toEqual([1]);
  });

  it("tells when the table is not what was expected: what is there already may have servers of others", async () => {
    const kernel = new FakeKernel();
    const plane = new Ipvs(kernel, FAMILY, { version: "1.2.1", size: 4096 });
    let disturbances = 0;
    plane.watch(() => disturbances++);
    const add = (last: number): Promise<unknown> =>
      new Promise((resolve) => plane.change([onService("AddService", last)], resolve));
    await add(1);
    expect(disturbances).toBe(0);
    await add(1);
    expect(disturbances).toBe(1);
  });

  it("takes steps that were not answered for refused", async () => {
    const kernel = new FakeKernel();
    kernel.answers = 1;
    expect(await change(kernel, [onService("AddService", 1), onServer("AddDestination", 1, 1)])).toEqual([
      "1 IPVS: add server [10.8.1.1]:80 of [10.8.0.1]:tcp:80: ETIMEDOUT",
    ]);
  });

  it("is over before the next begins", async () => {
    const kernel = new FakeKernel();
    const plane = new Ipvs(kernel, FAMILY, { version: "1.2.1", size: 4096 });
    const order: string[] = [];
    const many = Array.from({ length: 250 }, (_, index) => onService("AddService", index));
    plane.change(many, () => order.push(`first ${kernel.table.size}`));
    await new Promise<void>((resolve) => {
      plane.change([onService("EditService", 0), onService("DeleteService", 1)], (refusals) => {
        order.push(`second ${kernel.table.size} ${refusals.length}`);
        resolve();
      });
    });
    expect(order).toEqual(["first 250", "second 249 0"]);
    expect(kernel.sends).toEqual([200, 50, 2]);
  });

  it("answers nothing to do with nothing refused", async () => {
    const kernel = new FakeKernel();
    expect(await change(kernel, [])).toEqual([]);
    expect(kernel.sends).toEqual([]);
  });
});
