// A database for one test file, cloned from the migrated template.
import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { openDatabase, type Sql } from '../../lib/store/database.ts';

export interface TestDatabase {
  url: string;
  sql: Sql;
  /** Fails when somebody still holds a connection: that is a leak. */
  drop(): Promise<void>;
}

/** How long a process that has just ended may take to vanish from the server's list. */
const leaveWithinMs = 30_000;

export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = openDatabase(withDatabase(inject('postgresUrl'), 'template1'), { connections: 1, name: 'tests' });
  await admin`create database ${admin(name)} template postgres`;
  const url = withDatabase(inject('postgresUrl'), name);
  const sql = openDatabase(url, { connections: 3, name: 'test' });
  return {
    url,
    sql,
    async drop() {
      await sql.end();
      const deadline = Date.now() + leaveWithinMs;
      let leaked: string[];
      do {
        leaked = (await admin`select application_name from pg_stat_activity where datname = ${name}`).map(
          (row) => row.application_name,
        );
      } while (leaked.length > 0 && Date.now() < deadline);
      await admin`drop database ${admin(name)} with (force)`;
      await admin.end();
      if (leaked.length > 0) throw new Error(`Connections leaked: ${leaked.join(', ')}`);
    },
  };
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
