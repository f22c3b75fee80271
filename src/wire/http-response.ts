/** An HTTP/1 answer as it comes in: its status, and where its body begins and ends. The body stays as it was sent. */

/** A head longer than this is no answer to a check. */
const MAX_HEAD = 65_536;
const LF = 10;
const CR = 13;
const SPACE = 32;
const NO_BYTES = new Uint8Array(0);

export type ResponseState = "head" | "body" | "done" | "bad";

export class HttpResponseReader {
  state: ResponseState = "head";
  /** 0 until the head is complete. */
  status = 0;
  /** Bytes of the head with its empty line; 0 until it is complete. */
  headLength = 0;
  #head: Uint8Array = NO_BYTES;
  /** Bytes of the body still to come; undefined if its end is the connection's. */
  #left: number | undefined;
  #chunks: ChunkEnd | undefined;
  readonly #onBody: (bytes: Uint8Array) => void;

  /** `onBody` gets the body piece by piece, chunk sizes included: that is what digests are made of. */
  constructor(onBody: (bytes: Uint8Array) => void) {
    this.#onBody = onBody;
  }

  push(bytes: Uint8Array): void {
    if (this.state === "body") this.#body(bytes);
    if (this.state !== "head") return;
    const head = this.#head.length === 0 ? bytes : concatenate(this.#head, bytes);
    const end = findHeadEnd(head);
    if (end < 0) {
      if (head.length > MAX_HEAD || !looksLikeHttp(head)) this.state = "bad";
      else this.#head = head.slice();
      return;
    }
    this.status = readStatus(head);
    if (this.status === 0) {
      this.state = "bad";
      return;
    }
    this.headLength = end;
    this.#readLength(head, end);
    this.state = "body";
    this.#head = NO_BYTES;
    this.#body(head.subarray(end));
  }

  /** The connection's end: a whole answer has no more to say, and half a head is none. */
  end(): void {
    if (this.state === "body") this.state = "done";
    if (this.state === "head") this.state = "bad";
  }

  #body(bytes: Uint8Array): void {
    let own = bytes.length;
    if (this.#chunks !== undefined) {
      own = this.#chunks.push(bytes);
      if (this.#chunks.ended) this.state = "done";
    } else if (this.#left !== undefined) {
      own = Math.min(own, this.#left);
      this.#left -= own;
      if (this.#left === 0) this.state = "done";
    }
    if (own > 0) this.#onBody(own === bytes.length ? bytes : bytes.subarray(0, own));
  }

  #readLength(head: Uint8Array, end: number): void {
    if (this.status === 204 || this.status === 304) this.#left = 0;
    for (let start = lineEnd(head, 0); start < end; start = lineEnd(head, start)) {
      const first = (head[start] ?? 0) | 0x20;
      if (first === 0x63 && named(head, start, "content-length:")) {
        const length = readDecimal(head, start + "content-length:".length);
        if (length !== undefined) this.#left ??= length;
      }
      if (first === 0x74 && named(head, start, "transfer-encoding:")) {
        if (includes(head, start, lineEnd(head, start), "chunked")) this.#chunks = new ChunkEnd();
      }
    }
  }
}

/** Follows chunk sizes (RFC 9112, section 7.1) as far as it takes to see the last one. */
class ChunkEnd {
  ended = false;
  #inData = 0;
  #size = -1;
  #skipLine = false;
  /** Bytes of the line that is read, without its end. */
  #lineLength = 0;
  #last = false;

  /** How many of these bytes belong to the body. */
  push(bytes: Uint8Array): number {
    let position = 0;
    while (position < bytes.length && !this.ended) {
      if (this.#inData > 0) {
        const taken = Math.min(this.#inData, bytes.length - position);
        this.#inData -= taken;
        position += taken;
      } else {
        this.#lineByte(bytes[position] ?? 0);
        position += 1;
      }
    }
    return position;
  }

  #lineByte(byte: number): void {
    if (byte === LF) this.#lineDone();
    else if (byte !== CR) this.#sizeByte(byte);
  }

  #sizeByte(byte: number): void {
    this.#lineLength += 1;
    if (this.#last || this.#skipLine) return;
    const digit = hexDigit(byte);
    // What follows the size is an extension.
    if (digit < 0) this.#skipLine = true;
    else this.#size = Math.max(0, this.#size) * 16 + digit;
  }

  #lineDone(): void {
    const empty = this.#lineLength === 0;
    this.#lineLength = 0;
    this.#skipLine = false;
    // After the last chunk come trailers, and an empty line.
    if (this.#last) this.ended = empty;
    else if (this.#size > 0) this.#inData = this.#size + 2;
    else if (this.#size === 0) this.#last = true;
    this.#size = -1;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Offset after the empty line that ends a head, or -1. */
function findHeadEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

function looksLikeHttp(bytes: Uint8Array): boolean {
  return named(bytes.subarray(0, 5), 0, "http/".slice(0, Math.min(5, bytes.length)));
}

/** The three digits after `HTTP/1.x `, or 0. */
function readStatus(bytes: Uint8Array): number {
  const space = bytes.indexOf(SPACE);
  if (!looksLikeHttp(bytes) || space < 0) return 0;
  const status = readDecimal(bytes.subarray(space, space + 4), 0);
  return status !== undefined && status >= 100 && status <= 599 ? status : 0;
}

/** A number after blanks; undefined without digits. */
function readDecimal(bytes: Uint8Array, from: number): number | undefined {
  let position = from;
  while (bytes[position] === SPACE || bytes[position] === 9) position += 1;
  let value: number | undefined;
  for (; position < bytes.length; position += 1) {
    const digit = (bytes[position] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    value = (value ?? 0) * 10 + digit;
  }
  return value;
}

/** Whether lower-case `name` stands at `start`, in any case of letters. */
function named(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    const lower = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}

function includes(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  for (let at = start; at < end; at += 1) if (named(bytes, at, name)) return true;
  return false;
}

/** Offset of the next line. */
function lineEnd(bytes: Uint8Array, start: number): number {
  const end = bytes.indexOf(LF, start);
  return end < 0 ? bytes.length : end + 1;
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
