// A Chromium to look at pages with: the one of this machine; on Debian as root, installing it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** It asks nobody for anything by itself. */
const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--disable-gpu',
  '--no-first-run',
];

export async function startChromium(): Promise<Browser> {
  const executablePath = find() ?? install();
  const isRoot = process.getuid?.() === 0;
  // Chromium refuses its sandbox to root.
  return chromium.launch({ executablePath, timeout: 120_000, args: isRoot ? [...quiet, '--no-sandbox'] : quiet });
}

function find(): string | undefined {
  return places.find((place) => existsSync(place));
}

function install(): string {
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('Chromium is not installed: installing the package chromium with apt-get …');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']])
      spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return find() ?? fail();
}

function fail(): never {
  throw new Error(`Chromium is needed, and none of these is there: ${places.join(', ')}`);
}
