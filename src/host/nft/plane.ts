/**
 * nftables as a data plane: a table of our own for each family. What a change means for each service goes to the kernel as
 * one transaction, all of it or nothing; the steps of a service that is refused are refused together.
 */
import { networkInterfaces } from "node:os";
import type { OsError, Result } from "../../base/result.ts";
import { fail, ok } from "../../base/result.ts";
import type { FoundService, TableChange, TableRefusal } from "../../director/table.ts";
import type { LvsTimeouts, SyncDaemonModel } from "../../model/director-models.ts";
import type { Answer, DataPlane, Done, SyncRole } from "../../ports/data-plane.ts";
import { NftBatch } from "../../wire/netlink/nftables.ts";
import type { NftFamily } from "../../wire/netlink/nftables-expressions.ts";
import type { Loop } from "../loop.ts";
import { SystemError } from "../native.ts";
import type { NetlinkWriter } from "../netlink-writer.ts";
import { Turns } from "../sequencer.ts";
import type { TableWatch } from "../table-watch.ts";
import { watchTables } from "../table-watch.ts";
import type { ConnectionCounts } from "./connections.ts";
import { countConnections, endConnections, endStrays } from "./connections.ts";
import type { Draft } from "./drafts.ts";
import { begunIn, draftChanges, goneFrom } from "./drafts.ts";
import { chainOf } from "./names.ts";
import type { FoundTable } from "./reader.ts";
import { foundServices, readTables } from "./reader.ts";
import { writeService, writeTimeouts } from "./services.ts";
import type { HeldService } from "./table.ts";
import { removeServicesTable, SERVICES_TABLE, TIMEOUTS, writeServicesTable } from "./table.ts";

export const NFT_PLANE = "nftables";
const FAMILIES: readonly NftFamily[] = ["ip", "ip6"];
/**
 * Servers of one transaction, unless one service has more: a send has to fit the socket's buffer, and while the kernel is at
 * it, nobody else has that processor.
 */
const BATCH = 150;
const LACKING: readonly string[] = ["ENOENT", "EOPNOTSUPP", "EPROTONOSUPPORT"];
const NEEDED =
  "this kernel may lack a part of nftables: modprobe -a nft_chain_nat nft_nat nft_numgen nft_hash nft_fib_ipv4 nft_fib_ipv6 nft_dup_ipv4 nft_dup_ipv6 nft_reject_ipv4 nft_reject_ipv6";
const NO_TIMEOUTS: LvsTimeouts = { tcp: undefined, tcpFin: undefined, udp: undefined };

/** Services of one family by their chain's name; undefined where the kernel has no table that we can go on with. */
type Held = Map<string, HeldService> | undefined;

export class NftPlane implements DataPlane {
  readonly name = NFT_PLANE;
  readonly #loop: Loop;
  readonly #writer: NetlinkWriter;
  readonly #counting: boolean;
  readonly #turns = new Turns();
  readonly #held: Record<NftFamily, Held> = { ip: undefined, ip6: undefined };
  #watch: TableWatch | undefined;
  #loaded = false;
  #nextId = 1;
  #timeouts = NO_TIMEOUTS;

  /** The writer is closed with it. With `counting`, connections are counted at every look. */
  constructor(loop: Loop, writer: NetlinkWriter, counting: boolean) {
    this.#loop = loop;
    this.#writer = writer;
    this.#counting = counting;
  }

  read(done: Answer<readonly FoundService[]>): void {
    this.#turns.run((ended: (result: Result<readonly FoundService[], OsError>) => void) => {
      this.#load((result) => {
        if (!result.ok) return ended(result);
        return this.#count(result.value, [], ended);
      });
    }, done);
  }

  change(changes: readonly TableChange[], done: (refusals: readonly TableRefusal[]) => void): void {
    this.#turns.run((ended: (refusals: readonly TableRefusal[]) => void) => {
      this.#ready((error) => {
        if (error === undefined) this.#change(changes, ended);
        else ended(changes.map((_, index) => ({ index, error })));
      });
    }, done);
  }

  flush(done: Done): void {
    this.#turns.run((ended: Done) => {
      this.#submit(
        "remove tables",
        "all",
        (batch) => {
          for (const family of FAMILIES) removeServicesTable(batch, family);
        },
        (error) => {
          this.#loaded = error === undefined;
          for (const family of FAMILIES) this.#held[family] = undefined;
          ended(error);
        },
      );
    }, done);
  }

  setSyncDaemon(_daemon: SyncDaemonModel, role: SyncRole, done: Done): void {
    const error = { call: "synchronise connections", subject: NFT_PLANE, errno: "EOPNOTSUPP" };
    queueMicrotask(() => done(role === "none" ? undefined : error));
  }

  readTimeouts(done: Answer<LvsTimeouts>): void {
    queueMicrotask(() => done(ok(this.#timeouts)));
  }

  setTimeouts(timeouts: LvsTimeouts, done: Done): void {
    this.#turns.run((ended: Done) => {
      this.#timeouts = timeouts;
      const fill = (batch: NftBatch): void => {
        for (const family of FAMILIES)
          if (this.#held[family] !== undefined) writeTimeouts(batch, family, timeouts);
      };
      this.#submit("set timeouts", "all", fill, ended);
    }, done);
  }

  /** A ruleset that is flushed, as firewalls do when they are reloaded, takes our tables with it. */
  watch(disturbed: () => void): void {
    try {
      const gone = (name: string | undefined): void => {
        const isOurs = name === undefined || name === SERVICES_TABLE;
        if (isOurs && FAMILIES.some((family) => this.#held[family] !== undefined)) disturbed();
      };
      this.#watch ??= watchTables(this.#loop, gone, this.#writer.port);
    } catch (error) {
      // Without it the next look finds out.
      if (!(error instanceof SystemError)) throw error;
    }
  }

  close(): void {
    this.#watch?.close();
    this.#writer.close();
  }

  #ready(done: Done): void {
    if (this.#loaded) done(undefined);
    else this.#load((result) => done(result.ok ? undefined : result.error));
  }

  /** What the kernel has is what we go on from. */
  #load(done: (result: Result<readonly FoundTable[], OsError>) => void): void {
    readTables(this.#writer, (result) => {
      if (!result.ok) return done(fail(result.error));
      this.#loaded = true;
      for (const family of FAMILIES) {
        const table = result.value.find((one) => one.family === family);
        this.#held[family] = table && new Map(table.services.map((one) => [chainOf(one.head.endpoint), one]));
      }
      const ids = result.value.flatMap(({ services }) =>
        services.flatMap(({ servers }) => servers.map(({ id }) => id)),
      );
      this.#nextId = ids.reduce((highest, id) => Math.max(highest, id + 1), this.#nextId);
      done(result);
    });
  }

  /** Counting connections takes long where there are many: only what is not to get new ones is waited for. */
  #count(
    tables: readonly FoundTable[],
    found: readonly FoundService[],
    done: (result: Result<readonly FoundService[], OsError>) => void,
  ): void {
    const [table, ...others] = tables;
    if (table === undefined) {
      done(ok(found));
      return;
    }
    const { family, services } = table;
    const go = (counts: ConnectionCounts): void =>
      this.#count(others, [...found, ...foundServices(table, counts)], done);
    if (!this.#counting && !services.some(isLeaving)) go(new Map());
    else
      countConnections(this.#writer, family, services, this.#timeouts.tcpFin ?? TIMEOUTS.tcpFin, (result) => {
        if (result.ok) go(result.value);
        else done(result);
      });
  }

  #change(changes: readonly TableChange[], done: (refusals: readonly TableRefusal[]) => void): void {
    const { drafts, refusals } = draftChanges(changes, {
      find: (family, chain) => this.#held[family]?.get(chain),
      nextId: () => this.#nextId++,
      locals: localAddresses(),
    });
    this.#write(drafts, (refused) => {
      const late = refused.flatMap(({ draft, error }) => draft.indices.map((index) => ({ index, error })));
      const written = drafts.filter((draft) => !refused.some((one) => one.draft === draft));
      this.#end(written, begunIn, endStrays, () => done([...refusals, ...late]));
    });
  }

  /** Several services at a time; where the kernel refuses, each for itself, so that it keeps no other out. */
  #write(
    drafts: readonly Draft[],
    done: (refused: readonly { readonly draft: Draft; readonly error: OsError }[]) => void,
  ): void {
    const refused: { readonly draft: Draft; readonly error: OsError }[] = [];
    const waiting = partsOf(drafts);
    const next = (): void => {
      const part = waiting.shift();
      if (part === undefined) {
        done(refused);
        return;
      }
      this.#writePart(part, (error) => {
        const [draft] = part;
        if (error !== undefined && part.length > 1) waiting.unshift(...part.map((one) => [one]));
        else if (error !== undefined && draft !== undefined) refused.push({ draft, error });
        next();
      });
    };
    next();
  }

  #writePart(part: readonly Draft[], done: Done, leaveChains = false): void {
    const [first] = part;
    const subject = part.length === 1 && first !== undefined ? first.chain : `${part.length} services`;
    const fresh = FAMILIES.filter(
      (family) => this.#held[family] === undefined && part.some((draft) => draft.family === family),
    );
    const fill = (batch: NftBatch): void => {
      for (const family of fresh) writeServicesTable(batch, family);
      for (const family of fresh) writeTimeouts(batch, family, this.#timeouts);
      for (const { before, after } of part) writeService(batch, before, after, leaveChains);
      for (const family of this.#emptied(part)) removeServicesTable(batch, family);
    };
    this.#submit("change services", subject, fill, (error) => {
      if (error?.errno === "EBUSY" && !leaveChains) {
        this.#writePart(part, done, true);
        return;
      }
      // Somebody may have removed the table: the next request looks.
      if (error !== undefined) {
        this.#loaded = false;
        return done(fresh.length > 0 ? withWhatLacks(error) : error);
      }
      this.#remember(part);
      return this.#end(part, goneFrom, endConnections, done);
    });
  }

  /**
   * Ends tracked connections that lead where they no longer should. To servers that are in the table no more, as IPVS does it
   * with `expire_nodest_conn`: clients are told, and datagrams go to another server. That a list could not be had refuses
   * nothing.
   */
  #end(
    drafts: readonly Draft[],
    affected: (draft: Draft) => readonly HeldService[],
    end: typeof endConnections,
    done: Done,
    [family, ...others]: readonly NftFamily[] = FAMILIES,
  ): void {
    if (family === undefined) {
      done(undefined);
      return;
    }
    const services = drafts.flatMap((draft) => (draft.family === family ? affected(draft) : []));
    const go = (): void => this.#end(drafts, affected, end, done, others);
    if (services.length === 0) go();
    else end(this.#writer, family, services, go);
  }

  /** Families whose last service goes with these. */
  #emptied(part: readonly Draft[]): readonly NftFamily[] {
    return FAMILIES.filter((family) => {
      const own = part.filter((draft) => draft.family === family);
      const left = new Set(this.#held[family]?.keys());
      for (const { chain, after } of own)
        if (after === undefined) left.delete(chain);
        else left.add(chain);
      return own.length > 0 && left.size === 0;
    });
  }

  #remember(part: readonly Draft[]): void {
    const emptied = this.#emptied(part);
    for (const { family, chain, after } of part) {
      this.#held[family] ??= new Map();
      if (after === undefined) this.#held[family].delete(chain);
      else this.#held[family].set(chain, after);
    }
    for (const family of emptied) this.#held[family] = undefined;
  }

  #submit(call: string, subject: string, fill: (batch: NftBatch) => void, done: Done): void {
    const sequence = this.#writer.nextSequence();
    const batch = new NftBatch(sequence);
    fill(batch);
    if (batch.isEmpty) queueMicrotask(() => done(undefined));
    else this.#writer.submit(`nftables: ${call}`, subject, sequence, batch.finish(), (error) => done(error));
  }
}

/** Everything that an empty table refers to comes with it: what is not found then is a part of the kernel. */
function withWhatLacks(error: OsError): OsError {
  return LACKING.includes(error.errno) ? { ...error, detail: NEEDED } : error;
}

/** It has a server that is to get no new connections. */
function isLeaving({ servers }: HeldService): boolean {
  return servers.some(({ destination }) => destination.weight === 0);
}

function partsOf(drafts: readonly Draft[]): Draft[][] {
  const parts: Draft[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const draft of drafts) {
    const { before, after } = draft;
    if (before === after) continue;
    const servers = 1 + (before?.servers.length ?? 0) + (after?.servers.length ?? 0);
    if (size + servers > BATCH) {
      parts.push([]);
      size = 0;
    }
    size += servers;
    parts.at(-1)?.push(draft);
  }
  return parts;
}

function localAddresses(): ReadonlySet<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(["::1", ...addresses.map(({ address }) => address)]);
}
