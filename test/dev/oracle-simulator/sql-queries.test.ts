import { describe, expect, it } from 'vitest';
import type { OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { rendered } from './sql-support.ts';

type Case = readonly [oracle: string, binds: readonly OracleTypeName[], postgres: string];

describe('queries of Oracle in PostgreSQL', () => {
  it.each<Case>([
    ['SELECT * FROM DUAL', [], 'SELECT * FROM "DUAL"'],
    [
      'select a, b c, t.d as "e", t.* from hr.t',
      [],
      'SELECT "A", "B" AS "C", "T"."D" AS "e", "T".* FROM "HR"."T"',
    ],
    ['SELECT DISTINCT a FROM t', [], 'SELECT DISTINCT "A" FROM "T"'],
    ['SELECT UNIQUE a FROM t', [], 'SELECT DISTINCT "A" FROM "T"'],
    [
      `SELECT 'Hello World', 1 + 1 /* one */ , "x" || 'y' FROM dual`,
      [],
      `SELECT 'Hello World' AS "'HELLOWORLD'", (1::numeric + 1::numeric) AS "1+1", oracle.concat(oracle.to_char("x"), 'y') AS "x||'Y'" FROM "DUAL"`,
    ],
    [
      `SELECT /*+ INDEX(t) */ a -- comment
FROM t`,
      [],
      'SELECT "A" FROM "T"',
    ],
    [
      'SELECT v$database.current_scn FROM v$database',
      [],
      'SELECT "V$DATABASE"."CURRENT_SCN" FROM "SYS"."V_$DATABASE" AS "V$DATABASE"',
    ],
    ['SELECT current_scn FROM sys.v_$database d', [], 'SELECT "CURRENT_SCN" FROM "SYS"."V_$DATABASE" AS "D"'],
    [
      'SELECT a FROM t ORDER BY 1, b DESC, c NULLS FIRST, d DESC NULLS LAST',
      [],
      'SELECT "A" FROM "T" ORDER BY 1, "B" DESC, "C" NULLS FIRST, "D" DESC NULLS LAST',
    ],
    [
      "SELECT a AS x, b AS y FROM t ORDER BY x, x + y, NVL(y, 0), 'c'",
      [],
      `SELECT "A" AS "X", "B" AS "Y" FROM "T" ORDER BY "X", ("A" + "B"), COALESCE("B", 0::numeric), 'c'::text`,
    ],
    [
      'SELECT a FROM t GROUP BY a HAVING COUNT(*) > 1',
      [],
      'SELECT "A" FROM "T" GROUP BY "A" HAVING (count(*))::numeric > 1::numeric',
    ],
    [
      'SELECT a, GROUPING(a) FROM t GROUP BY ROLLUP (a, (b, c))',
      [],
      'SELECT "A", grouping("A")::numeric AS "GROUPING(A)" FROM "T" GROUP BY ROLLUP (("A"), ("B", "C"))',
    ],
    [
      'SELECT a FROM t GROUP BY GROUPING SETS ((a), ())',
      [],
      'SELECT "A" FROM "T" GROUP BY GROUPING SETS (("A"), ())',
    ],
    [
      'SELECT s.NEXTVAL, hr.s.CURRVAL FROM dual',
      [],
      `SELECT nextval('"S"')::numeric AS "NEXTVAL", currval('"HR"."S"')::numeric AS "CURRVAL" FROM "DUAL"`,
    ],
    [
      'SELECT LEVEL, ROWNUM FROM dual CONNECT BY LEVEL <= :n',
      [],
      `SELECT "LEVEL" AS "LEVEL", (row_number() OVER ())::numeric AS "ROWNUM" FROM (SELECT 'X'::varchar(1) AS "DUMMY", n::numeric AS "LEVEL" FROM generate_series(1, greatest(floor(oracle.to_number($1::text)), 1)::bigint) AS n) AS "DUAL" / 0`,
    ],
    [
      'SELECT (SELECT MAX(b) FROM u) m FROM t',
      [],
      'SELECT (SELECT max("B") AS "MAX(B)" FROM "U") AS "M" FROM "T"',
    ],
  ])('select: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'SELECT 1 FROM a, b x, (SELECT 1 AS c FROM dual) y',
      [],
      'SELECT 1::numeric AS "1" FROM "A", "B" AS "X", (SELECT 1::numeric AS "C" FROM "DUAL") AS "Y"',
    ],
    [
      'SELECT 1 FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c USING (x, y)',
      [],
      'SELECT 1::numeric AS "1" FROM "A" JOIN "B" ON "A"."X" = "B"."X" LEFT JOIN "C" USING ("X", "Y")',
    ],
    [
      'SELECT 1 FROM a RIGHT JOIN b ON 1 = 1 FULL JOIN c ON 1 = 1 CROSS JOIN d NATURAL JOIN e',
      [],
      'SELECT 1::numeric AS "1" FROM "A" RIGHT JOIN "B" ON 1::numeric = 1::numeric FULL JOIN "C" ON 1::numeric = 1::numeric CROSS JOIN "D" NATURAL JOIN "E"',
    ],
    [
      'SELECT 1 FROM a JOIN (b JOIN c ON b.x = c.x) ON a.x = b.x',
      [],
      'SELECT 1::numeric AS "1" FROM "A" JOIN ("B" JOIN "C" ON "B"."X" = "C"."X") ON "A"."X" = "B"."X"',
    ],
    [
      'SELECT 1 FROM a CROSS APPLY (SELECT 1 AS x FROM b WHERE b.y = a.y) z',
      [],
      'SELECT 1::numeric AS "1" FROM "A" CROSS JOIN LATERAL (SELECT 1::numeric AS "X" FROM "B" WHERE "B"."Y" = "A"."Y") AS "Z"',
    ],
    [
      'SELECT 1 FROM a OUTER APPLY (SELECT 1 AS x FROM b) z',
      [],
      'SELECT 1::numeric AS "1" FROM "A" LEFT JOIN LATERAL (SELECT 1::numeric AS "X" FROM "B") AS "Z" ON true',
    ],
    [
      'SELECT 1 FROM a, LATERAL (SELECT a.x FROM dual) z',
      [],
      'SELECT 1::numeric AS "1" FROM "A", LATERAL (SELECT "A"."X" FROM "DUAL") AS "Z"',
    ],
    [
      'SELECT 1 FROM (SELECT 1 FROM dual)',
      [],
      'SELECT 1::numeric AS "1" FROM (SELECT 1::numeric AS "1" FROM "DUAL")',
    ],
    [
      'SELECT 1 FROM ((SELECT 1 FROM dual) UNION (SELECT 2 FROM dual)) u',
      [],
      'SELECT 1::numeric AS "1" FROM (((SELECT 1::numeric AS "1" FROM "DUAL")) UNION ((SELECT 2::numeric AS "2" FROM "DUAL"))) AS "U"',
    ],
  ])('from: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      'WITH a AS (SELECT 1 x FROM dual), b AS (SELECT x FROM a) SELECT x FROM b',
      [],
      'WITH "A" AS (SELECT 1::numeric AS "X" FROM "DUAL"), "B" AS (SELECT "X" FROM "A") SELECT "X" FROM "B"',
    ],
    [
      'WITH a (n) AS (SELECT 1 FROM dual UNION ALL SELECT n + 1 FROM a WHERE n < 3) SELECT n FROM a',
      [],
      'WITH RECURSIVE "A" ("N") AS ((SELECT 1::numeric AS "1" FROM "DUAL") UNION ALL (SELECT ("N" + 1::numeric) AS "N+1" FROM "A" WHERE "N" < 3::numeric)) SELECT "N" FROM "A"',
    ],
    [
      'SELECT 1 x FROM dual UNION SELECT 2 FROM dual MINUS SELECT 3 FROM dual INTERSECT SELECT 4 FROM dual ORDER BY x',
      [],
      '(((SELECT 1::numeric AS "X" FROM "DUAL") UNION (SELECT 2::numeric AS "2" FROM "DUAL")) EXCEPT (SELECT 3::numeric AS "3" FROM "DUAL")) INTERSECT (SELECT 4::numeric AS "4" FROM "DUAL") ORDER BY "X"',
    ],
    [
      'SELECT 1 FROM dual UNION ALL (SELECT 2 FROM dual ORDER BY 1 FETCH FIRST ROW ONLY)',
      [],
      '(SELECT 1::numeric AS "1" FROM "DUAL") UNION ALL ((SELECT 2::numeric AS "2" FROM "DUAL" ORDER BY 1 FETCH FIRST 1 ROWS ONLY))',
    ],
    ['(SELECT a FROM t)', [], '(SELECT "A" FROM "T")'],
  ])('with and set operators: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ['SELECT a FROM t WHERE ROWNUM <= 5', [], 'SELECT "A" FROM "T" LIMIT 5'],
    ['SELECT a FROM t WHERE ROWNUM = 1 AND b = 2', [], 'SELECT "A" FROM "T" WHERE "B" = 2::numeric LIMIT 1'],
    ['SELECT a FROM t WHERE 3 > ROWNUM', [], 'SELECT "A" FROM "T" LIMIT 2'],
    ['SELECT a FROM t WHERE ROWNUM > 1', [], 'SELECT "A" FROM "T" LIMIT 0'],
    ['SELECT a FROM t WHERE ROWNUM BETWEEN 1 AND 3 AND ROWNUM >= 1', [], 'SELECT "A" FROM "T" LIMIT 3'],
    [
      'SELECT a FROM t WHERE ROWNUM <= :n',
      ['NUMBER'],
      'SELECT "A" FROM "T" LIMIT greatest(floor($1::numeric), 0)::bigint / 0',
    ],
    [
      'SELECT a FROM t WHERE ROWNUM < :n',
      ['NUMBER'],
      'SELECT "A" FROM "T" LIMIT greatest(ceil($1::numeric) - 1, 0)::bigint / 0',
    ],
    [
      'SELECT a FROM t WHERE ROWNUM <= 2 ORDER BY b',
      [],
      'SELECT "A" FROM (SELECT * FROM "T" LIMIT 2) AS "T" ORDER BY "B"',
    ],
    [
      'SELECT COUNT(*) FROM hr.t WHERE a = 1 AND ROWNUM = 1',
      [],
      'SELECT (count(*))::numeric AS "COUNT(*)" FROM (SELECT * FROM "HR"."T" WHERE "A" = 1::numeric LIMIT 1) AS "T"',
    ],
    [
      'SELECT COUNT(*) FROM t, u WHERE t.a = u.a AND ROWNUM <= 1',
      [],
      'SELECT (count(*))::numeric AS "COUNT(*)" FROM (SELECT 1 FROM "T", "U" WHERE "T"."A" = "U"."A" LIMIT 1) AS "limited"',
    ],
    [
      'SELECT MAX(x.ROWID) FROM t x WHERE ROWNUM <= 9',
      [],
      'SELECT oracle.rowid_of(max("X".tableoid), max("X".ctid)) AS "MAX(X.ROWID)" FROM (SELECT "X".*, "X".tableoid, "X".ctid FROM "T" AS "X" LIMIT 9) AS "X"',
    ],
    [
      'SELECT * FROM (SELECT a.*, ROWNUM rn FROM (SELECT b FROM t ORDER BY b) a WHERE ROWNUM <= 20) WHERE rn > 10',
      [],
      'SELECT * FROM (SELECT "A".*, (row_number() OVER ())::numeric AS "RN" FROM (SELECT "B" FROM "T" ORDER BY "B") AS "A" LIMIT 20) WHERE "RN" > 10::numeric',
    ],
    [
      'SELECT a FROM t WHERE ROWNUM <= 1 UNION ALL SELECT 2 FROM dual',
      [],
      '(SELECT "A" FROM "T" LIMIT 1) UNION ALL (SELECT 2::numeric AS "2" FROM "DUAL")',
    ],
    [
      'SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY',
      [],
      'SELECT "A" FROM "T" ORDER BY "A" OFFSET 5 FETCH FIRST 10 ROWS ONLY',
    ],
    [
      'SELECT a FROM t ORDER BY a FETCH FIRST :n ROWS WITH TIES',
      ['NUMBER'],
      'SELECT "A" FROM "T" ORDER BY "A" FETCH FIRST (greatest(floor($1::numeric), 0)::bigint) ROWS WITH TIES / 0',
    ],
    ['SELECT a FROM t FETCH FIRST ROW WITH TIES', [], 'SELECT "A" FROM "T" FETCH FIRST 1 ROWS ONLY'],
  ])('rows: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ['SELECT a FROM t FOR UPDATE', [], 'SELECT "A" FROM "T" FOR UPDATE'],
    ['SELECT a FROM t x FOR UPDATE OF a NOWAIT', [], 'SELECT "A" FROM "T" AS "X" FOR UPDATE OF "X" NOWAIT'],
    [
      'SELECT t.a FROM t, u WHERE t.a = u.a FOR UPDATE OF t.a, t.b SKIP LOCKED',
      [],
      'SELECT "T"."A" FROM "T", "U" WHERE "T"."A" = "U"."A" FOR UPDATE OF "T" SKIP LOCKED',
    ],
    ['SELECT a FROM t FOR UPDATE WAIT 5', [], 'SELECT "A" FROM "T" FOR UPDATE'],
  ])('for update: %s %j', (oracle, binds, postgres) => {
    expect(rendered(oracle, ...binds)).toBe(postgres);
  });
});
