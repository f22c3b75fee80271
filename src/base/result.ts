/** The outcome of something that can fail for a reason the caller must handle. */
export type Result<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure };

export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function fail<Failure>(error: Failure): { readonly ok: false; readonly error: Failure } {
  return { ok: false, error };
}

/** What the operating system refused: which call, its errno name, what it was about, and the kernel's own words. */
export interface OsError {
  readonly call: string;
  /** Symbolic errno such as `EPERM`. */
  readonly errno: string;
  /** What the call was about: an address, an interface, a path. */
  readonly subject: string;
  /** Text of netlink's extended acknowledgement, where the kernel sent one. */
  readonly detail?: string;
}

export function formatOsError(error: OsError): string {
  const detail = error.detail === undefined ? "" : ` (${error.detail})`;
  return `${error.call} ${error.subject}: ${error.errno}${detail}`;
}
