// A private Postfix that relays everything to the sink: its own configuration, queue and loopback port; Debian's package, as root only.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../local/child.ts';
import { answers, freePort, loopback } from '../../local/ports.ts';
import { findProgram } from './programs.ts';

/** Where Debian has it. */
const master = '/usr/lib/postfix/sbin/master';

export interface Postfix {
  port: number;
  pid: number;
  /** Debian's `smtp-source`, which feeds it. */
  smtpSource: string;
  stop(): Promise<void>;
}

/** Undefined where it cannot be had: its programs must run as root and drop to accounts of their own. */
export async function startPostfix(
  directory: string,
  sinkPort: number,
  log: (line: string) => void,
): Promise<Postfix | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const postfix = await findProgram('postfix', 'postfix', log);
  const smtpSource = await findProgram('smtp-source', 'postfix', log);
  if (postfix === undefined || smtpSource === undefined) return undefined;
  const port = await freePort();
  const config = writeConfiguration(directory, port, sinkPort);
  const check = spawnSync(postfix, ['-c', config, 'check'], { encoding: 'utf8' });
  for (const line of check.stderr.split('\n')) if (line) log(line);
  // Not `postfix start-fg`: a signal would end that script and leave its servers behind.
  const child = startChild({ name: 'Postfix', command: master, args: ['-c', config, '-s'], log });
  await child.until(() => answers(port, '220'));
  return { port, pid: child.pid, smtpSource, stop: child.stop };
}

/** Its defaults where they concern durability and speed; the rest keeps it away from the machine's own mail and from DNS. */
function writeConfiguration(directory: string, port: number, sinkPort: number): string {
  const config = join(directory, 'config');
  mkdirSync(config, { recursive: true });
  // Its unprivileged processes walk through.
  for (const folder of [directory, config]) chmodSync(folder, 0o755);
  for (const name of ['queue', 'state']) mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(
    join(config, 'main.cf'),
    [
      'compatibility_level = 3.6',
      `queue_directory = ${directory}/queue`,
      `data_directory = ${directory}/state`,
      'mail_owner = postfix',
      'setgid_group = postdrop',
      'myhostname = bench.example.test',
      'mydestination =',
      'inet_interfaces = 127.0.0.1',
      'inet_protocols = ipv4',
      'mynetworks = 127.0.0.0/8',
      'smtpd_relay_restrictions = permit_mynetworks, reject',
      `relayhost = [${loopback}]:${sinkPort}`,
      'smtp_dns_support_level = disabled',
      'alias_maps =',
      'local_recipient_maps =',
      'smtpd_tls_security_level = none',
      'smtp_tls_security_level = none',
      // Written to its own file, by its own process, as on a machine without syslog.
      `maillog_file = ${directory}/postfix.log`,
      `maillog_file_prefixes = ${directory}`,
      '',
    ].join('\n'),
  );
  chownToPostfix(join(directory, 'state'));
  copyFileSync('/etc/postfix/dynamicmaps.cf', join(config, 'dynamicmaps.cf'));
  writeFileSync(join(config, 'master.cf'), masterCf(port));
  return config;
}

function chownToPostfix(folder: string): void {
  spawnSync('chown', ['-R', 'postfix', folder]);
}

/** Debian's list of services, with the one that listens on our port alone and nothing in a chroot. */
function masterCf(port: number): string {
  const services = [
    `${loopback}:${port} inet n - n - - smtpd`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'verify unix - - n - 1 verify',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'proxywrite unix - - n - 1 proxymap',
    'smtp unix - - n - - smtp',
    'relay unix - - n - - smtp',
    'showq unix n - n - - showq',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'local unix - n n - - local',
    'virtual unix - n n - - virtual',
    'lmtp unix - - n - - lmtp',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
    'postlog unix-dgram n - n - 1 postlogd',
  ];
  return `${services.join('\n')}\n`;
}
