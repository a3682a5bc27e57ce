// Runs the operator's command of the command line, with the settings of the environment.
import * as v from 'valibot';
import { apiKeySettings } from '../../lib/auth/api-key.ts';
import { readSettings } from '../../lib/process/settings.ts';
import { runAdmin } from './run.ts';

/** `whyNoUrl` is told by commands that need a database or a broker, where none is named. */
export async function runFromEnvironment(whyNoUrl?: string): Promise<void> {
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
    whyNoUrl,
    migrationsDirectory: settings.MIGRATIONS_DIRECTORY,
    apiKeyPrefix: settings.API_KEY_PREFIX,
    say: (line) => console.error(line),
  });
  if (output !== undefined) console.log(output);
  if (complaint !== undefined) console.error(complaint);
  process.exitCode = exitCode;
}
