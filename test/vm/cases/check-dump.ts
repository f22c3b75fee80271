/** `keepalived_check.data` of buoy and of keepalived for the same words: real keepalived ends where there is no IPVS. */
import { deepEqual, ok } from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Director } from "../../support/director.ts";
import { type Host, Lan } from "../../support/lan.ts";
import { DUMP_SIGNALS, readDump } from "../../support/read-dump.ts";
import { waitFor } from "../../support/wait.ts";
import type { MachineCase } from "../case.ts";

const PATIENCE = { within: 200_000, every: 500 };
const FILE = "keepalived_check.data";

/** One word of every kind; nobody listens at 10.9.1.1, so that what is checked there is down for good. */
const CONFIG = `
global_defs {
  router_id test
  script_user root
}
track_file f1 {
  file /proc/sys/net/ipv4/ip_default_ttl
  weight 3
}
bfd_instance b1 {
  neighbor_ip 10.9.0.99
}
virtual_server_group g1 {
  10.8.5.1-9 80
  10.8.6.1 80
  fwmark 77
}
virtual_server_group g2 {
  fd00:8:9::1-5 80
}
virtual_server 10.8.0.1 80 {
  lb_algo rr
  lb_kind NAT
  protocol TCP
  delay_loop 1
  delay_before_retry 0.5
  connect_timeout 1
  warmup 1
  persistence_timeout 50
  persistence_granularity 255.255.255.0
  quorum 2
  hysteresis 1
  alpha
  omega
  quorum_up "/usr/bin/true up 'a b'"
  quorum_down /usr/bin/true
  sorry_server 10.8.1.250 80
  sorry_server_inhibit
  snmp_name vsone
  real_server 10.9.1.1 8081 {
    weight 5
    uthreshold 200
    lthreshold 100
    inhibit_on_failure
    notify_up "/usr/bin/true u"
    notify_down "/usr/bin/true d" nobody
    snmp_name rsone
    HTTP_GET {
      url {
        path /a
        status_code 200
        digest 0123456789abcdef0123456789abcdef
      }
      url {
        path /b
        status_code 200-299 304
        virtualhost vh.example.com
        regex "abc"
        regex_min_offset 3
        regex_max_offset 100
      }
      retry 4
      delay_before_retry 2
      http_protocol 1.1
      fast_recovery
    }
    SSL_GET {
      enable_sni
      url {
        path /s
        virtualhost x.example.com
      }
    }
  }
  real_server 10.9.1.1 8082 {
    TCP_CHECK {
      connect_ip 10.9.1.1
      connect_port 8083
      bindto 10.9.1.1
      bind_port 9999
      fwmark 4
      warmup 0.5
      }
    SMTP_CHECK {
      helo_name me.example
    }
    DNS_CHECK {
      type A
      name example.com
    }
    MISC_CHECK {
      misc_path "/usr/bin/true x 'y z'"
      misc_timeout 3
      misc_dynamic
      user nobody
    }
  }
  real_server 10.9.1.1 8084 {
    UDP_CHECK {
      payload DEADBEEF
      require_reply 0102XX
      min_reply_length 2
      max_reply_length 10
    }
    BFD_CHECK {
      name b1
    }
  }
}
virtual_server fwmark 5 {
  lb_algo sh
  sh-port
  sh-fallback
  lb_kind DR
  real_server 10.8.1.1 0 {
  }
}
virtual_server fwmark 6 {
  ip_family inet6
  lb_algo wlc
  lb_kind DR
  persistence_timeout
  persistence_granularity 64
  real_server fd00:8:1::1 0 {
  }
}
virtual_server group g1 {
  lb_algo mh
  mh-port
  lb_kind DR
  protocol TCP
  real_server 10.8.1.1 80 {
  }
  real_server 10.8.1.2 80 {
  }
}
virtual_server group g2 {
  lb_algo wrr
  flag-3
  lb_kind NAT
  protocol UDP
  real_server fd00:8:1::1 80 {
  }
}
virtual_server 10.8.0.7 5060 {
  lb_algo rr
  lb_kind DR
  protocol UDP
  ops
  persistence_timeout 90
  persistence_engine sip
  real_server 10.8.1.1 5060 {
  }
}
virtual_server 10.8.0.8 80 {
  lb_algo rr
  lb_kind TUN type gue port 6080 csum
  protocol TCP
  sorry_server 10.8.1.251 80
  sorry_server_lvs_method NAT
  real_server 10.8.1.1 80 {
  }
  real_server 10.8.1.3 80 {
    lvs_method TUN type gre csum
  }
  real_server 10.8.1.2 80 {
    weight 4
    lvs_method TUN
    FILE_CHECK {
      track_file f1
      weight 2 reverse
    }
  }
}
`;

/**
 * What only keepalived says. Settings of a service that its checks inherit stand at the checks, where they count. The rest is
 * its own bookkeeping, what it prints of BFD checks without having set it, and a line that is not so: every regex has all
 * options.
 */
const ONLY_THEIRS: Readonly<Record<string, RegExp>> = {
  "Virtual server group": /^reloaded =/,
  "Virtual server":
    /^(connection timeout|delay_loop|Retry|Warmup|Inhibit on failure|Hashed|(default )?forwarding method|reloaded)\b/,
  "Real server": /^(connection timeout|Delay loop|Retry|Warmup|previous effective_weight|reloaded)\b/,
  "Health checkers":
    /^(Retries iterations|Default delay|Regex options|Regex ref|Failed URL|Last|Reloaded)\b|= (18446744073709551615|4294967295)/,
};

/** In its sorry server's lines, which are set off, nothing is left out. */
const SET_OFF = /^ {5}(forwarding method|Inhibit)/;

/** The lines below the global definitions that both are to say, each with its section before it. */
function still(dump: string): readonly string[] {
  let section = "";
  const lines = dump.slice(dump.indexOf("------< SSL")).split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    section = /------< (.*) >------/.exec(line)?.[1] ?? section;
    if (!SET_OFF.test(line) && ONLY_THEIRS[section]?.test(line.trim()) === true) return [];
    return [`${section}| ${line}`];
  });
}

async function compare(ours: Host, theirs: Host): Promise<void> {
  const pair = [new Director("buoy", ours), new Director("keepalived", theirs)];
  for (const director of pair) {
    director.host.ip("addr add 10.9.1.1/32 dev lo");
    director.start(CONFIG);
  }
  const [buoy, keepalived] = pair;
  ok(buoy !== undefined && keepalived !== undefined);
  const dump = (director: Director): Promise<string> =>
    readDump(director, DUMP_SIGNALS.data, FILE, PATIENCE.within);
  try {
    await waitFor(
      "both tables to be alike, and full",
      () => saved(ours).length > 30 && isDeepStrictEqual(saved(ours), saved(theirs)),
      {
        ...PATIENCE,
        detail: () => [ours, theirs].map((host) => saved(host).join("\n")).join("\n--- and theirs\n"),
      },
    );
    // Checks have run when neither says anything new.
    let [before, after] = [["?"], [await dump(buoy), await dump(keepalived)]];
    const end = performance.now() + PATIENCE.within;
    while (!isSettled(before, after) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      [before, after] = [after, [await dump(buoy), await dump(keepalived)]];
    }
    deepEqual(still(after[0] ?? ""), still(after[1] ?? ""));
    deepEqual(statSync(join(buoy.dumps, FILE)).mode & 0o777, 0o600);
    await Promise.all(pair.map((director) => director.stop()));
  } catch (error) {
    const texts = pair.map(({ kind, output }) => `--- ${kind}\n${output.slice(-4_000)}`);
    throw new Error(`${(error as Error).message}\n${texts.join("\n")}`, { cause: error });
  }
}

function isSettled(before: readonly string[], after: readonly string[]): boolean {
  return after.every(
    (text, index) =>
      !text.includes("Has run = no") && isDeepStrictEqual(still(text), still(before[index] ?? "")),
  );
}

function saved(host: Host): readonly string[] {
  return host.run("ipvsadm-save", "-n").split("\n").filter(Boolean).sort();
}

export const checkDumpCases: readonly MachineCase[] = [
  {
    name: "keepalived_check.data has keepalived's lines, section by section",
    run: async () => {
      const lan = new Lan();
      try {
        const [ours, theirs] = ["ours", "theirs"].map((name, index) =>
          lan.addHost(name, { ipv4: `10.9.0.${index + 1}/24` }),
        );
        ok(ours !== undefined && theirs !== undefined);
        await compare(ours, theirs);
      } finally {
        lan.destroy();
      }
    },
  },
];
