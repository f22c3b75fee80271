/** Configurations in few words: `;` stands for the end of a line. */
import { FIFO } from "./twins.ts";

/** Asks often and gives up at the first refusal, so that nothing takes long; a slow machine is no failure. */
const CHECK = "TCP_CHECK {; connect_port 80; connect_timeout 20; retry 0; };";

export function file(globals: string, ...blocks: readonly string[]): string {
  const head = `global_defs {; router_id twin; script_user root; lvs_notify_fifo ${FIFO}; ${globals}; }`;
  return [head, ...blocks].map((block) => block.replaceAll(/; ?/g, "\n")).join("\n");
}

/** `where` is what follows `virtual_server`. */
export function virtual(where: string, words: string, ...servers: readonly string[]): string {
  return `virtual_server ${where} {; delay_loop 2; warmup 0; ${words}; ${servers.join("; ")}; };`;
}

/** `where` is address and port. */
export function real(where: string, words = "", check = CHECK): string {
  return `real_server ${where} {; ${words}; ${check}; }`;
}

/** Servers with these last numbers on a port. */
export function reals(numbers: readonly number[], port: string | number = 80, words = ""): string[] {
  return numbers.map((last) => real(`10.9.0.${last} ${port}`, words));
}
