import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import type { EntityPlan } from '../../../src/domain/entity.ts';
import { type FreshDatabase, freshDatabase, sourceServer } from '../../support/servers.ts';
import { changedAt, never, openPostgres, piecesOf, planOf, rowsOf, specOf } from '../kit.ts';

const read = { format: 'rows', pieceBytes: 1e6, signal: never } as const;

describe('changes of PostgreSQL', () => {
  let database: FreshDatabase;
  let source: Source;
  let db: pg.Client;

  beforeAll(async () => {
    database = await freshDatabase(await sourceServer(), 'changes');
    source = openPostgres(database.url, {}, { timeZone: 'Europe/Berlin' });
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
  });
  afterAll(async () => {
    await source.close();
    await db.end();
    await database.drop();
  });

  const table = (name: string, changes: object = {}) =>
    planOf(source, { read: { kind: 'table', table: name }, ...changes });
  const changes = (plan: EntityPlan, low: string, now = '2027-01-01T00:00:00.000000Z') =>
    piecesOf(source.readChanges(plan, { low, now, after: null }, read)).then((pieces) =>
      rowsOf(pieces).map((row) => row[0]),
    );

  it('of a join are rows where any time is at or above low, NULLs or not, in the order of the latest (C20)', async () => {
    await db.query(
      `CREATE TABLE person (id int PRIMARY KEY, dept int, changed timestamptz);
       CREATE TABLE dept (id int PRIMARY KEY, changed timestamptz);
       INSERT INTO dept VALUES (1, '2026-02-01Z'), (2, '2026-01-01Z'), (3, NULL);
       INSERT INTO person VALUES (1, 1, '2026-01-01Z'), (2, 2, '2026-01-01Z'), (3, NULL, '2026-03-01Z'), (4, 1, NULL), (5, 3, NULL)`,
    );
    const plan = await planOf(source, {
      read: {
        kind: 'sql',
        sql: 'SELECT p.id, p.changed, d.changed AS dept_changed FROM person p LEFT JOIN dept d ON d.id = p.dept',
      },
      changedAt: changedAt('changed', 'dept_changed'),
    });
    expect(await changes(plan, '2026-01-15T00:00:00.000000Z')).toEqual(['1', '4', '3']);
    const pieces = await piecesOf(
      source.readChanges(
        plan,
        { low: '2026-01-15T00:00:00.000000Z', now: '2027-01-01T00:00:00.000000Z', after: null },
        { ...read, pieceBytes: 1 },
      ),
    );
    expect(pieces.map((piece) => piece.rows)).toEqual([1, 1, 1]);
    expect(await source.countOddRows(plan, '2026-02-15T00:00:00.000000Z', never)).toEqual({
      nullChangedAt: 1,
      futureChangedAt: 1,
    });
  });

  it('of wall times are read from the smallest one since low: the doubled hour twice (C3)', async () => {
    await db.query(
      `CREATE TABLE clock (id int PRIMARY KEY, changed timestamp);
       INSERT INTO clock VALUES (1, '2025-10-26 01:59:00'), (2, '2025-10-26 02:10:00'), (3, '2025-10-26 02:50:00'), (4, '2025-10-26 03:10:00')`,
    );
    const plan = await table('clock', { changedAt: changedAt('changed') });
    // 00:55Z is 02:55 summer time; at 01:00Z clocks went back to 02:00.
    expect(await changes(plan, '2025-10-26T00:55:00.000000Z', '2025-10-26T02:30:00.000000Z')).toEqual([
      '2',
      '3',
      '4',
    ]);
    expect(await changes(plan, '2025-10-26T01:20:00.000000Z', '2025-10-26T02:30:00.000000Z')).toEqual([
      '3',
      '4',
    ]);
  });

  it('of dates include the day of low, in the source’s zone', async () => {
    await db.query(
      `CREATE TABLE diary (id int PRIMARY KEY, day date); INSERT INTO diary SELECT n, '2026-01-01'::date + n FROM generate_series(1, 5) n`,
    );
    const plan = await table('diary', { changedAt: changedAt('day') });
    expect(await changes(plan, '2026-01-03T23:30:00.000000Z')).toEqual(['3', '4', '5']);
  });

  it('of columns of different types meet as instants', async () => {
    await db.query(
      `CREATE TABLE mixed (id int PRIMARY KEY, a timestamptz, b timestamp, c date);
       INSERT INTO mixed VALUES (1, '2026-06-02 00:30Z', NULL, NULL), (2, NULL, '2026-06-02 02:00', NULL), (3, NULL, NULL, '2026-06-02')`,
    );
    const plan = await table('mixed', { changedAt: changedAt('a', 'b', 'c') });
    expect(await changes(plan, '2026-06-01T00:00:00.000000Z')).toEqual(['3', '2', '1']);
  });

  it('need a column of time', async () => {
    const spec = specOf({
      read: { kind: 'sql', sql: 'SELECT 1 AS id, 2 AS amount' },
      changedAt: changedAt('amount'),
    });
    const shape = await source.describe(spec, never);
    const plan = { spec, readColumns: shape.columns } as unknown as EntityPlan;
    expect(() => source.readChanges(plan, { low: '', now: '', after: null }, read)).toThrow(
      /amount has type integer/,
    );
  });
});
