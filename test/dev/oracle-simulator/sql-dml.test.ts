import { describe, expect, it } from 'vitest';
import type { OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { rendered } from './sql-support.ts';

type Case = readonly [oracle: string, binds: readonly OracleTypeName[], postgres: string];

describe('DML and transaction statements of Oracle in PostgreSQL', () => {
  it.each<Case>([
    [
      "INSERT INTO t VALUES (1, 'x', NULL, DEFAULT)",
      [],
      `INSERT INTO "T" VALUES (1::numeric, 'x', NULL, DEFAULT)`,
    ],
    [
      'INSERT INTO hr.t x (a, x.b) VALUES (:1, :2)',
      [],
      'INSERT INTO "HR"."T" AS "X" ("A", "B") VALUES ($1, $2) / 0, 1',
    ],
    [
      'INSERT INTO t (a, b) VALUES (:a, :b)',
      ['TIMESTAMP', 'DATE'],
      'INSERT INTO "T" ("A", "B") VALUES ($1::oracle.timestamp9, $2::oracle.date) / 0, 1',
    ],
    [
      'INSERT INTO t (a) SELECT b FROM u WHERE c = :c',
      [],
      'INSERT INTO "T" ("A") SELECT "B" FROM "U" WHERE "C" = $1 / 0',
    ],
    [
      'INSERT INTO t (a) WITH x AS (SELECT 1 b FROM dual) SELECT b FROM x',
      [],
      'INSERT INTO "T" ("A") WITH "X" AS (SELECT 1::numeric AS "B" FROM "DUAL") SELECT "B" FROM "X"',
    ],
    ['INSERT INTO t (a) (SELECT b FROM u)', [], 'INSERT INTO "T" ("A") (SELECT "B" FROM "U")'],
    [
      'INSERT INTO t (a) VALUES (s.NEXTVAL) RETURNING a, b + 1, ROWID INTO :a, :b, :c',
      [],
      `INSERT INTO "T" ("A") VALUES (nextval('"S"')::numeric) RETURNING "A", ("B" + 1::numeric) AS "B+1", oracle.rowid_of("T".tableoid, "T".ctid) AS "ROWID"`,
    ],
  ])('insert: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'UPDATE t SET a = 1, t.b = DEFAULT WHERE c = :c',
      [],
      'UPDATE "T" SET "A" = 1::numeric, "B" = DEFAULT WHERE "C" = $1 / 0',
    ],
    ['UPDATE t x SET x.a = x.b + 1', [], 'UPDATE "T" AS "X" SET "A" = ("X"."B" + 1::numeric)'],
    [
      'UPDATE t SET (a, b) = (SELECT c, d FROM u WHERE u.id = t.id)',
      [],
      'UPDATE "T" SET ("A", "B") = (SELECT "C", "D" FROM "U" WHERE "U"."ID" = "T"."ID")',
    ],
    [
      'UPDATE t SET a = 1 WHERE b = 2 AND ROWNUM <= 10',
      [],
      'UPDATE "T" SET "A" = 1::numeric WHERE "T".ctid = ANY (ARRAY(SELECT "T".ctid FROM "T" WHERE "B" = 2::numeric LIMIT 10))',
    ],
    [
      'UPDATE t SET a = :a WHERE ROWID = :r RETURNING a INTO :o',
      [],
      'UPDATE "T" SET "A" = $1 WHERE "T".ctid = oracle.rowid_ctid($2::text) RETURNING "A" / 0, 1',
    ],
    ['DELETE t', [], 'DELETE FROM "T"'],
    ['DELETE FROM t x WHERE x.a = 1', [], 'DELETE FROM "T" AS "X" WHERE "X"."A" = 1::numeric'],
    [
      'DELETE FROM t WHERE a < SYSDATE - 30 AND ROWNUM <= :n',
      [],
      'DELETE FROM "T" WHERE "T".ctid = ANY (ARRAY(SELECT "T".ctid FROM "T" WHERE "A" < (oracle.sysdate() - 30::numeric) LIMIT greatest(floor(oracle.to_number($1::text)), 0)::bigint)) / 0',
    ],
    [
      'DELETE FROM t WHERE a = 1 RETURN a INTO :a',
      [],
      'DELETE FROM "T" WHERE "A" = 1::numeric RETURNING "A"',
    ],
  ])('update and delete: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'MERGE INTO t USING u ON (t.a = u.a) WHEN MATCHED THEN UPDATE SET t.b = u.b WHEN NOT MATCHED THEN INSERT (a, b) VALUES (u.a, u.b)',
      [],
      'MERGE INTO "T" USING "U" ON "T"."A" = "U"."A" WHEN MATCHED THEN UPDATE SET "B" = "U"."B" WHEN NOT MATCHED THEN INSERT ("A", "B") VALUES ("U"."A", "U"."B")',
    ],
    [
      'MERGE INTO t x USING (SELECT :1 a, :2 b FROM dual) s ON (x.a = s.a) WHEN MATCHED THEN UPDATE SET b = s.b WHERE x.c = 1 DELETE WHERE x.b > 5 AND x.c = 2',
      [],
      'MERGE INTO "T" AS "X" USING (SELECT $1::text AS "A", $2::text AS "B" FROM "DUAL") AS "S" ON "X"."A" = "S"."A" WHEN MATCHED AND ("X"."C" = 1::numeric) AND ("S"."B" > 5::numeric AND "X"."C" = 2::numeric) THEN DELETE WHEN MATCHED AND ("X"."C" = 1::numeric) THEN UPDATE SET "B" = "S"."B" / 0, 1',
    ],
    [
      'MERGE INTO t USING u ON (t.a = u.a) WHEN NOT MATCHED THEN INSERT VALUES (u.a, DEFAULT) WHERE u.b = 1',
      [],
      'MERGE INTO "T" USING "U" ON "T"."A" = "U"."A" WHEN NOT MATCHED AND ("U"."B" = 1::numeric) THEN INSERT VALUES ("U"."A", DEFAULT)',
    ],
  ])('merge: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ['COMMIT', [], 'COMMIT'],
    ['COMMIT WORK WRITE BATCH NOWAIT', [], 'COMMIT'],
    ['ROLLBACK', [], 'ROLLBACK'],
    ['ROLLBACK TO SAVEPOINT a', [], 'ROLLBACK TO SAVEPOINT "A"'],
    ['ROLLBACK TO a', [], 'ROLLBACK TO SAVEPOINT "A"'],
    ['SAVEPOINT a', [], 'SAVEPOINT "A"'],
    ['SET TRANSACTION READ ONLY', [], 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY'],
    [
      "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE NAME 'x'",
      [],
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
    ],
    ['SET CONSTRAINTS ALL DEFERRED', [], 'SET CONSTRAINTS ALL DEFERRED'],
    ['LOCK TABLE t, hr.u IN EXCLUSIVE MODE NOWAIT', [], 'LOCK TABLE "T", "HR"."U" IN EXCLUSIVE MODE NOWAIT'],
    ['LOCK TABLE t IN ROW SHARE MODE WAIT 3', [], 'LOCK TABLE "T" IN ROW SHARE MODE'],
  ])('other: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });
});
