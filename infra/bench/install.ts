// Installs packages that only the bench uses, at its first start and when its lock file is newer. The root's `npm ci` does not install them.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
/** npm writes it when an installation is whole. */
const installed = join(here, 'node_modules/.package-lock.json');
const wanted = join(here, 'package-lock.json');

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  console.log('# installing what only the bench uses: npm ci in infra/bench');
  const { status } = spawnSync('npm', ['ci'], { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
