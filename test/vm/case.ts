/** What a test in the machine is. */

/** Runs inside; a failure is whatever it throws. Cases run side by side, so each works in namespaces of its own. */
export interface MachineCase {
  readonly name: string;
  run(): Promise<void>;
}

/** A line from the machine: how a case ended. */
export interface Report {
  readonly name: string;
  /** Undefined if it passed. */
  readonly failure: string | undefined;
  readonly seconds: number;
}
