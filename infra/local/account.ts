// The account that PostgreSQL runs as when we are root (it refuses to run as root): one that exists and can reach its files.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

export interface Account {
  uid: number;
  gid: number;
  /** Flags of `setpriv` that let it walk through folders closed to it. */
  privileges: readonly string[];
}

/** Flags that keep one capability for a process that is not root, also for `access(2)`, with which PostgreSQL checks its files. */
const keeping = (capability: string) => [
  `--inh-caps=+${capability}`,
  `--ambient-caps=+${capability}`,
  '--securebits=+no_setuid_fixup',
];

/**
 * None if folders are open. A checkout below /root (mode 0700) is out of reach without the capability to pass closed folders.
 * Containers often lack that capability, but have the stronger one, which is tried next.
 */
const ways = [[], keeping('dac_read_search'), keeping('dac_override')];

/** Undefined unless we are root. Otherwise the owner of existing data, else `postgres`, else `nobody`. */
export function accountFor(home: string, data: string, binary: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(data) ?? idsOf('postgres') ?? idsOf('nobody');
  if (!owner) throw new Error('PostgreSQL does not run as root, and there is no user `postgres` or `nobody` here');
  for (const privileges of ways) {
    const account = { ...owner, privileges };
    if (reaches(account, home, binary)) return account;
  }
  throw new Error(
    `PostgreSQL does not run as root, and no other user can reach ${binary}. ` +
      'Start as an ordinary user, move the checkout out of /root, or give DATABASE_URL.',
  );
}

function ownerOf(folder: string) {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats && stats.uid !== 0 ? { uid: stats.uid, gid: stats.gid } : undefined;
}

function idsOf(name: string) {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** Whether the account can run the binary and walk to the folder. */
function reaches({ uid, gid, privileges }: Account, home: string, binary: string): boolean {
  const attempt = ['sh', '-c', '"$0" --version && cd "$1"', binary, home] as const;
  const setpriv = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...privileges, '--'];
  const [command, ...args] = privileges.length ? [...setpriv, ...attempt] : attempt;
  return spawnSync(command ?? '', args, privileges.length ? {} : { uid, gid }).status === 0;
}
