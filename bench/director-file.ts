/** A configuration as large as the largest known sites have. */

/** How many services and real servers the largest known file has. */
export const LARGEST = { services: 2277, servers: 37_205 } as const;

const TCP_CHECK = `        TCP_CHECK {
            connect_timeout 3
            retry 3
            delay_before_retry 3
        }
`;

export interface DirectorFile {
  readonly services: number;
  readonly servers: number;
  /** Lines of each server's check; a TCP_CHECK where nothing is said. */
  readonly check?: string;
}

/** Services spread over 10.0.0.0/8, servers over 172.16.0.0/12. */
export function directorFile({ services, servers, check = TCP_CHECK }: DirectorFile): string {
  const blocks: string[] = [];
  let server = 0;
  for (let service = 0; service < services; service += 1) {
    const address = `10.${1 + (service >> 16)}.${(service >> 8) & 255}.${service & 255}`;
    const upTo = Math.floor(((service + 1) * servers) / services);
    const members: string[] = [];
    for (; server < upTo; server += 1) members.push(memberBlock(server, check));
    blocks.push(
      `virtual_server ${address} 80 {\n    delay_loop 10\n    lb_algo wrr\n    lb_kind DR\n    protocol TCP\n` +
        `    persistence_timeout 50\n\n${members.join("")}}\n`,
    );
  }
  return blocks.join("\n");
}

function memberBlock(server: number, check: string): string {
  const address = `172.${16 + (server >> 16)}.${(server >> 8) & 255}.${server & 255}`;
  return `    real_server ${address} 80 {\n        weight ${1 + (server % 10)}\n${check}    }\n`;
}
