// Checks our SQL against the schema that the migrations make, in a PostgreSQL of its own: a part of `npm run check`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../lib/store/database.ts';
import { migrate } from '../admin/migrate.ts';
import { freePort } from '../local/ports.ts';
import { startPostgres } from '../local/postgres.ts';
import { checkSql } from './check.ts';

const directory = await mkdtemp(join(tmpdir(), 'email-api-sql-'));
try {
  const flags = ['-c', 'fsync=off'];
  const postgres = await startPostgres({ directory, port: await freePort(), log: () => {}, flags });
  const sql = openDatabase(postgres.url, { connections: 1, name: 'check of SQL' });
  try {
    await migrate(postgres.url);
    const { statements, faults } = await checkSql(sql, ['lib', 'functions', 'infra/admin']);
    for (const fault of faults) console.error(fault);
    console.log(`Checked ${statements} SQL statements, found ${faults.length} faults.`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  } finally {
    await sql.end();
    await postgres.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
