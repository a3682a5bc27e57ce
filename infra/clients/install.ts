// Installs the clients that only `npm run check:clients` runs, at its first start and when their lock file is newer.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
/** npm writes it when an installation is whole. */
const installed = join(here, 'node_modules/.package-lock.json');
const wanted = join(here, 'package-lock.json');

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  console.log('# installing clients that others wrote: npm ci in infra/clients');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts'], { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
