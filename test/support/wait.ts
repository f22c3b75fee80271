/** Waits for a condition that another process brings about; fails with what was seen last. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | false,
  options: { readonly within: number; readonly every?: number; readonly detail?: () => string },
): Promise<T> {
  const end = performance.now() + options.within;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) {
      throw new Error(`waited ${options.within} ms in vain for ${what}\n${options.detail?.() ?? ""}`);
    }
    await pause(options.every ?? 20);
  }
}

/**
 * Goes on after what has come in meanwhile is read: timers that are due again by the time their callbacks end would follow
 * each other for ever, and nothing that a daemon prints would arrive.
 */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => setImmediate(resolve), milliseconds));
}
