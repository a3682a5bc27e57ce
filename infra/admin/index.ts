// The operator's command: migrations, clients, signing keys, emails and dead letters. `npm run admin`, or `node index.mjs` where only the bundle is.
import { runAdmin } from './run.ts';

const { exitCode, output, complaint } = await runAdmin(process.argv.slice(2), {
  databaseUrl: process.env.DATABASE_URL,
  amqpUrl: process.env.AMQP_URL,
  migrationsDirectory: process.env.MIGRATIONS_DIRECTORY,
  say: (line) => console.error(line),
});
if (output !== undefined) console.log(output);
if (complaint !== undefined) console.error(complaint);
process.exitCode = exitCode;
