import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { isSyncError } from '../../../src/domain/errors.ts';
import { type FreshDatabase, freshDatabase, sourceServer } from '../../support/servers.ts';
import { changedAt, never, openPostgres, planOf, specOf } from '../kit.ts';

describe('description by PostgreSQL', () => {
  let database: FreshDatabase;
  let source: Source;
  let db: pg.Client;

  beforeAll(async () => {
    database = await freshDatabase(await sourceServer(), 'describe');
    source = openPostgres(database.url, {}, { timeZone: 'Europe/Berlin' });
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
  });
  afterAll(async () => {
    await source.close();
    await db.end();
    await database.drop();
  });

  it('advises the index that is missing, by the statement to run', async () => {
    await db.query('CREATE TABLE bare (id int, changed timestamptz)');
    const spec = specOf({ read: { kind: 'table', table: 'bare' }, changedAt: changedAt('changed') });
    const { advice } = await source.describe(spec, never);
    expect(advice.map((entry) => entry.sql)).toEqual([
      'CREATE INDEX CONCURRENTLY ON "public"."bare" ("id");',
      'CREATE INDEX CONCURRENTLY ON "public"."bare" ("changed");',
    ]);
    for (const { sql } of advice) await db.query(sql);
    expect((await source.describe(spec, never)).advice).toEqual([]);
  });

  it('warns of joined tables whose changes nobody sees, and of inner joins (C20)', async () => {
    await db.query(
      'CREATE TABLE city (id int PRIMARY KEY, name text); CREATE TABLE shop (id int PRIMARY KEY, city int, changed timestamptz)',
    );
    const sql = 'SELECT s.id, s.changed, c.name FROM shop s JOIN city c ON c.id = s.city';
    const { advice } = await source.describe(
      specOf({ read: { kind: 'sql', sql }, changedAt: changedAt('changed') }),
      never,
    );
    const problems = advice.map((entry) => entry.problem).join('\n');
    expect(problems).toMatch(/inner join drops rows/);
    expect(problems).toMatch(/Columns of city are read, but none/);
  });

  it('knows NOT NULL of a table, and trusts no join', async () => {
    await db.query('CREATE TABLE strict (id int PRIMARY KEY, a int NOT NULL, b int)');
    const nullable = async (read: { kind: 'table'; table: string } | { kind: 'sql'; sql: string }) =>
      (await source.describe(specOf({ read }), never)).columns.map((column) => column.nullable);
    expect(await nullable({ kind: 'table', table: 'strict' })).toEqual([false, false, true]);
    expect(await nullable({ kind: 'sql', sql: 'SELECT * FROM strict' })).toEqual([true, true, true]);
  });

  it('finds tables by names that need quotes', async () => {
    await db.query(
      'CREATE SCHEMA "Sales.2026"; CREATE TABLE "Sales.2026"."Order ""A""" ("Id" int PRIMARY KEY)',
    );
    const plan = await planOf(source, {
      read: { kind: 'table', table: '"Sales.2026"."Order ""A"""' },
      key: ['Id'],
    });
    expect(plan.readColumns[0]?.name).toBe('Id');
    for (const bad of ['', 'a.b.c', 'a b', '"open']) {
      const failure = await source
        .describe(specOf({ read: { kind: 'table', table: bad } }), never)
        .catch((error: unknown) => error);
      expect(isSyncError(failure, 'CONFIG_INVALID'), bad).toBe(true);
    }
  });

  it('refuses a table whose policies would hide rows, and names the way out (C5)', async () => {
    await db.query(
      `CREATE TABLE secret (id int PRIMARY KEY, owner text); INSERT INTO secret VALUES (1, 'x');
       ALTER TABLE secret ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON secret USING (owner = current_user)`,
    );
    const role = `reader_${database.name}`;
    await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'pw'; GRANT SELECT ON secret TO ${role}`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'pw';
    const reader = openPostgres(url.href);
    const failure = await reader
      .describe(specOf({ read: { kind: 'table', table: 'secret' } }), never)
      .catch((error: unknown) => error);
    const denied = await reader
      .describe(specOf({ read: { kind: 'table', table: 'strict' } }), never)
      .catch((error: unknown) => error);
    await reader.close();
    await db.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    expect(isSyncError(failure, 'SOURCE_AUTH') && failure.remedy).toMatch(/hide rows of secret.*BYPASSRLS/);
    expect(isSyncError(denied, 'SOURCE_AUTH') && denied.remedy).toMatch(/SELECT/);
  });

  it('knows that a foreign table may hide rows, and refuses types of extensions by name', async () => {
    const { hostname, port, username, password } = new URL(database.url);
    await db.query(
      `CREATE EXTENSION postgres_fdw; CREATE EXTENSION citext; CREATE TABLE near (id int, name citext);
       CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${hostname}', port '${port}', dbname '${database.name}');
       CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user '${username}', password '${password}');
       CREATE FOREIGN TABLE far_away (id int, name citext) SERVER far OPTIONS (table_name 'near')`,
    );
    const shape = await source.describe(specOf({ read: { kind: 'table', table: 'far_away' } }), never);
    expect(shape.seesAllRows).toBe(false);
    expect(shape.columns[1]).toMatchObject({ name: 'name', mirrorType: null });
    expect(shape.columns[1]?.problem).toMatch(/"name" has type citext, a type of public.*name::text/);
  });

  it('refuses two columns of one name', async () => {
    const spec = specOf({ read: { kind: 'sql', sql: 'SELECT 1 AS id, 2 AS id' } });
    await expect(source.describe(spec, never)).rejects.toThrow(/two columns named id/);
  });
});
