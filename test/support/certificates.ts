/** Certificates for tests, made by openssl. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

/** For site.example: an authority `ca`, a `good` certificate of it, an `old` one that expired, and its `own` of nobody. */
export function makeCertificates(folder: string): void {
  const openssl = (...words: string[]): void => {
    execFileSync("openssl", words, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=test authority",
    "-days",
    "2",
  );
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "own.key",
    "-out",
    "own.pem",
    "-subj",
    "/CN=site.example",
    "-days",
    "2",
  );
  writeFileSync(`${folder}/names`, "subjectAltName=DNS:site.example\n");
  for (const [name, days] of [
    ["good", "2"],
    ["old", "-1"],
  ] as const) {
    openssl(
      "req",
      "-new",
      ...key,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      "/CN=site.example",
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      days,
      "-extfile",
      "names",
      "-out",
      `${name}.pem`,
    );
  }
}
