import { describe, expect, it } from 'vitest';
import { refusal } from './sql-support.ts';

/** Offset, number and text of what is refused. */
describe('what is refused of DDL and PL/SQL', () => {
  it.each([
    ['CREATE TABLE t (a NUMBER(39))', '25 ORA-01727: numeric precision specifier is out of range (1 to 38)'],
    [
      'CREATE TABLE t (a NUMBER(5,200))',
      '25 ORA-01728: numeric scale specifier is out of range (-84 to 127)',
    ],
    ['CREATE TABLE t (a VARCHAR2)', '26 ORA-00906: missing left parenthesis'],
    ['CREATE TABLE t (a VARCHAR2(0))', '26 ORA-01723: zero-length columns are not allowed'],
    ['CREATE TABLE t (a VARCHAR2(4001))', '26 ORA-00910: specified length too long for its datatype'],
    ['CREATE TABLE t (a TIMESTAMP(10))', '27 ORA-30088: datetime/interval precision is out of range'],
    ['CREATE TABLE t (a FOO)', '18 ORA-00902: invalid datatype'],
    ['CREATE TABLE t (a JSON)', '18 ORA-00439: feature not enabled: data type JSON'],
    ['CREATE TABLE t (a NUMBER, a DATE)', '13 ORA-00957: duplicate column name'],
    ['CREATE TABLE t (a)', '13 ORA-02263: need to specify the datatype for this column'],
    ['CREATE TABLE t', '13 ORA-00906: missing left parenthesis'],
    [
      'CREATE TABLE t (a NUMBER DEFAULT :a)',
      '33 ORA-01027: bind variables not allowed for data definition operations',
    ],
    [
      'CREATE TABLE t (a NUMBER) PARTITION BY HASH (a)',
      '26 ORA-00439: feature not enabled: partitioned tables',
    ],
    ['CREATE GLOBAL TEMPORARY TABLE t (a NUMBER)', '7 ORA-00439: feature not enabled: CREATE GLOBAL'],
    ['CREATE PACKAGE p AS END;', '7 ORA-00439: feature not enabled: CREATE PACKAGE'],
    [
      'CREATE OR REPLACE PROCEDURE p AS BEGIN NULL; END;',
      '18 ORA-00439: feature not enabled: CREATE PROCEDURE',
    ],
    [
      'CREATE MATERIALIZED VIEW v AS SELECT 1 FROM dual',
      '7 ORA-00439: feature not enabled: CREATE MATERIALIZED',
    ],
    ['CREATE FOO x', '7 ORA-00901: invalid CREATE command'],
    ['CREATE OR REPLACE TABLE t (a NUMBER)', '18 ORA-00922: missing or invalid option'],
    [
      'CREATE VIEW v AS SELECT a FROM t WITH CHECK OPTION',
      '33 ORA-00439: feature not enabled: WITH CHECK OPTION',
    ],
    ['ALTER TABLE t', '13 ORA-01735: invalid ALTER TABLE option'],
    ['ALTER TABLE t FOO', '14 ORA-01735: invalid ALTER TABLE option'],
    [
      'ALTER TABLE t DISABLE CONSTRAINT c',
      '22 ORA-00439: feature not enabled: ALTER TABLE … DISABLE CONSTRAINT',
    ],
    ['ALTER SYSTEM SET x = 1', '6 ORA-00439: feature not enabled: ALTER SYSTEM'],
    ['ALTER FOO x', '6 ORA-00940: invalid ALTER command'],
    ['DROP FOO x', '5 ORA-00950: invalid DROP option'],
    ['DROP PACKAGE p', '5 ORA-00439: feature not enabled: DROP PACKAGE'],
    ['CREATE USER x', '13 ORA-01935: missing user or role name'],
    ['GRANT SELECT ON t', '17 ORA-00946: missing TO keyword'],
    ['GRANT ON t TO x', '6 ORA-00990: missing or invalid privilege'],
    ['CREATE BITMAP INDEX i ON t (a)', '7 ORA-00439: feature not enabled: CREATE BITMAP'],
  ])('DDL: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });

  it.each([
    [
      'CREATE TRIGGER x INSTEAD OF INSERT ON v BEGIN NULL; END;',
      '17 ORA-00439: feature not enabled: INSTEAD triggers',
    ],
    [
      'CREATE TRIGGER x AFTER LOGON ON DATABASE BEGIN NULL; END;',
      '23 ORA-04079: invalid trigger specification',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t BEGIN NULL; END;',
      '35 ORA-00439: feature not enabled: statement triggers',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN FOR i IN 1..2 LOOP NULL; END LOOP; END;',
      '54 ORA-00439: feature not enabled: FOR in a trigger',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN :OLD.a := 1; END;',
      '54 ORA-04085: cannot change the value of an OLD reference variable',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN :b := 1; END;',
      '54 ORA-04085: cannot change the value of an OLD reference variable',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN p(1); END;',
      '54 ORA-00439: feature not enabled: a call of P in a trigger',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW DECLARE PRAGMA AUTONOMOUS_TRANSACTION; BEGIN NULL; END;',
      '56 ORA-00439: feature not enabled: PRAGMA in a trigger',
    ],
    [
      'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN NULL; EXCEPTION WHEN OTHERS THEN NULL; END;',
      '60 ORA-00439: feature not enabled: EXCEPTION in a trigger',
    ],
    [
      "CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW BEGIN IF UPDATING('A') THEN NULL; END IF; END;",
      '58 ORA-00439: feature not enabled: UPDATING with a column',
    ],
  ])('triggers: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });

  it.each([
    [
      'BEGIN NULL END;',
      `11 ORA-06550: line 1, column 12:
PL/SQL: ORA-00933: SQL command not properly ended`,
    ],
    [
      'BEGIN END;',
      `6 ORA-06550: line 1, column 7:
PL/SQL: ORA-00900: invalid SQL statement`,
    ],
    [
      'BEGIN NULL; END',
      `15 ORA-06550: line 1, column 16:
PL/SQL: ORA-00933: SQL command not properly ended`,
    ],
    [
      'DECLARE x NUMBER; BEGIN NULL; END;',
      `0 ORA-06550: line 1, column 1:
PL/SQL: ORA-00439: feature not enabled: DECLARE in an anonymous block`,
    ],
    [
      `BEGIN
  IF 1 = 1 THEN NULL; END IF;
END;`,
      `8 ORA-06550: line 2, column 3:
PL/SQL: ORA-00439: feature not enabled: IF in an anonymous block`,
    ],
    [
      'BEGIN x := 1; END;',
      `8 ORA-06550: line 1, column 9:
PL/SQL: ORA-00439: feature not enabled: assignment to X in an anonymous block`,
    ],
    [
      "BEGIN EXECUTE IMMEDIATE 'x'; END;",
      `6 ORA-06550: line 1, column 7:
PL/SQL: ORA-00439: feature not enabled: EXECUTE in an anonymous block`,
    ],
    [
      'BEGIN SELECT 1 FROM dual; END;',
      `15 ORA-06550: line 1, column 16:
PL/SQL: ORA-00925: missing INTO keyword`,
    ],
    [
      'BEGIN SELECT 1, 2 INTO :a FROM dual; END;',
      `6 ORA-06550: line 1, column 7:
PL/SQL: ORA-00947: not enough values`,
    ],
    [
      'BEGIN :a := foo(; END;',
      `16 ORA-06550: line 1, column 17:
PL/SQL: ORA-00936: missing expression`,
    ],
    [
      'BEGIN NULL; EXCEPTION WHEN OTHERS THEN NULL; END;',
      `12 ORA-06550: line 1, column 13:
PL/SQL: ORA-00439: feature not enabled: EXCEPTION in an anonymous block`,
    ],
    [
      '<<x>> BEGIN NULL; END;',
      `0 ORA-06550: line 1, column 1:
PL/SQL: ORA-00439: feature not enabled: a label in an anonymous block`,
    ],
    [
      'BEGIN :a := DBMS_RANDOM.VALUE(); END;',
      `12 ORA-06550: line 1, column 13:
PL/SQL: ORA-00439: feature not enabled: DBMS_RANDOM.VALUE`,
    ],
  ])('blocks: %s', (sql, refused) => {
    expect(refusal(sql)).toBe(refused);
  });
});
