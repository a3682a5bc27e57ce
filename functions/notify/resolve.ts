// The addresses of an endpoint's host: asked of name servers by c-ares, as getaddrinfo would hold one of Node's few threads for each silent name.

import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

export interface Address {
  address: string;
  family: number;
}

/** Every address of a host; an address stands for itself. */
export type Resolve = (host: string) => Promise<Address[]>;

export interface ResolveOptions {
  /** Name servers, as in 192.0.2.53 or 192.0.2.53:5353; undefined: those of the system. */
  servers?: readonly string[] | undefined;
  hostsFile?: string;
}

/** The first wait for a name server; c-ares doubles it with each try. */
const timeoutMs = 2_000;
const tries = 3;

export function createResolve({ servers, hostsFile = '/etc/hosts' }: ResolveOptions = {}): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  if (servers !== undefined) resolver.setServers(servers);

  return async (host) => {
    const literal = addressOf(host);
    if (literal !== undefined) return [literal];
    const name = host.replace(/\.$/, '').toLowerCase();
    const known = namesIn(await readFile(hostsFile, 'utf8').catch(() => '')).get(name);
    if (known !== undefined) return known;
    // RFC 6761 §6.3: always this machine, whatever a name server says.
    if (/^(.*\.)?localhost$/.test(name)) return [{ address: '127.0.0.1', family: 4 }];
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const [first] = answers;
    if (found.length === 0 && first.status === 'rejected') throw first.reason;
    return found.map((address) => ({ address, family: isIP(address) }));
  };
}

function addressOf(text: string): Address | undefined {
  const family = isIP(text);
  return family === 0 ? undefined : { address: text, family };
}

/** The lines of a hosts file: an address, and the names that stand for it. */
function namesIn(hosts: string): Map<string, Address[]> {
  const names = new Map<string, Address[]>();
  for (const line of hosts.split('\n')) {
    const [text = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = addressOf(text);
    if (address === undefined) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      names.set(name, [...(names.get(name) ?? []), address]);
    }
  }
  return names;
}
