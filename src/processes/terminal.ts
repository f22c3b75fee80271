/** Standard error may be closed at any time: a terminal that is gone, a pipe whose reader left. */

/** Lets log lines for it be lost instead of ending the process. The journal and syslog have them. */
export function outliveTerminal(): void {
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}
