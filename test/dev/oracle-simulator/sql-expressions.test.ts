import { describe, expect, it } from 'vitest';
import type { OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { renderedCondition, renderedValue } from './sql-support.ts';

type Case = readonly [oracle: string, binds: readonly OracleTypeName[], postgres: string];

describe('expressions of Oracle in PostgreSQL', () => {
  it.each<Case>([
    ['NULL', [], 'NULL::text'],
    ["''", [], 'NULL::text'],
    ["'it''s'", [], "'it''s'"],
    ["N'ü'", [], "'ü'"],
    ["q'[it's]'", [], "'it''s'"],
    ["nq'{a}'", [], "'a'"],
    ['12', [], '12::numeric'],
    ['1.50', [], '1.50'],
    ['.5', [], '.5'],
    ['1e3', [], '1e3'],
    ['1.5f', [], "'1.5'::real"],
    ['2D', [], "'2'::double precision"],
    ['BINARY_DOUBLE_NAN', [], "'NaN'::double precision"],
    ["DATE '2024-02-29'", [], "'2024-02-29 00:00:00'::oracle.date"],
    ["DATE '-0044-3-15'", [], "'0044-03-15 00:00:00 BC'::oracle.date"],
    ["TIMESTAMP '2024-1-2 3:4:5.6'", [], "'2024-01-02 03:04:05.6'::timestamp"],
    ["TIMESTAMP '2024-01-02 03:04:05.1234567'", [], "'2024-01-02 03:04:05.123456700'::oracle.timestamp9"],
    ["TIMESTAMP '2024-01-02 03:04:05 +02:00'", [], "'2024-01-02 03:04:05 +02:00'::timestamptz"],
    ["TIMESTAMP '2024-01-02 03:04:05 Europe/Berlin'", [], "'2024-01-02 03:04:05 Europe/Berlin'::timestamptz"],
    ["INTERVAL '5' DAY", [], "'5 days 0 secs'::interval day to second"],
    ["INTERVAL '-1 02:03:04.5' DAY TO SECOND", [], "'-1 days -7384.5 secs'::interval day to second"],
    ["INTERVAL '100' HOUR(3)", [], "'4 days 14400 secs'::interval day to second"],
    ["INTERVAL '90:30' MINUTE TO SECOND", [], "'0 days 5430 secs'::interval day to second"],
    ["INTERVAL '2-3' YEAR TO MONTH", [], "'27 mons'::interval year to month"],
    ["INTERVAL '400' YEAR(3)", [], "'4800 mons'::interval year to month"],
  ])('literals: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ['a + 1', [], '("A" + 1::numeric)'],
    ['a - -1', [], '("A" - (-1::numeric))'],
    ['-a', [], '(-"A")'],
    ['(a + b) * c', [], '(("A" + "B") * "C")'],
    ['a / b / 2', [], 'oracle.divide(oracle.divide("A", "B"), 2::numeric)'],
    [
      "a || 'x' || 1",
      [],
      `oracle.concat(oracle.concat(oracle.to_char("A"), 'x'), oracle.to_char(1::numeric))`,
    ],
    ["'5' + a", [], `(oracle.to_number('5') + "A")`],
    ['a || NULL', [], 'oracle.concat(oracle.to_char("A"), NULL::text)'],
    ['+a', [], '"A"'],
    ["a AT TIME ZONE 'UTC'", [], `oracle.at_time_zone("A", 'UTC')`],
    ['a AT LOCAL', [], 'oracle.at_local("A")'],
    ['(a - b) DAY TO SECOND(3)', [], '(("A")::timestamp - ("B")::timestamp)::interval day to second(3)'],
  ])('operators: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [':a', [], '$1::text / 0'],
    [':1', ['NUMBER'], '$1::numeric / 0'],
    [':a', ['DATE'], '$1::oracle.date / 0'],
    [':a', ['TIMESTAMP'], '$1::timestamp / 0'],
    [':a', ['TIMESTAMP WITH TIME ZONE'], '$1::timestamptz / 0'],
    [':a', ['BINARY_DOUBLE'], '$1::double precision / 0'],
    [':a', ['BINARY_FLOAT'], '$1::real / 0'],
    [':a', ['RAW'], '$1::oracle.raw / 0'],
    [':a', ['CLOB'], '$1::oracle.clob / 0'],
    [':a', ['NCLOB'], '$1::oracle.nclob / 0'],
    [':a', ['BLOB'], '$1::oracle.blob / 0'],
    [':a', ['ROWID'], '$1::oracle.rowid / 0'],
    [':a', ['INTERVAL YEAR TO MONTH'], '$1::interval year to month / 0'],
    [':a', ['INTERVAL DAY TO SECOND'], '$1::interval day to second / 0'],
    [':a + :b', ['VARCHAR2', 'NUMBER'], '(oracle.to_number($1::text) + $2::numeric) / 0, 1'],
    [':"Mixed" || :b', [], 'oracle.concat($1::text, $2::text) / 0, 1'],
    ['NVL(:a, :a)', [], 'COALESCE($1, $2) / 0, 1'],
  ])('binds: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ["CASE WHEN a > 1 THEN 'x' ELSE 'y' END", [], `CASE WHEN "A" > 1::numeric THEN 'x' ELSE 'y' END`],
    ['CASE a WHEN 1 THEN b END', [], 'CASE "A" WHEN 1::numeric THEN "B" END'],
    [
      "CASE WHEN a = 1 THEN 'x' ELSE 2 END",
      [],
      `CASE WHEN "A" = 1::numeric THEN 'x' ELSE oracle.to_char(2::numeric) END`,
    ],
    ['NVL(a, 0)', [], 'COALESCE("A", 0::numeric)'],
    ['NVL(TO_CHAR(a), 0)', [], 'COALESCE(oracle.to_char("A"), oracle.to_char(0::numeric))'],
    ["NVL2(a, 'y', 'n')", [], `CASE WHEN "A" IS NOT NULL THEN 'y' ELSE 'n' END`],
    ['COALESCE(a, b, 1)', [], 'COALESCE("A", "B", 1::numeric)'],
    ["NULLIF(a, 'x')", [], `NULLIF("A", 'x')`],
    [
      "DECODE(a, 1, 'x', 2, 'y', 'z')",
      [],
      `CASE "A" WHEN 1::numeric THEN 'x' WHEN 2::numeric THEN 'y' ELSE 'z' END`,
    ],
    [
      'DECODE(a, NULL, 1, b, 2)',
      [],
      'CASE WHEN "A" IS NOT DISTINCT FROM NULL THEN 1::numeric WHEN "A" IS NOT DISTINCT FROM "B" THEN 2::numeric END',
    ],
    [
      'DECODE(a, 1, NULL, 2)',
      [],
      'CASE "A" WHEN 1::numeric THEN NULL::text ELSE oracle.to_char(2::numeric) END',
    ],
    ['GREATEST(a, b)', [], 'CASE WHEN "A" IS NOT NULL AND "B" IS NOT NULL THEN GREATEST("A", "B") END'],
    ['LEAST(1, 2)', [], 'LEAST(1::numeric, 2::numeric)'],
  ])('CASE, NVL and their like: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'a = 1 AND b <> 2 OR NOT c != 3',
      [],
      '("A" = 1::numeric AND "B" <> 2::numeric) OR NOT ("C" <> 3::numeric)',
    ],
    ['a ^= 1', [], '"A" <> 1::numeric'],
    ["a = ''", [], '"A" = NULL'],
    ['a IN (1, 2)', [], '"A" IN (1::numeric, 2::numeric)'],
    ['a NOT IN (SELECT b FROM u)', [], '"A" NOT IN (SELECT "B" FROM "U")'],
    ['(a, b) IN ((1, 2), (3, 4))', [], '("A", "B") IN ((1::numeric, 2::numeric), (3::numeric, 4::numeric))'],
    [
      '(a, b) = (SELECT 1, 2 FROM dual)',
      [],
      '("A", "B") = (SELECT 1::numeric AS "1", 2::numeric AS "2" FROM "DUAL")',
    ],
    [
      'a BETWEEN 1 AND 2 AND b NOT BETWEEN 3 AND 4',
      [],
      '"A" BETWEEN 1::numeric AND 2::numeric AND "B" NOT BETWEEN 3::numeric AND 4::numeric',
    ],
    ["a LIKE 'x%'", [], `oracle.to_char("A") LIKE 'x%' ESCAPE ''`],
    ["a NOT LIKE 'x\\_%' ESCAPE '\\'", [], `oracle.to_char("A") NOT LIKE 'x\\_%' ESCAPE '\\'`],
    ['a IS NULL', [], '"A" IS NULL'],
    ['a IS NOT NULL', [], '"A" IS NOT NULL'],
    [
      'EXISTS (SELECT NULL FROM u WHERE u.a = t.a)',
      [],
      'EXISTS (SELECT NULL::text AS "NULL" FROM "U" WHERE "U"."A" = "T"."A")',
    ],
    ['a = ANY (1, 2)', [], '("A" = 1::numeric OR "A" = 2::numeric)'],
    ['a > ALL (SELECT b FROM u)', [], '"A" > ALL (SELECT "B" FROM "U")'],
    ["REGEXP_LIKE(a, '^x', 'i')", [], `oracle.regexp_like(oracle.to_char("A"), '^x', 'i')`],
    ['TO_CHAR(a) = 5', [], 'oracle.to_number(oracle.to_char("A")) = 5::numeric'],
    [':a = 1', [], 'oracle.to_number($1::text) = 1::numeric / 0'],
    [':a IS NULL OR a = :a', [], '$1::text IS NULL OR "A" = $2 / 0, 1'],
    ['a = :a', ['NUMBER'], '"A" = $1::numeric / 0'],
    [':a BETWEEN a AND b', ['DATE'], '($1::oracle.date >= "A" AND $2::oracle.date <= "B") / 0, 0'],
    ['a IN (:a, :b)', ['NUMBER', 'VARCHAR2'], '"A" IN ($1::numeric, $2) / 0, 1'],
    ['a IS NAN', [], `(("A")::double precision = 'NaN'::double precision)`],
    ['((a = 1))', [], '"A" = 1::numeric'],
    ['(a) = (b)', [], '"A" = "B"'],
  ])('conditions: %s %j', (oracle, binds, postgres) => {
    expect(renderedCondition(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ['ROWID = :r', [], '"T".ctid = oracle.rowid_ctid($1::text) / 0'],
    [
      "t.ROWID > CHARTOROWID(:r) AND ROWID <= 'AAAEURAAAAAAAAAAAB'",
      [],
      `"T".ctid > oracle.rowid_ctid($1::text) AND "T".ctid <= oracle.rowid_ctid('AAAEURAAAAAAAAAAAB') / 0`,
    ],
    [
      "ROWID BETWEEN 'AAAEURAAAAAAAAAAAB' AND 'AAAEURAAAAAAAAAAAC'",
      [],
      `"T".ctid BETWEEN oracle.rowid_ctid('AAAEURAAAAAAAAAAAB') AND oracle.rowid_ctid('AAAEURAAAAAAAAAAAC')`,
    ],
    [
      'ROWID IN (:a, :b)',
      [],
      '"T".ctid IN (oracle.rowid_ctid($1::text), oracle.rowid_ctid($2::text)) / 0, 1',
    ],
    [
      'ROWID IN (SELECT ROWID FROM u)',
      [],
      '"T".ctid = ANY (ARRAY(SELECT oracle.rowid_ctid(q.r::text) FROM (SELECT oracle.rowid_of("U".tableoid, "U".ctid) AS "ROWID" FROM "U") AS q(r)))',
    ],
    ['ROWID IS NOT NULL', [], '"T".ctid IS NOT NULL'],
    [
      'ROWID > (SELECT MIN(x.ROWID) FROM t x)',
      [],
      '"T".ctid > oracle.rowid_ctid(((SELECT oracle.rowid_of(min("X".tableoid), min("X".ctid)) AS "MIN(X.ROWID)" FROM "T" AS "X"))::text)',
    ],
  ])('ROWID: %s %j', (oracle, binds, postgres) => {
    expect(renderedCondition(oracle, ...binds)).toBe(postgres);
  });
});
