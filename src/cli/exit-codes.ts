/** Exit codes of the commands that talk to a running daemon; `buoy check` and `buoy run` have keepalived's. */
export const EXIT_DONE = 0;
/** The daemon refused or did not answer, or the command line was wrong. */
export const EXIT_FAILED = 1;
/** The configuration has a mistake that forbids it. */
export const EXIT_REFUSED = 2;
/** No daemon answers on the socket (as LSB's `status` says "not running"). */
export const EXIT_NO_DAEMON = 3;
/** The socket belongs to somebody else. */
export const EXIT_NO_PERMISSION = 4;

/** As shells report SIGINT. */
export const EXIT_INTERRUPTED = 130;

/** Ends a command with a message for the user and an exit code. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

export const EXIT_CODES_HELP = `
Exit codes: 0 done, 1 failed, 2 configuration refused, 3 no daemon is running,
4 no permission. \`buoy check\`: 0 clean, 1 repairs, 2 refusals.`;
