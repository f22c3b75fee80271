/** TLS over a connection of our own: never verified, as with keepalived, unless a name to verify is given. */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { Target, TlsModel } from "../../model/director-models.ts";
import { errnoClause } from "./clauses.ts";
import { type Channel, type StreamUser, TcpStream } from "./tcp-stream.ts";

/** How long a peer may take to answer the end of a session. */
const GOODBYE_MILLIS = 1_000;

/** Reads the client's certificate and authorities when a check first needs them, once. */
export class TlsContexts {
  readonly #model: TlsModel;
  #context: SecureContext | undefined;

  constructor(model: TlsModel) {
    this.#model = model;
  }

  /** Throws what reading a file or understanding it throws. */
  get(): SecureContext {
    const { authorities, certificate, key, password } = this.#model;
    this.#context ??= createSecureContext({
      ...(authorities === undefined ? {} : { ca: readFileSync(authorities) }),
      ...(certificate === undefined ? {} : { cert: readFileSync(certificate) }),
      ...(key === undefined ? {} : { key: readFileSync(key) }),
      ...(password === undefined ? {} : { passphrase: password }),
    });
    return this.#context;
  }
}

/** What of a probe concerns TLS. */
export interface TlsPeer {
  readonly target: Target;
  readonly serverName: string | undefined;
  readonly verifyName: string | undefined;
}

export class TlsChannel implements Channel {
  readonly #peer: TlsPeer;
  readonly #polite: boolean;
  readonly #user: StreamUser;
  readonly #context: SecureContext;
  readonly #tcp: TcpStream;
  #socket: TLSSocket | undefined;
  #open = true;

  /** `polite` says goodbye as TLS wants it, and hears the peer's. */
  constructor(peer: TlsPeer, polite: boolean, contexts: TlsContexts, user: StreamUser) {
    this.#peer = peer;
    this.#polite = polite;
    this.#user = user;
    this.#context = contexts.get();
    this.#tcp = new TcpStream(peer.target, {
      connected: () => {
        user.reached?.();
        this.#secure();
      },
      received: () => undefined,
      ended: () => user.ended(),
      failed: (detail) => user.failed(detail),
    });
  }

  #secure(): void {
    const raw = new Socket({ fd: this.#tcp.detach(), readable: true, writable: true });
    const socket = secure(raw, this.#peer, this.#context, []);
    this.#socket = socket;
    socket.once("secureConnect", () => {
      const fault = certificateFault(socket, this.#peer);
      if (fault === undefined) this.#user.connected();
      else this.#tell(() => this.#user.failed(fault));
    });
    socket.on("data", (bytes: Buffer) => {
      if (this.#open) this.#user.received(bytes);
    });
    socket.once("end", () => this.#tell(() => this.#user.ended()));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      this.#tell(() => this.#user.failed(tlsClause(error))),
    );
  }

  #tell(what: () => void): void {
    if (this.#open) what();
  }

  send(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    const socket = this.#socket;
    if (socket === undefined) this.#tcp.close();
    else if (this.#polite) sayGoodbye(socket);
    else socket.destroy();
  }
}

function sayGoodbye(socket: TLSSocket): void {
  socket.setTimeout(GOODBYE_MILLIS, () => socket.destroy());
  socket.end();
  socket.resume();
}

/** Begins TLS on a connection; whether the certificate is good is to be asked afterwards. */
export function secure(raw: Socket, peer: TlsPeer, context: SecureContext, protocols: string[]): TLSSocket {
  return connect({
    socket: raw,
    secureContext: context,
    // An empty name sends none.
    servername: peer.serverName ?? "",
    rejectUnauthorized: false,
    checkServerIdentity: (_host, certificate) =>
      peer.verifyName === undefined ? undefined : checkServerIdentity(peer.verifyName, certificate),
    ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }),
  });
}

/** Why a certificate that is to be verified is no good. */
export function certificateFault(socket: TLSSocket, peer: TlsPeer): string | undefined {
  if (peer.verifyName === undefined || socket.authorized) return undefined;
  // Node's type says Error, and it is the code.
  const code = String(socket.authorizationError);
  const { valid_from, valid_to } = socket.getPeerCertificate();
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return `certificate expired on ${day(valid_to)}`;
    case "CERT_NOT_YET_VALID":
      return `certificate not valid before ${day(valid_from)}`;
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return "certificate signed by itself";
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return "certificate signed by an unknown authority";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `certificate not for ${peer.verifyName}`;
    default:
      return `certificate not accepted (${code})`;
  }
}

function day(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}

/** A failed handshake or session, as a clause. */
export function tlsClause(error: NodeJS.ErrnoException & { reason?: string }): string {
  const code = error.code ?? "";
  if (code === "ECONNRESET" && error.message.includes("before secure"))
    return "closed during the TLS handshake";
  if (/^E[A-Z]+$/.test(code)) return errnoClause(code);
  return `TLS failed: ${error.reason ?? (code || error.message)}`;
}
