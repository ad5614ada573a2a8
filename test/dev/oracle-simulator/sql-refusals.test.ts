import { describe, expect, it } from 'vitest';
import { refusal } from './sql-support.ts';

/** Offset, number and text of what is refused. */
describe('what is refused, where and with which number', () => {
  it.each([
    ['', '0 ORA-00900: invalid SQL statement'],
    ['  ', '2 ORA-00900: invalid SQL statement'],
    ['SELEC 1 FROM dual', '0 ORA-00900: invalid SQL statement'],
    ['SELECT 1 FROM dual;', '18 ORA-00933: SQL command not properly ended'],
    ['SELECT 1 FROM dual x y', '21 ORA-00933: SQL command not properly ended'],
    ['SELECT 1', '8 ORA-00923: FROM keyword not found where expected'],
    ['SELECT 1 FROM', '13 ORA-00903: invalid table name'],
    ['SELECT FROM t', '7 ORA-00936: missing expression'],
    ['SELECT a, FROM t', '10 ORA-00936: missing expression'],
    ['SELECT a FROM t WHERE', '21 ORA-00936: missing expression'],
    ['SELECT a FROM t WHERE a', '22 ORA-00920: invalid relational operator'],
    ['SELECT a FROM t WHERE a = ', '26 ORA-00936: missing expression'],
    ['SELECT a = 1 FROM t', '7 ORA-00936: missing expression'],
    ['SELECT a FROM t ORDER a', '22 ORA-00924: missing BY keyword'],
    ['SELECT a FROM t AS x', '16 ORA-00933: SQL command not properly ended'],
    ['SELECT a b c FROM t', '11 ORA-00923: FROM keyword not found where expected'],
    ['SELECT a FROM (SELECT b FROM u', '30 ORA-00907: missing right parenthesis'],
    ['SELECT a FROM select', '14 ORA-00903: invalid table name'],
    ['SELECT a FROM t GROUP BY', '24 ORA-00936: missing expression'],
    ['SELECT 1 AS select FROM t', '12 ORA-00923: FROM keyword not found where expected'],
    ['SELECT a.b.c.d FROM t', '7 ORA-00904: "A"."B"."C"."D": invalid identifier'],
    ['SELECT a FROM t WHERE a IN 1, 2', '28 ORA-00933: SQL command not properly ended'],
    ['SELECT a FROM t WHERE a IS 1', '27 ORA-00908: missing NULL keyword'],
    [
      'SELECT a FROM t UNION SELECT b, c FROM u',
      '22 ORA-01789: query block has incorrect number of result columns',
    ],
    ['SELECT LEVEL FROM t', '7 ORA-01788: CONNECT BY clause required in this query block'],
    ['EXPLAIN PLAN FOR SELECT 1 FROM dual', '0 ORA-00942: table or view does not exist'],
    ['FLASHBACK TABLE t TO SCN 1', '0 ORA-00439: feature not enabled: FLASHBACK'],
  ])('statements and their ends: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });

  it.each([
    ["SELECT 'a FROM dual", '7 ORA-01756: quoted string not properly terminated'],
    ["SELECT q'[a' FROM dual", '7 ORA-01756: quoted string not properly terminated'],
    ['SELECT "a FROM t', '7 ORA-01740: missing double quote in identifier'],
    ['SELECT "" FROM t', '7 ORA-01741: illegal zero-length identifier'],
    ['SELECT 1 /* FROM dual', '9 ORA-01742: comment not terminated properly'],
    ['SELECT ? FROM dual', '7 ORA-00911: invalid character'],
    ['SELECT a ! b FROM t', '9 ORA-00911: invalid character'],
    ['SELECT : FROM dual', '7 ORA-01745: invalid host/bind variable name'],
    ['SELECT _a FROM t', '7 ORA-00911: invalid character'],
    ["SELECT DATE '2024-13-01' FROM dual", '7 ORA-01843: not a valid month'],
    ["SELECT DATE '2023-02-29' FROM dual", '7 ORA-01839: date not valid for month specified'],
    ["SELECT DATE '01.02.2024' FROM dual", '7 ORA-01861: literal does not match format string'],
    ["SELECT TIMESTAMP '2024-01-01 25:00:00' FROM dual", '7 ORA-01850: hour must be between 0 and 23'],
    ["SELECT INTERVAL '1-13' YEAR TO MONTH FROM dual", '0 ORA-01867: the interval is invalid'],
    ["SELECT INTERVAL '1 25:00' DAY TO MINUTE FROM dual", '0 ORA-01867: the interval is invalid'],
  ])('words and literals: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });

  it.each([
    ['SELECT foo(1) FROM dual', '7 ORA-00904: "FOO": invalid identifier'],
    ["SELECT SUBSTR('a') FROM dual", '7 ORA-00938: not enough arguments for function'],
    ["SELECT SUBSTR('a', 1, 2, 3) FROM dual", '7 ORA-00939: too many arguments for function'],
    ['SELECT NVL(1) FROM dual', '7 ORA-00938: not enough arguments for function'],
    ['SELECT MEDIAN(a) FROM t', '7 ORA-00439: feature not enabled: MEDIAN'],
    ['SELECT ROW_NUMBER() FROM t', '7 ORA-30484: missing window specification for this function'],
    ['SELECT SUM(*) FROM t', '7 ORA-00936: missing expression'],
    ['SELECT UPPER(DISTINCT a) FROM t', '7 ORA-00904: "UPPER": invalid identifier'],
    ['SELECT DBMS_RANDOM.VALUE FROM dual', '7 ORA-00439: feature not enabled: DBMS_RANDOM.VALUE'],
    ['SELECT DBMS_RANDOM.VALUE(1, 2) FROM dual', '7 ORA-00439: feature not enabled: DBMS_RANDOM.VALUE'],
    ["SELECT UTL_HTTP.REQUEST('x') FROM dual", '7 ORA-00439: feature not enabled: UTL_HTTP.REQUEST'],
    [
      "SELECT NLSSORT(a, 'NLS_SORT=GERMAN') FROM t",
      '7 ORA-00439: feature not enabled: NLSSORT other than NLS_SORT=BINARY',
    ],
    [
      "SELECT LISTAGG(a, ',' ON OVERFLOW TRUNCATE) WITHIN GROUP (ORDER BY a) FROM t",
      '34 ORA-00439: feature not enabled: ON OVERFLOW TRUNCATE',
    ],
    [
      'SELECT FIRST_VALUE(a) IGNORE NULLS OVER (ORDER BY b) FROM t',
      '22 ORA-00439: feature not enabled: IGNORE NULLS',
    ],
    [
      'SELECT MAX(a) KEEP (DENSE_RANK FIRST ORDER BY b) FROM t',
      '14 ORA-00439: feature not enabled: KEEP (DENSE_RANK …)',
    ],
    ['SELECT CAST(a AS XMLTYPE) FROM t', '17 ORA-00439: feature not enabled: data type XMLTYPE'],
    ['SELECT CAST(a AS foo) FROM t', '17 ORA-00902: invalid datatype'],
    [
      "SELECT CAST('x' AS NUMBER DEFAULT 0 ON CONVERSION ERROR) FROM t",
      '26 ORA-00439: feature not enabled: DEFAULT … ON CONVERSION ERROR',
    ],
  ])('functions: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });

  it.each([
    ['SELECT a FROM t, u WHERE t.a = u.a(+)', '34 ORA-00439: feature not enabled: outer join operator (+)'],
    ['SELECT ORA_ROWSCN FROM t', '7 ORA-00439: feature not enabled: ORA_ROWSCN'],
    ['SELECT t.ORA_ROWSCN FROM t', '9 ORA-00439: feature not enabled: ORA_ROWSCN'],
    [
      'SELECT a FROM t START WITH a = 1 CONNECT BY PRIOR b = a',
      '16 ORA-00439: feature not enabled: hierarchical queries',
    ],
    ['SELECT a FROM t CONNECT BY LEVEL < 3', '0 ORA-00439: feature not enabled: hierarchical queries'],
    ['SELECT a FROM t@remote', '15 ORA-00439: feature not enabled: database links'],
    ['SELECT a FROM t PARTITION (p1)', '16 ORA-00439: feature not enabled: PARTITION of a table'],
    ['SELECT a FROM t SAMPLE (10)', '16 ORA-00439: feature not enabled: SAMPLE of a table'],
    [
      'SELECT a FROM t VERSIONS BETWEEN SCN 1 AND 2',
      '16 ORA-00439: feature not enabled: VERSIONS of a table',
    ],
    ['SELECT a FROM TABLE(f(1))', '14 ORA-00439: feature not enabled: TABLE in FROM'],
    ['SELECT a FROM t PIVOT (SUM(b) FOR c IN (1))', '16 ORA-00439: feature not enabled: PIVOT of a table'],
    ['SELECT a FROM t FETCH FIRST 5 PERCENT ROWS ONLY', '30 ORA-00439: feature not enabled: FETCH … PERCENT'],
    [
      'SELECT a FROM t AS OF SCN 1, u',
      '29 ORA-00439: feature not enabled: tables of one query at different SCNs',
    ],
    [
      'SELECT a FROM t AS OF SCN 1, u AS OF SCN 2',
      '29 ORA-00439: feature not enabled: tables of one query at different SCNs',
    ],
    [
      'INSERT INTO t SELECT a FROM u AS OF SCN 5',
      '28 ORA-00439: feature not enabled: AS OF in a statement that writes',
    ],
    [
      'SELECT a FROM t WHERE ROWNUM <= 5 OR b = 1',
      '0 ORA-00439: feature not enabled: ROWNUM in this condition (or)',
    ],
    [
      'SELECT t.a FROM t, u WHERE ROWNUM <= 5 ORDER BY t.a',
      '0 ORA-00439: feature not enabled: ROWNUM with ORDER BY, DISTINCT or grouping over several tables',
    ],
    [
      'SELECT a FROM t, u FOR UPDATE OF a',
      '33 ORA-00439: feature not enabled: FOR UPDATE OF a column without its table',
    ],
    [
      'SELECT DISTINCT a FROM t FOR UPDATE',
      '0 ORA-02014: cannot select FOR UPDATE from view with DISTINCT, GROUP BY, etc.',
    ],
    [
      'SELECT COUNT(*) FROM t FOR UPDATE',
      '0 ORA-02014: cannot select FOR UPDATE from view with DISTINCT, GROUP BY, etc.',
    ],
    [
      'SELECT a FROM t FETCH FIRST 1 ROW ONLY FOR UPDATE',
      '0 ORA-02014: cannot select FOR UPDATE from view with DISTINCT, GROUP BY, etc.',
    ],
    ['SELECT ROWID FROM t, u', '7 ORA-00918: column ambiguously defined'],
    ['SELECT x.ROWID FROM t', '7 ORA-00904: "X"."ROWID": invalid identifier'],
    ['INSERT ALL INTO t VALUES (1) SELECT 1 FROM dual', '7 ORA-00439: feature not enabled: INSERT ALL'],
    ['UPDATE (SELECT a FROM t) SET a = 1', '7 ORA-00439: feature not enabled: DML on a subquery'],
    ['UPDATE t SET a = 1 LOG ERRORS', '19 ORA-00439: feature not enabled: LOG ERRORS'],
    ['DELETE FROM t WHERE CURRENT OF c', '20 ORA-00439: feature not enabled: WHERE CURRENT OF'],
    ['SET ROLE x', '4 ORA-00439: feature not enabled: SET ROLE'],
    [
      'WITH FUNCTION f RETURN NUMBER IS BEGIN RETURN 1; END; SELECT 1 FROM dual',
      '5 ORA-00439: feature not enabled: PL/SQL in WITH',
    ],
  ])('known, but not here: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });

  it.each([
    ['INSERT t VALUES (1)', '7 ORA-00925: missing INTO keyword'],
    ['INSERT INTO t (a, b) VALUES (1)', '28 ORA-00947: not enough values'],
    ['INSERT INTO t (a) VALUES (1, 2)', '25 ORA-00913: too many values'],
    ['INSERT INTO t (a, a) VALUES (1, 2)', '14 ORA-00957: duplicate column name'],
    ['INSERT INTO t (a)', '17 ORA-00926: missing VALUES keyword'],
    ['INSERT INTO t VALUES (1), (2)', '24 ORA-00933: SQL command not properly ended'],
    ['INSERT INTO t VALUES (1) RETURNING a', '36 ORA-00925: missing INTO keyword'],
    ['INSERT INTO t VALUES (1) RETURNING a, b INTO :a', '0 ORA-00947: not enough values'],
    ['INSERT INTO t VALUES (1) RETURNING a INTO :a, :b', '0 ORA-00913: too many values'],
    ['UPDATE t a = 1', '11 ORA-00971: missing SET keyword'],
    ['UPDATE t SET a 1', '15 ORA-00927: missing equal sign'],
    ['MERGE INTO t ON (a = b)', '13 ORA-02012: missing USING keyword'],
    ['MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE', '24 ORA-00906: missing left parenthesis'],
    ['MERGE INTO t USING u ON (t.a = u.a)', '35 ORA-00905: missing keyword'],
  ])('DML: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });
});
