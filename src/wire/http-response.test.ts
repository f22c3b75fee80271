import { expect, test } from "vitest";
import { HttpResponseReader } from "./http-response.ts";

/** Reads an answer in pieces of `size` bytes: status, state and body, and the state after the connection's end. */
function read(text: string, size = text.length): [number, string, string, string] {
  let body = "";
  const reader = new HttpResponseReader((bytes) => {
    body += String.fromCharCode(...bytes);
  });
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  for (let at = 0; at < bytes.length && reader.state !== "done"; at += size) {
    reader.push(bytes.subarray(at, at + size));
  }
  const before = reader.state;
  reader.end();
  return [reader.status, before, body, reader.state];
}

const CHUNKED =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n5\r\nhello\r\n0A;x=f\r\n0123456789\r\n0\r\n\r\n";
const CHUNKED_BODY = CHUNKED.slice(CHUNKED.indexOf("\r\n\r\n") + 4);

test.each([
  ["to the connection's end", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello", [200, "body", "hello", "done"]],
  ["by its length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello+++", [200, "done", "hello", "done"]],
  [
    "shorter than its length",
    "HTTP/1.1 200 OK\r\nCONTENT-LENGTH:9\r\n\r\nhello",
    [200, "body", "hello", "done"],
  ],
  ["of no length", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", [503, "done", "", "done"]],
  ["204", "HTTP/1.1 204 No\r\n\r\n", [204, "done", "", "done"]],
  ["with bare line feeds", "HTTP/1.0 200 OK\nServer: x\n\nhello", [200, "body", "hello", "done"]],
  ["in chunks, sizes included", CHUNKED, [200, "done", CHUNKED_BODY, "done"]],
  [
    "with trailers",
    `${CHUNKED.slice(0, -2)}X: y\r\n\r\n`,
    [200, "done", `${CHUNKED_BODY.slice(0, -2)}X: y\r\n\r\n`, "done"],
  ],
  ["chunks cut short", CHUNKED.slice(0, -5), [200, "body", CHUNKED_BODY.slice(0, -5), "done"]],
  ["garbage", "SSH-2.0-x\r\n", [0, "bad", "", "bad"]],
  ["half a head", "HTTP/1.0 200 OK\r\nServer", [0, "head", "", "bad"]],
  ["no status", "HTTP/1.0 OK\r\n\r\n", [0, "bad", "", "bad"]],
  ["a status beyond all", "HTTP/1.0 600 OK\r\n\r\n", [0, "bad", "", "bad"]],
])("an answer %s is read the same in pieces of any size", (_name, text, expected) => {
  for (const size of [text.length, 1, 2, 7]) expect(read(text, size)).toEqual(expected);
});

test("a head without an end is none", () => {
  expect(read(`HTTP/1.0 200 OK\r\nX: ${"x".repeat(70_000)}`, 1_000)[1]).toBe("bad");
});
