// Finds a baseline's program on this machine; on Debian as root, installs its package without starting its service.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { startChild } from '../../local/child.ts';

/** Not on an ordinary user's PATH everywhere. */
const alsoIn = '/usr/sbin:/usr/local/sbin';
/** Debian asks this file whether a service may start by itself when its package is installed; 101 means no. */
const policy = '/usr/sbin/policy-rc.d';

/** Undefined where the program is not here and cannot be installed; the log says which. */
export async function findProgram(
  name: string,
  debianPackage: string,
  log: (line: string) => void,
): Promise<string | undefined> {
  const found = which(name);
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  log(`installing the package ${debianPackage} for ${name}`);
  await install(debianPackage, log);
  return which(name);
}

function which(name: string): string | undefined {
  const PATH = `${process.env.PATH}:${alsoIn}`;
  const { stdout, status } = spawnSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8', env: { PATH } });
  return status === 0 ? stdout.trim() : undefined;
}

async function install(debianPackage: string, log: (line: string) => void): Promise<void> {
  const isOurs = !existsSync(policy);
  if (isOurs) {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n');
    chmodSync(policy, 0o755);
  }
  try {
    // A fresh machine has no package lists yet.
    const succeeded =
      (await aptGet(['install', '--yes', '--no-install-recommends', debianPackage], log)) ||
      ((await aptGet(['update'], log)) &&
        (await aptGet(['install', '--yes', '--no-install-recommends', debianPackage], log)));
    if (!succeeded) log(`apt-get could not install ${debianPackage}`);
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

async function aptGet(args: string[], log: (line: string) => void): Promise<boolean> {
  const run = startChild({
    name: 'apt-get',
    command: 'apt-get',
    args,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    log,
  });
  return run.done().then(
    () => true,
    () => false,
  );
}
