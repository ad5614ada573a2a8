import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  describeSession,
  enterSession,
  leaveSession,
} from '../../../dev/oracle-simulator/schema/sessions.ts';
import { createUser } from '../../../dev/oracle-simulator/schema/users.ts';
import { type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
let writer: pg.Client;
let reader: pg.Client;
let READER: string;
let WRITER: string;

beforeAll(async () => {
  database = await schemaDatabase();
  READER = database.userName('READER');
  WRITER = database.userName('WRITER');
  await createUser(database.db, { name: WRITER, password: 'w' });
  await createUser(database.db, { name: READER, password: 'r', grants: ['CREATE SESSION'] });
  writer = await database.session(WRITER);
  reader = await database.session(READER);
  await writer.query('CREATE TABLE "T" ("A" numeric)');
  await enter(writer, 7);
  await enter(reader, 8);
});
afterAll(() => database.close());

async function pidOf(client: pg.Client): Promise<number> {
  return (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
}

async function enter(client: pg.Client, id: number): Promise<void> {
  const user = client === writer ? WRITER : READER;
  await enterSession(database.db, { backendPid: await pidOf(client), id, serial: id * 10, user });
}

async function rows(db: pg.Client, sql: string): Promise<unknown[][]> {
  return (await db.query({ text: sql, rowMode: 'array' })).rows;
}

function grant(view: string): Promise<unknown> {
  return database.db.query(`SELECT oracle.grant_object('{SELECT}', '{"{}"}', 'SYS', $1, $2, false)`, [
    view,
    [READER],
  ]);
}

describe('V$ views', () => {
  it('are for who is granted V_$, by either name', async () => {
    await expect(reader.query('SELECT * FROM "V$DATABASE"')).rejects.toMatchObject({ code: '42501' });
    await expect(grant('V$DATABASE')).rejects.toThrow('ORA-02030: can only select from fixed tables/views');
    await grant('V_$DATABASE');
    const sql = (view: string) => `SELECT "NAME", "OPEN_MODE", "DATABASE_ROLE", "DBID" > 0 FROM ${view}`;
    expect(await rows(reader, sql('"V$DATABASE"'))).toEqual([['FREE', 'READ WRITE', 'PRIMARY', true]]);
    expect(await rows(reader, sql('"SYS"."V_$DATABASE"'))).toEqual(await rows(reader, sql('"V$DATABASE"')));
    await expect(reader.query('SELECT * FROM "GV$DATABASE"')).rejects.toMatchObject({ code: '42501' });
    expect(await rows(reader, `SELECT "BANNER" FROM "V$VERSION"`)).toHaveLength(1);
  });

  it('give the number that the engine set, and the same database the same number', async () => {
    await reader.query(`SET oracle.current_scn = '123456789012'`);
    expect(await rows(reader, 'SELECT "CURRENT_SCN"::text FROM "V$DATABASE"')).toEqual([['123456789012']]);
    const dbid = (db: pg.Client) => rows(db, 'SELECT "DBID" FROM "SYS"."V_$DATABASE"');
    const other = await schemaDatabase();
    expect(await dbid(database.db)).toEqual(await dbid(reader));
    expect(await dbid(other.db)).not.toEqual(await dbid(reader));
    await other.close();
  });

  it('show open transactions that wrote, as they are now, with their sessions', async () => {
    await grant('V_$TRANSACTION');
    await grant('V_$SESSION');
    const open = () =>
      rows(
        reader,
        `SELECT s."USERNAME", s."SID"::integer, s."SERIAL#"::integer, t."STATUS", t."START_SCN"::integer,
          t."START_DATE" <= oracle.sysdate(), s."STATUS", s."TADDR" = t."ADDR"
        FROM "V$TRANSACTION" AS t JOIN "V$SESSION" AS s ON s."SADDR" = t."SES_ADDR"`,
      );
    // A reader that has looked before still sees what has changed since.
    await reader.query('BEGIN');
    await writer.query('BEGIN');
    expect(await rows(writer, 'SELECT count(*)::integer FROM "T"')).toEqual([[0]]);
    expect(await open()).toEqual([]);
    await database.db.query(
      `INSERT INTO oracle.scn_time VALUES (41, now() - interval '1 minute'), (42, clock_timestamp() + interval '1 day')`,
    );
    await writer.query('INSERT INTO "T" VALUES (1)');
    expect(await open()).toEqual([[WRITER, 7, 70, 'ACTIVE', 41, true, 'INACTIVE', true]]);
    const id = await rows(writer, 'SELECT oracle.local_transaction_id()');
    await grant('GV_$TRANSACTION');
    expect(
      await rows(reader, `SELECT "XIDUSN" || '.' || "XIDSLOT" || '.' || "XIDSQN" FROM "GV$TRANSACTION"`),
    ).toEqual(id);
    await writer.query('COMMIT');
    expect(await open()).toEqual([]);
    await reader.query('COMMIT');
  });

  it('show what sessions say of themselves', async () => {
    const pid = await pidOf(writer);
    await describeSession(database.db, pid, {
      module: 'syncline',
      action: 'full run',
      clientIdentifier: 'run-1',
      program: 'node',
      machine: 'host',
      ecid: 'has no column',
    });
    const shown = () =>
      rows(
        reader,
        `SELECT "MODULE", "ACTION", "CLIENT_IDENTIFIER", "PROGRAM", "MACHINE" FROM "V$SESSION" WHERE "SID" = 7`,
      );
    expect(await shown()).toEqual([['syncline', 'full run', 'run-1', 'node', 'host']]);
    expect(
      await rows(
        writer,
        `SELECT oracle.sys_context('USERENV', 'MODULE'), oracle.sys_context('USERENV', 'SID')`,
      ),
    ).toEqual([['syncline', '7']]);
    await describeSession(database.db, pid, { action: '' });
    expect(await shown()).toEqual([['syncline', null, 'run-1', 'node', 'host']]);
    await leaveSession(database.db, pid);
    expect(await shown()).toEqual([]);
    await enter(writer, 7);
  });

  it('show who blocks whom', async () => {
    await writer.query(`INSERT INTO "T" VALUES (5); GRANT ALL ON "T" TO "${READER}"`);
    await writer.query('BEGIN; UPDATE "T" SET "A" = 6');
    const blocked = reader.query(`UPDATE "${WRITER}"."T" SET "A" = 7`);
    const event = () =>
      rows(
        database.db,
        `SELECT "EVENT", "BLOCKING_SESSION"::integer FROM "SYS"."V_$SESSION" WHERE "SID" = 8`,
      );
    await expect.poll(event).toEqual([['enq: TX - row lock contention', 7]]);
    await writer.query('ROLLBACK');
    await blocked;
  });

  it('show the statements that the engine counted', async () => {
    await database.db.query(`INSERT INTO oracle.sql_statistics (sql_id, parsing_schema_name, sql_text, executions, elapsed_time)
      VALUES ('abc', '${WRITER}', 'select 1 from dual', 4, 1200)`);
    await grant('V_$SQL');
    expect(
      await rows(
        reader,
        `SELECT "SQL_TEXT", "EXECUTIONS"::integer, "ELAPSED_TIME"::integer, "PARSING_SCHEMA_NAME" FROM "V$SQL"`,
      ),
    ).toEqual([['select 1 from dual', 4, 1200, WRITER]]);
    await grant('V_$PARAMETER');
    expect(await rows(reader, `SELECT "VALUE" FROM "V$PARAMETER" WHERE "NAME" = 'undo_retention'`)).toEqual([
      ['900'],
    ]);
    await grant('V_$INSTANCE');
    expect(await rows(reader, `SELECT "STATUS", "VERSION" FROM "V$INSTANCE"`)).toEqual([
      ['OPEN', '19.0.0.0.0'],
    ]);
  });
});

describe('System Change Numbers', () => {
  it('have times, and times have numbers', async () => {
    await database.db.query(`DELETE FROM oracle.scn_time; INSERT INTO oracle.scn_time VALUES
      (10, '2024-05-01 10:00:00+00'), (20, '2024-05-01 10:00:10+00')`);
    const one = async (expression: string) => (await rows(reader, `SELECT (${expression})::text`))[0]?.[0];
    expect(await one('oracle.scn_to_timestamp(15)')).toBe('2024-05-01 10:00:00');
    expect(await one(`oracle.timestamp_to_scn(timestamp '2024-05-01 10:00:12')`)).toBe('20');
    await expect(one('oracle.scn_to_timestamp(21)')).rejects.toThrow('ORA-08181');
    await expect(one(`oracle.timestamp_to_scn(timestamp '2024-05-01 09:00:00')`)).rejects.toThrow(
      'ORA-08180',
    );
  });
});
