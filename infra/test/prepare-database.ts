// Brings a database of a test's own server to where functions can use it, by the operator's commands: tables, and the functions' roles.
import { runAdmin } from '../admin/run.ts';

/** `roles` is the file of their passwords (infra/local/function-roles.ts). */
export async function prepareDatabase(databaseUrl: string, roles: string): Promise<void> {
  for (const args of [['migrate'], ['database', 'roles', roles]]) {
    const { exitCode, complaint } = await runAdmin(args, {
      databaseUrl,
      amqpUrl: undefined,
      migrationsDirectory: undefined,
      say: () => {},
    });
    if (exitCode !== 0) throw new Error(`admin ${args.join(' ')}: ${complaint}`);
  }
}
