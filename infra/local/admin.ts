// `npm run admin`: the operator's command. Where DATABASE_URL is not set, it is for the database and the broker of a running `npm start`.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { startedIn } from './folder.ts';

/** In the checkout, wherever the command is called from. */
const folder = join(import.meta.dirname, '../../.local');
/** Written by `npm start` once all is up. */
const urls = join(folder, 'services.env');

// npm changes to the checkout; files that are named on the command line are where its caller is.
if (process.env.INIT_CWD && existsSync(process.env.INIT_CWD)) process.chdir(process.env.INIT_CWD);

const isNamed = process.env.DATABASE_URL || process.env.DATABASE_URL_FILE;
const fault = isNamed ? undefined : takeUrls();
const { runFromEnvironment } = await import('../admin/from-environment.ts');
await runFromEnvironment(fault);

/** Returns why there are none. */
function takeUrls(): string | undefined {
  if (!isReadable()) return '`.local` belongs to another user, who runs this command';
  if (startedIn(folder) === undefined) return '`npm start` does not run in this checkout';
  if (!existsSync(urls)) return '`npm start` is not ready yet';
  const { DATABASE_URL, AMQP_URL } = parseEnv(readFileSync(urls, 'utf8'));
  const broker = process.env.AMQP_URL || process.env.AMQP_URL_FILE ? {} : { AMQP_URL };
  process.env = { ...process.env, ...broker, DATABASE_URL };
  return undefined;
}

function isReadable(): boolean {
  try {
    accessSync(folder, constants.R_OK);
    return true;
  } catch {
    return !existsSync(folder);
  }
}
