/** Programs that the machine needs, and the Debian package of each. */
export const PROGRAMS: Readonly<Record<string, string>>;

/** Undefined where the machine can be had; else why not. */
export function noMachine(): string | undefined;

export interface Image {
  readonly kernel: string;
  readonly initrd: string;
}

/** Brings the kernel and its RAM disk, or says in `error` why that cannot be. */
export function prepareImage(): Image | { readonly error: string };
