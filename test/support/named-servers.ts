/** Servers that answer with their names, clients that count them, and the nftables table that leads from these to those. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import type { Director } from "./director.ts";
import type { Host } from "./lan.ts";
import { waitFor } from "./wait.ts";

const TRAFFIC = new URL("name-traffic.mjs", import.meta.url).pathname;
export const WITHIN = { within: 10_000 };

export type Protocol = "tcp" | "udp";

/** How many were answered by whom. */
export type Answers = Readonly<Record<string, number>>;

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly protocol?: Protocol;
  /** The client's address. */
  readonly source?: string;
}

/** Starts a name server in a host: connections to any of its addresses, datagrams to these. */
export async function serve(
  host: Host,
  ports: readonly number[],
  addresses: readonly string[] = [],
  name = host.name,
): Promise<ChildProcess> {
  const child = host.spawn([process.execPath, TRAFFIC, "serve", name, ports.join(","), ...addresses]);
  await printed(child, "ready");
  return child;
}

/** Waits for a text on a program's output, and gives all that it printed from then on. */
async function printed(child: ChildProcess, text: string): Promise<() => string> {
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  await waitFor(text, () => output.includes(text), { ...WITHIN, detail: () => output });
  return () => output;
}

/** Asks anew each time. */
export function count(
  host: Host,
  total: number,
  { address, port, protocol = "tcp", source }: Target,
): Answers {
  const words = [
    "count",
    protocol,
    address,
    `${port}`,
    `${total}`,
    ...(source === undefined ? [] : [source]),
  ];
  return JSON.parse(host.run(process.execPath, TRAFFIC, ...words)) as Answers;
}

/** Who answers each of these clients. */
export function askFrom(
  host: Host,
  sources: readonly string[],
  { address, port, protocol = "tcp" }: Target,
): Readonly<Record<string, string>> {
  const words = ["clients", protocol, address, `${port}`, ...sources];
  return JSON.parse(host.run(process.execPath, TRAFFIC, ...words)) as Record<string, string>;
}

export interface Held {
  /** Who answered first. */
  readonly name: string;
  /** Who answered last. */
  readonly last: string;
  /** Waits for an answer to something that is sent from now on: by the same server. */
  ask(): Promise<void>;
  ended(): Promise<unknown>;
  /** Another server answers. */
  moved(): Promise<unknown>;
  end(): void;
}

/** A connection that stays open, or datagrams from one port. */
export async function hold(host: Host, { address, port, protocol = "tcp", source }: Target): Promise<Held> {
  const words = ["hold", protocol, address, `${port}`, ...(source === undefined ? [] : [source])];
  const child = host.spawn([process.execPath, TRAFFIC, ...words]);
  const output = await printed(child, "\n");
  const lines = (): string[] => output().trim().split("\n");
  const name = lines()[0] ?? "";
  return {
    name,
    get last() {
      return lines().at(-1) ?? "";
    },
    ended: () => waitFor("the end", () => lines().at(-1) === "ECONNRESET", WITHIN),
    moved: () => waitFor("another server", () => lines().at(-1) !== name, { ...WITHIN, detail: output }),
    async ask() {
      // Two: one may be on its way.
      const before = lines().length;
      await waitFor("answers", () => lines().length > before + 1, { within: 5_000 });
      expect(lines().at(-1)).toBe(name);
    },
    end: () => child.kill(),
  };
}

export interface Crowd {
  /** Asks on every connection. */
  ask(): Promise<Answers>;
  /** Resets all of them. */
  end(): void;
}

/** Connections that stay open. */
export async function gather(host: Host, total: number, { address, port }: Target): Promise<Crowd> {
  const command = [process.execPath, TRAFFIC, "crowd", address, `${port}`, `${total}`];
  const child = host.spawn(command, {}, "pipe");
  await printed(child, "open");
  return {
    async ask() {
      const answer = once(child.stdout as NodeJS.ReadableStream, "data") as Promise<[Buffer]>;
      child.stdin?.write("\n");
      return JSON.parse((await answer)[0].toString()) as Answers;
    },
    end: () => child.stdin?.end(),
  };
}

export function tableOf(host: Host, family = "ip"): string {
  try {
    return host.run("nft", "-a", "list", "table", family, "buoy");
  } catch {
    return "";
  }
}

export async function isProgrammed(director: Director, text: string | RegExp, family = "ip"): Promise<void> {
  const fits = (table: string): boolean =>
    typeof text === "string" ? table.includes(text) : text.test(table);
  await waitFor(`${text} in the table`, () => fits(tableOf(director.host, family)), {
    ...WITHIN,
    detail: () => director.output.slice(-2000) + tableOf(director.host, family),
  });
}

/** The part of the table that is one chain, with its handles. */
export function chainOf(host: Host, name: string): string {
  return new RegExp(`chain ${name} \\{[^}]*\\}`).exec(tableOf(host))?.[0] ?? "";
}
