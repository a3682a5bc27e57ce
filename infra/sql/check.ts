// Checks our SQL against PostgreSQL's schema and the types of rows. The API of TypeScript 7 is unstable: a new version may need changes here.
import { relative, resolve } from 'node:path';
import type { Node } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import type { Sql } from '../../lib/store/database.ts';
import { compareRows } from './rows.ts';
import { findStatements, type Statement } from './statements.ts';

export interface Checked {
  statements: number;
  /** A line each: `lib/store/emails/due.ts:20: …`. */
  faults: string[];
}

/** PostgreSQL parses each statement without running it; then its result columns are compared with the type of its rows. */
export async function checkSql(sql: Sql, folders: readonly string[]): Promise<Checked> {
  const api = new API({ cwd: process.cwd() });
  try {
    const [project] = api.updateSnapshot({ openProjects: [resolve('tsconfig.json')] }).getProjects();
    if (project === undefined) throw new Error('tsconfig.json cannot be read');
    const within = folders.map((folder) => `${resolve(folder)}/`);
    const files = project.program
      .getSourceFileNames()
      .filter((name) => within.some((folder) => name.startsWith(folder)) && !name.endsWith('.test.ts'));
    const { statements, lost } = findStatements(project, files);
    const faults = lost.map((node) => `${placeOf(node)}: infra/sql/statements.ts cannot follow how this SQL is used`);
    const nullable = await nullableColumns(sql);
    for (const statement of statements) {
      const found = await describe(sql, statement).then(
        (columns) =>
          compareRows(
            project,
            statement,
            columns.map((column) => ({ ...column, nullable: nullable.has(`${column.table} ${column.number}`) })),
          ),
        (error) => [error instanceof Error ? error.message : String(error)],
      );
      faults.push(...found.map((fault) => `${placeOf(statement.node)}: ${fault}`));
    }
    return { statements: statements.length, faults: [...new Set(faults)] };
  } finally {
    api.close();
  }
}

async function describe(sql: Sql, { text, parameters }: Statement) {
  const { columns } = await sql.unsafe(text, parameters).describe();
  return columns;
}

async function nullableColumns(sql: Sql): Promise<Set<string>> {
  const rows = await sql<{ column: string }[]>`
    select attrelid || ' ' || attnum as column from pg_attribute where not attnotnull and attnum > 0`;
  return new Set(rows.map(({ column }) => column));
}

function placeOf(node: Node): string {
  const file = node.getSourceFile();
  return `${relative('.', file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}
