// The operator's command: migrations, clients, signing keys, DKIM keys, emails and dead letters. `npm run admin`, or `node index.mjs` where only the bundle is.
import * as v from 'valibot';
import { apiKeySettings } from '../../lib/auth/api-key.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { runAdmin } from './run.ts';

/** Not parsed here: not every command needs them, and each checks those that it uses. */
const settings = readSettings(
  v.object({
    DATABASE_URL: v.optional(v.string()),
    AMQP_URL: v.optional(v.string()),
    MIGRATIONS_DIRECTORY: v.optional(v.string()),
    ...apiKeySettings,
  }),
  process.env,
);

const { exitCode, output, complaint } = await runAdmin(process.argv.slice(2), {
  databaseUrl: settings.DATABASE_URL,
  amqpUrl: settings.AMQP_URL,
  migrationsDirectory: settings.MIGRATIONS_DIRECTORY,
  apiKeyPrefix: settings.API_KEY_PREFIX,
  say: (line) => console.error(line),
});
if (output !== undefined) console.log(output);
if (complaint !== undefined) console.error(complaint);
process.exitCode = exitCode;
