// schema.sql is what the migrations make: neither stale nor short of anything.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../lib/store/database.ts';
import { createTestDatabase, type TestDatabase } from '../test/database.ts';
import { schemaFile, schemaText } from './dump-schema.ts';

const file = readFileSync(schemaFile, 'utf8');
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

describe('schema.sql', () => {
  it('is the schema after all migrations; else: npm run generate', async () => {
    expect(file).toBe(await schemaText(database.sql));
  });

  it('makes the same schema of an empty database', async () => {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await database.sql`create database ${database.sql(name)} template template0`;
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    const sql = openDatabase(url.href, { connections: 1, name: 'test' });
    try {
      await sql.unsafe(file);
      expect(await schemaText(sql)).toBe(file);
    } finally {
      await sql.end();
      await database.sql`drop database ${database.sql(name)} with (force)`;
    }
  });

  it.each([
    ['create view late as select id from emails', 'the relation late'],
    ['create sequence numbers', 'the relation numbers'],
    ["create type mood as enum ('good')", 'the type mood'],
    ['grant select on emails to public', 'rights on emails'],
    ['grant select (id) on emails to public', 'rights on columns of emails'],
    ['create schema other', 'the schema other'],
    ['create policy own on emails', 'the policy own'],
  ])('is not written while there is what it cannot tell: %s', async (statement, told) => {
    await database.sql
      .begin(async (sql) => {
        await sql.unsafe(statement);
        await expect(schemaText(sql)).rejects.toThrow(told);
        throw new Error('rolled back');
      })
      .catch((error: Error) => expect(error.message).toBe('rolled back'));
  });

  it('goes nowhere: what is built brings the migrations alone', () => {
    const built = readdirSync(join(inject('bundles'), 'admin/migrations'));
    expect(built.length).toBeGreaterThan(5);
    expect(built.filter((name) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(name))).toEqual([]);
  });
});
