import { describe, expect, it } from 'vitest';
import type { OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { rendered } from './sql-support.ts';

type Case = readonly [oracle: string, binds: readonly OracleTypeName[], postgres: string];

describe('DDL of Oracle in PostgreSQL', () => {
  it.each<Case>([
    [
      'CREATE TABLE t (a VARCHAR2(10), b VARCHAR2(10 CHAR), c NVARCHAR2(5), d CHAR, e NCHAR(3), f NUMBER, g NUMBER(5), h NUMBER(7,-2), i NUMBER(*,2), j INTEGER, k FLOAT, l FLOAT(20), m BINARY_FLOAT, n BINARY_DOUBLE, o DATE, p TIMESTAMP, q TIMESTAMP(9), r TIMESTAMP(3) WITH TIME ZONE, s TIMESTAMP WITH LOCAL TIME ZONE, t INTERVAL YEAR TO MONTH, u INTERVAL DAY(3) TO SECOND(2), v RAW(16), w LONG, x LONG RAW, y CLOB, z NCLOB, aa BLOB, bb ROWID, cc UROWID(100), dd DECIMAL(5,2), ee REAL)',
      [],
      'CREATE TABLE "T" ("A" varchar(10), "B" varchar(10), "C" varchar(5), "D" bpchar(1), "E" bpchar(3), "F" numeric, "G" numeric(5, 0), "H" numeric(7, -2), "I" numeric(38, 2), "J" numeric(38, 0), "K" numeric, "L" numeric, "M" real, "N" double precision, "O" oracle.date, "P" timestamp(6), "Q" oracle.timestamp9(9), "R" timestamptz(3), "S" timestamptz(6), "T" interval year to month, "U" interval day to second(2), "V" oracle.raw(16), "W" oracle.long, "X" oracle.raw, "Y" oracle.clob, "Z" oracle.nclob, "AA" oracle.blob, "BB" oracle.rowid, "CC" oracle.rowid, "DD" numeric(5, 2), "EE" numeric)',
    ],
    [
      'CREATE TABLE hr.t (a NUMBER(10) CONSTRAINT t_pk PRIMARY KEY USING INDEX TABLESPACE x, b DATE DEFAULT SYSDATE NOT NULL ENABLE, c NUMBER CONSTRAINT c_nn NOT NULL UNIQUE CHECK (c > 0), d NUMBER REFERENCES u ON DELETE CASCADE, e NUMBER REFERENCES u (x) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, CONSTRAINT t_uk UNIQUE (a, b), CONSTRAINT t_ck CHECK (a < c) DISABLE, FOREIGN KEY (a, c) REFERENCES w (p, q)) PCTFREE 10 STORAGE (INITIAL 64K NEXT (1)) TABLESPACE users LOGGING ROWDEPENDENCIES ENABLE ROW MOVEMENT',
      [],
      'CREATE TABLE "HR"."T" ("A" numeric(10, 0), "B" oracle.date DEFAULT oracle.sysdate() NOT NULL, "C" numeric CONSTRAINT "C_NN" NOT NULL, "D" numeric, "E" numeric, CONSTRAINT "T_PK" PRIMARY KEY ("A"), UNIQUE ("C"), CHECK ("C" > 0::numeric), FOREIGN KEY ("D") REFERENCES "U" ON DELETE CASCADE, FOREIGN KEY ("E") REFERENCES "U" ("X") ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "T_UK" UNIQUE ("A", "B"), CONSTRAINT "T_CK" CHECK ("A" < "C") NOT ENFORCED, FOREIGN KEY ("A", "C") REFERENCES "W" ("P", "Q"))',
    ],
    [
      'CREATE TABLE t AS SELECT a, b + 1 c FROM u',
      [],
      'CREATE TABLE "T" AS SELECT "A", ("B" + 1::numeric) AS "C" FROM "U"',
    ],
    [
      'CREATE TABLE t (a, b, PRIMARY KEY (a)) AS SELECT 1, 2 FROM dual',
      [],
      `CREATE TABLE "T" ("A", "B") AS SELECT 1::numeric AS "1", 2::numeric AS "2" FROM "DUAL";
ALTER TABLE "T" ADD PRIMARY KEY ("A")`,
    ],
    [
      'CREATE TABLE t (a NUMBER GENERATED ALWAYS AS (b * 2) VIRTUAL, b NUMBER)',
      [],
      'CREATE TABLE "T" ("A" numeric GENERATED ALWAYS AS (("B" * 2::numeric)) STORED, "B" numeric)',
    ],
  ])('create table: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'ALTER TABLE t ADD a NUMBER DEFAULT 0 NOT NULL',
      [],
      'ALTER TABLE "T" ADD COLUMN "A" numeric DEFAULT 0::numeric NOT NULL',
    ],
    [
      'ALTER TABLE t ADD (a DATE, CONSTRAINT x UNIQUE (a)) ADD CONSTRAINT y CHECK (a > b)',
      [],
      `ALTER TABLE "T" ADD COLUMN "A" oracle.date;
ALTER TABLE "T" ADD CONSTRAINT "X" UNIQUE ("A");
ALTER TABLE "T" ADD CONSTRAINT "Y" CHECK ("A" > "B")`,
    ],
    [
      'ALTER TABLE t MODIFY (a VARCHAR2(20) NOT NULL, b NULL, c DEFAULT 5, d DEFAULT NULL)',
      [],
      `ALTER TABLE "T" ALTER COLUMN "A" TYPE varchar(20);
ALTER TABLE "T" ALTER COLUMN "A" SET NOT NULL;
ALTER TABLE "T" ALTER COLUMN "B" DROP NOT NULL;
ALTER TABLE "T" ALTER COLUMN "C" SET DEFAULT 5::numeric;
ALTER TABLE "T" ALTER COLUMN "D" DROP DEFAULT`,
    ],
    ['ALTER TABLE t DROP COLUMN a CASCADE CONSTRAINTS', [], 'ALTER TABLE "T" DROP COLUMN "A" CASCADE'],
    [
      'ALTER TABLE t DROP (a, b)',
      [],
      `ALTER TABLE "T" DROP COLUMN "A";
ALTER TABLE "T" DROP COLUMN "B"`,
    ],
    ['ALTER TABLE t SET UNUSED COLUMN a', [], 'ALTER TABLE "T" DROP COLUMN "A"'],
    ['ALTER TABLE t RENAME COLUMN a TO b', [], 'ALTER TABLE "T" RENAME COLUMN "A" TO "B"'],
    ['ALTER TABLE t RENAME TO u', [], 'ALTER TABLE "T" RENAME TO "U"'],
    ['ALTER TABLE t RENAME CONSTRAINT a TO b', [], 'ALTER TABLE "T" RENAME CONSTRAINT "A" TO "B"'],
    ['ALTER TABLE t DROP CONSTRAINT c CASCADE', [], 'ALTER TABLE "T" DROP CONSTRAINT "C" CASCADE'],
    ['ALTER TABLE hr.t DROP PRIMARY KEY CASCADE', [], "SELECT oracle.drop_primary_key('HR', 'T', true)"],
    ['ALTER TABLE t DROP UNIQUE (a, b)', [], "SELECT oracle.drop_unique(NULL, 'T', ARRAY['A', 'B']::text[])"],
    ['ALTER TABLE t ENABLE ROW MOVEMENT', [], ''],
    ['ALTER TABLE t NOLOGGING', [], ''],
  ])('alter table: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'CREATE UNIQUE INDEX hr.i ON hr.t (a DESC, UPPER(b)) TABLESPACE x COMPUTE STATISTICS',
      [],
      'CREATE UNIQUE INDEX "I" ON "HR"."T" ("A" DESC, (oracle.upper(oracle.to_char("B"))))',
    ],
    ['CREATE INDEX i ON t (a) REVERSE ONLINE', [], 'CREATE INDEX "I" ON "T" ("A")'],
    ['CREATE VIEW v AS SELECT a FROM t', [], 'CREATE VIEW "V" AS SELECT "A" FROM "T"'],
    [
      'CREATE OR REPLACE FORCE EDITIONABLE VIEW v (x) AS SELECT a FROM t',
      [],
      `DO $body$
BEGIN
CREATE OR REPLACE VIEW "V" ("X") AS SELECT "A" FROM "T";
EXCEPTION WHEN invalid_table_definition THEN
DROP VIEW "V";
CREATE VIEW "V" ("X") AS SELECT "A" FROM "T";
END
$body$`,
    ],
    [
      'CREATE VIEW v AS SELECT a FROM t WITH READ ONLY',
      [],
      'CREATE VIEW "V" AS SELECT * FROM (SELECT "A" FROM "T") AS shown OFFSET 0',
    ],
    [
      'CREATE SEQUENCE s START WITH 5 INCREMENT BY -2 MINVALUE -99 MAXVALUE 9999999999999999999999999999 CYCLE CACHE 20 ORDER',
      [],
      'CREATE SEQUENCE "S" INCREMENT BY -2 MINVALUE -99 START WITH 5 CYCLE',
    ],
    ['CREATE SEQUENCE s', [], 'CREATE SEQUENCE "S"'],
    ['ALTER SEQUENCE s INCREMENT BY 5 NOCACHE', [], 'ALTER SEQUENCE "S" INCREMENT BY 5'],
    ['ALTER SEQUENCE s RESTART START WITH 9', [], 'ALTER SEQUENCE "S" RESTART WITH 9'],
    ['TRUNCATE TABLE t DROP STORAGE', [], 'TRUNCATE TABLE "T"'],
    [
      "COMMENT ON TABLE hr.t IS 'it''s'",
      [],
      `DO $body$
BEGIN
COMMENT ON TABLE "HR"."T" IS 'it''s';
EXCEPTION WHEN wrong_object_type THEN
COMMENT ON VIEW "HR"."T" IS 'it''s';
END
$body$`,
    ],
    ["COMMENT ON COLUMN t.a IS ''", [], 'COMMENT ON COLUMN "T"."A" IS NULL'],
    ['RENAME a TO b', [], 'ALTER TABLE "A" RENAME TO "B"'],
    [
      'DROP TABLE t CASCADE CONSTRAINTS PURGE',
      [],
      `DO $body$
DECLARE
functions regprocedure[];
each regprocedure;
BEGIN
functions := ARRAY(SELECT t.tgfoid FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE t.tgrelid = '"T"'::regclass AND p.proname ~ '\\$(trigger|default)$');
DROP TABLE "T" CASCADE;
FOREACH each IN ARRAY functions LOOP
EXECUTE format('DROP FUNCTION %s', each);
END LOOP;
END
$body$`,
    ],
    ['DROP VIEW v CASCADE CONSTRAINTS', [], 'DROP VIEW "V" CASCADE'],
    ['DROP INDEX i', [], 'DROP INDEX "I"'],
    ['DROP SEQUENCE hr.s', [], 'DROP SEQUENCE "HR"."S"'],
    ['DROP TRIGGER x', [], 'DROP FUNCTION "HR"."X$trigger"() CASCADE'],
    [
      'ALTER TRIGGER hr.x DISABLE',
      [],
      `DO $body$
DECLARE
place regclass := (SELECT tgrelid FROM pg_trigger WHERE tgfoid = to_regproc('"HR"."X$trigger"'));
BEGIN
IF place IS NULL THEN PERFORM oracle.raise(4080, 'trigger ''X'' does not exist'); END IF;
EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', place, 'X');
END
$body$`,
    ],
    ['DROP SYNONYM s', [], "SELECT oracle.drop_synonym(NULL, 'S')"],
    ['CREATE OR REPLACE SYNONYM s FOR hr.t', [], "SELECT oracle.create_synonym(NULL, 'S', 'HR', 'T', true)"],
    [
      'GRANT SELECT, UPDATE (a, b) ON hr.t TO x, PUBLIC WITH GRANT OPTION',
      [],
      `SELECT oracle.grant_object(ARRAY['SELECT', 'UPDATE']::text[], ARRAY['{}', '{"A","B"}']::text[], 'HR', 'T', ARRAY['X', 'PUBLIC']::text[], true)`,
    ],
    [
      'GRANT ALL PRIVILEGES ON t TO x',
      [],
      "SELECT oracle.grant_object(ARRAY['ALL']::text[], ARRAY['{}']::text[], NULL, 'T', ARRAY['X']::text[], false)",
    ],
    [
      'GRANT CREATE SESSION, SELECT ANY TABLE, CONNECT TO x WITH ADMIN OPTION',
      [],
      "SELECT oracle.grant_system(ARRAY['CREATE SESSION', 'SELECT ANY TABLE', 'CONNECT']::text[], ARRAY['X']::text[], true)",
    ],
    [
      'REVOKE SELECT ON t FROM x',
      [],
      "SELECT oracle.revoke_object(ARRAY['SELECT']::text[], ARRAY['{}']::text[], NULL, 'T', ARRAY['X']::text[])",
    ],
    [
      'REVOKE CREATE SESSION FROM x',
      [],
      "SELECT oracle.revoke_system(ARRAY['CREATE SESSION']::text[], ARRAY['X']::text[])",
    ],
  ])('other objects: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });
});
