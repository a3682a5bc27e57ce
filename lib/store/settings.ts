// Settings of everything that uses the database.
import * as v from 'valibot';
import { integer, url } from '../process/settings.ts';
import { readDatabaseAddress } from './database-tls.ts';
import { poolers } from './pooler.ts';

/** `sslmode` and `sslrootcert` of a database's URL. */
function checkTls({ dataset, addIssue }: v.RawCheckContext<string>): void {
  if (!dataset.typed) return;
  try {
    readDatabaseAddress(dataset.value);
  } catch (error) {
    addIssue({ message: error instanceof Error ? error.message : String(error) });
  }
}

export const databaseUrl = v.pipe(url('postgres', 'postgresql'), v.rawCheck(checkTls));

export const databaseSettings = {
  DATABASE_URL: databaseUrl,
  /** Connections to PostgreSQL that one process may hold. */
  DATABASE_CONNECTIONS: v.optional(integer(1, 100), '5'),
  /** Set when a pooler such as PgBouncer is in between. */
  DATABASE_POOLER: v.optional(v.picklist(poolers, `must be ${poolers.join(' or ')}, or not set`)),
};
