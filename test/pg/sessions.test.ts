import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifyPgError, describePgError } from '../../src/pg/errors.ts';
import { quoteIdent, quoteTable } from '../../src/pg/identifiers.ts';
import { createPool } from '../../src/pg/pool.ts';
import { withTransaction } from '../../src/pg/transaction.ts';
import { type FreshDatabase, freshDatabase, storeServer } from '../support/servers.ts';

describe('sessions', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(await storeServer(), 'sessions');
    pool = createPool({ url: database.url, applicationName: 'syncline/sessions', max: 3, values: 'text' });
    await pool.query('CREATE TABLE note (id int PRIMARY KEY, body text)');
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('are set up alike: zone, formats, time-outs, name', async () => {
    const { rows } = await pool.query(
      `SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name`,
      [
        [
          'TimeZone',
          'DateStyle',
          'IntervalStyle',
          'bytea_output',
          'client_encoding',
          'application_name',
          'idle_in_transaction_session_timeout',
          'statement_timeout',
          'client_connection_check_interval',
          'tcp_keepalives_idle',
        ],
      ],
    );
    expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
      application_name: 'syncline/sessions',
      bytea_output: 'hex',
      client_connection_check_interval: '2000',
      client_encoding: 'UTF8',
      DateStyle: 'ISO, MDY',
      idle_in_transaction_session_timeout: '10000',
      IntervalStyle: 'postgres',
      statement_timeout: '1800000',
      tcp_keepalives_idle: '5',
      TimeZone: 'UTC',
    });
  });

  it('give every value as exact text, or state values without a Date', async () => {
    const sql = `SELECT 9007199254740993::bigint AS big, '2026-01-02 03:04:05.123456+00'::timestamptz AS at,
                        '{"a":1}'::jsonb AS doc, true AS yes, ARRAY['a','b'] AS list`;
    expect((await pool.query(sql)).rows[0]).toEqual({
      big: '9007199254740993',
      at: '2026-01-02 03:04:05.123456+00',
      doc: '{"a": 1}',
      yes: 't',
      list: '{a,b}',
    });
    const state = createPool({
      url: database.url,
      applicationName: 'syncline/state',
      max: 1,
      values: 'state',
    });
    const { rows } = await state.query(sql.replace('9007199254740993', '42'));
    await state.end();
    expect(rows[0]).toEqual({
      big: 42,
      at: '2026-01-02T03:04:05.123456Z',
      doc: { a: 1 },
      yes: true,
      list: ['a', 'b'],
    });
  });

  it('refuse to write when they are read-only', async () => {
    const reader = createPool({
      url: database.url,
      applicationName: 'syncline/read',
      max: 1,
      values: 'text',
      readOnly: true,
    });
    await expect(reader.query(`INSERT INTO note VALUES (1, 'x')`)).rejects.toMatchObject({ code: '25006' });
    await reader.end();
  });

  it('roll a transaction back that throws, and keep the session', async () => {
    const failed = withTransaction(pool, {}, async (client) => {
      await client.query(`INSERT INTO note VALUES (2, 'x')`);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect((await pool.query('SELECT * FROM note WHERE id = 2')).rows).toEqual([]);
  });

  it('name themselves for the time of a transaction', async () => {
    const name = (client: Pick<pg.Pool, 'query'>) =>
      client.query('SHOW application_name').then(({ rows }) => rows[0].application_name);
    const inside = await withTransaction(pool, { applicationName: 'syncline/run-7' }, name);
    expect([inside, await name(pool)]).toEqual(['syncline/run-7', 'syncline/sessions']);
  });

  it('cancel the statement in the database when the signal aborts, and the transaction with it', async () => {
    const abort = new AbortController();
    const aborted = withTransaction(
      pool,
      { applicationName: 'syncline/abort', signal: abort.signal },
      async (client) => {
        await client.query(`INSERT INTO note VALUES (3, 'x')`);
        await client.query('SELECT pg_sleep(60)');
      },
    );
    const working = async () =>
      (
        await pool.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'syncline/abort' AND state = 'active'`,
        )
      ).rowCount;
    await expect.poll(working).toBe(1);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect.poll(working).toBe(0);
    expect((await pool.query('SELECT * FROM note WHERE id = 3')).rows).toEqual([]);
  });

  it('throw a session away whose connection broke, and go on with another', async () => {
    const broken = withTransaction(pool, {}, async (client) => {
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await client.query('SELECT 1');
    });
    const error = await broken.catch((reason: unknown) => reason);
    expect(classifyPgError(error)).toBe('connection');
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: '1' }]);
  });
});

describe('errors of PostgreSQL', () => {
  it.each([
    ['40001', 'contention'],
    ['40P01', 'contention'],
    ['55P03', 'contention'],
    ['22P02', 'data'],
    ['23505', 'constraint'],
    ['57014', 'cancelled'],
    ['57P01', 'connection'],
    ['08006', 'connection'],
    ['ECONNRESET', 'connection'],
    ['53300', 'resources'],
    ['28P01', 'auth'],
    ['42P01', 'query'],
    ['25P03', 'connection'],
  ] as const)('%s is %s', (code, meaning) => {
    expect(classifyPgError(Object.assign(new Error('x'), { code }))).toBe(meaning);
  });

  it('show no value of a row', async () => {
    const database = await freshDatabase(await storeServer(), 'scrub');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `CREATE TABLE t (id int PRIMARY KEY, doc jsonb CHECK (doc <> '1'));
       CREATE FUNCTION complain(v text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'bad %', v; END $$`,
    );
    for (const sql of [
      `INSERT INTO t VALUES (1, '"s3cret"'), (1, '"s3cret"')`,
      `SELECT 's3cret'::int`,
      `SELECT 's3cret'::date`,
      `SELECT '{"s3cret'::jsonb`,
      `SELECT '{s3cret'::int[]`,
      `SELECT '99999999999'::int /* s3cret */ WHERE 's3cret' = ''`,
      `SELECT complain('s3cret')`,
      `SELECT 's3cret'::uuid`,
    ]) {
      const error = await client.query(sql).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error, sql).not.toBeNull();
      expect(describePgError(error)).not.toContain('s3cret');
    }
    await client.end();
    await database.drop();
  });
});

describe('identifiers', () => {
  it('are quoted, and refused when PostgreSQL would cut them', () => {
    expect(quoteIdent('a"b; DROP')).toBe('"a""b; DROP"');
    expect(quoteTable({ schema: 'Hr', table: 'e' })).toBe('"Hr"."e"');
    expect(() => quoteIdent('ü'.repeat(32))).toThrow(/longer than 63/);
    expect(() => quoteIdent('')).toThrow();
  });
});
