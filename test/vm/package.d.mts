export function makePackage(guest: string): Promise<string>;
