/** Bundles a TypeScript entry and what it imports into one file in `folder`, and returns its path. */
export function bundle(entry: string, folder: string): Promise<string>;
