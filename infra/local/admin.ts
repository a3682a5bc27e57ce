// `npm run admin`: the operator's command. Where DATABASE_URL is not set, it is for the database and the broker of a running `npm start`.
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** Written by `npm start`, and there only while it runs. */
const urls = '.local/services.env';

if (!process.env.DATABASE_URL && !process.env.DATABASE_URL_FILE && existsSync(urls)) {
  const { DATABASE_URL, AMQP_URL } = parseEnv(readFileSync(urls, 'utf8'));
  process.env = { AMQP_URL, ...process.env, DATABASE_URL };
}
await import('../admin/index.ts');
