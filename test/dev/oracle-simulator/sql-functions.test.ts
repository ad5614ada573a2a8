import { describe, expect, it } from 'vitest';
import type { OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { renderedValue } from './sql-support.ts';

type Case = readonly [oracle: string, binds: readonly OracleTypeName[], postgres: string];

describe('functions of Oracle in PostgreSQL', () => {
  it.each<Case>([
    ['SUBSTR(a, 2)', [], 'oracle.substr(oracle.to_char("A"), 2::numeric)'],
    ["SUBSTR('abc', '2', 1)", [], "oracle.substr('abc', oracle.to_number('2'), 1::numeric)"],
    ['LENGTH(a)', [], 'oracle.length(oracle.to_char("A"))'],
    ["INSTR(a, 'x', -1, 2)", [], `oracle.instr(oracle.to_char("A"), 'x', (-1::numeric), 2::numeric)`],
    ['UPPER(TRIM(a))', [], 'oracle.upper(oracle.trim(oracle.to_char("A")))'],
    ["TRIM(LEADING '0' FROM a)", [], `oracle.ltrim(oracle.to_char("A"), '0')`],
    ['TRIM(BOTH FROM a)', [], 'oracle.trim(oracle.to_char("A"))'],
    ["LPAD(a, 5, '0')", [], `oracle.lpad(oracle.to_char("A"), 5::numeric, '0')`],
    ["REPLACE(a, 'x')", [], `oracle.replace(oracle.to_char("A"), 'x')`],
    [
      "REGEXP_SUBSTR(a, '[a-z]+', 1, 2)",
      [],
      `oracle.regexp_substr(oracle.to_char("A"), '[a-z]+', 1::numeric, 2::numeric)`,
    ],
    ['TO_CHAR(a)', [], 'oracle.to_char("A")'],
    ["TO_CHAR(a, 'YYYY-MM-DD')", [], `oracle.to_char("A", 'YYYY-MM-DD')`],
    ["TO_DATE('2024-01-01', 'YYYY-MM-DD')", [], "oracle.to_date('2024-01-01', 'YYYY-MM-DD')"],
    ["TO_TIMESTAMP(a, 'YYYY FF3')", [], `oracle.to_timestamp(oracle.to_char("A"), 'YYYY FF3')`],
    ["TO_TIMESTAMP(a, 'YYYY FF9')", [], `oracle.to_timestamp9(oracle.to_char("A"), 'YYYY FF9')`],
    [
      "TO_NUMBER('1,5', '9D9', 'NLS_NUMERIC_CHARACTERS='',.''')",
      [],
      "oracle.to_number('1,5', '9D9', 'NLS_NUMERIC_CHARACTERS='',.''')",
    ],
    ["TRUNC(SYSDATE, 'MM')", [], "oracle.trunc(oracle.sysdate(), 'MM')"],
    ['TRUNC(a, 2)', [], 'oracle.trunc("A", 2::numeric)'],
    ['ROUND(a)', [], 'oracle.round("A")'],
    ['MOD(a, 3)', [], 'oracle.mod("A", 3::numeric)'],
    ['POWER(a, 2)', [], 'oracle.power("A", 2::numeric)'],
    ['ABS(a)', [], 'abs("A")'],
    ["SIGN('-1')", [], "sign(oracle.to_number('-1'))"],
    ['ADD_MONTHS(a, 1)', [], 'oracle.add_months(("A")::oracle.date, 1::numeric)'],
    ['LAST_DAY(SYSDATE)', [], 'oracle.last_day(oracle.sysdate())'],
    [
      "MONTHS_BETWEEN(DATE '2024-01-01', a)",
      [],
      `oracle.months_between('2024-01-01 00:00:00'::oracle.date, ("A")::oracle.date)`,
    ],
    [
      "NUMTODSINTERVAL(5, 'MINUTE')",
      [],
      "oracle.numtodsinterval(5::numeric, 'MINUTE')::interval day to second",
    ],
    ["NUMTOYMINTERVAL(a, 'MONTH')", [], `oracle.numtoyminterval("A", 'MONTH')::interval year to month`],
    ['SYSTIMESTAMP', [], 'oracle.systimestamp()'],
    ['SYSTIMESTAMP(3)', [], 'oracle.systimestamp()::timestamptz(3)'],
    ['CURRENT_TIMESTAMP(9)', [], 'oracle.current_timestamp()::timestamptz(6)'],
    ['LOCALTIMESTAMP', [], 'oracle.localtimestamp()'],
    ['CURRENT_DATE', [], 'oracle.current_date()'],
    ['SYS_EXTRACT_UTC(SYSTIMESTAMP)', [], 'oracle.sys_extract_utc(oracle.systimestamp())'],
    ["FROM_TZ(a, 'UTC')", [], `oracle.from_tz("A", 'UTC')`],
    ['USER', [], 'oracle.user()'],
    ["SYS_CONTEXT('USERENV', 'SESSION_USER')", [], "oracle.sys_context('USERENV', 'SESSION_USER')"],
    ["USERENV('LANG')", [], "oracle.sys_context('USERENV', 'LANG')"],
    ['SYS_GUID()', [], 'oracle.sys_guid()'],
    ["STANDARD_HASH(a, 'SHA256')", [], `oracle.standard_hash("A", 'SHA256')`],
    ['ORA_HASH(a, 99)', [], 'oracle.ora_hash("A", 99::numeric)'],
    ['RAWTOHEX(a)', [], 'oracle.rawtohex("A")'],
    ["HEXTORAW('AB')", [], "oracle.hextoraw('AB')"],
    ['EMPTY_CLOB()', [], 'oracle.empty_clob()'],
    ['TO_CLOB(a)', [], 'oracle.to_clob(oracle.to_char("A"))'],
    ['DBMS_LOB.GETLENGTH(a)', [], 'oracle.lob_length("A")'],
    ['SYS.DBMS_LOB.SUBSTR(a, 10, 1)', [], 'oracle.lob_substr("A", 10::numeric, 1::numeric)'],
    ['DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER', [], '"SYS"."DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"()'],
    ['DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER()', [], '"SYS"."DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER"()'],
    ['DBMS_TRANSACTION.LOCAL_TRANSACTION_ID', [], 'oracle.local_transaction_id()'],
    ["NLSSORT(a, 'NLS_SORT=BINARY')", [], `oracle.nlssort(oracle.to_char("A"), 'NLS_SORT=BINARY')`],
    ['PKG.FUNC(a, 1)', [], '"PKG.FUNC"("A", 1::numeric)'],
    ['HR.PKG.FUNC(p => a)', [], '"HR"."PKG.FUNC"("P" => "A")'],
    ["TO_BINARY_DOUBLE('1.5')", [], "(oracle.to_number('1.5'))::double precision"],
  ])('functions: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    [
      "TO_CHAR(a AT TIME ZONE 'UTC', 'HH24 TZR')",
      [],
      `oracle.to_char_at(("A")::timestamptz, 'UTC', 'HH24 TZR')`,
    ],
    ["EXTRACT(HOUR FROM a AT TIME ZONE 'UTC')", [], `oracle.extract('HOUR', oracle.local_time("A", 'UTC'))`],
    ["CAST(a AT TIME ZONE 'UTC' AS DATE)", [], `(oracle.local_time("A", 'UTC'))::oracle.date`],
    ["CAST(a AT TIME ZONE 'UTC' AS TIMESTAMP(3))", [], `(oracle.local_time("A", 'UTC'))::timestamp(3)`],
  ])('AT TIME ZONE where fields are read: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ["CAST('12' AS NUMBER(5,2))", [], "oracle.to_number('12')::numeric(5, 2)"],
    ['CAST(a AS NUMBER)', [], 'oracle.to_number("A")::numeric'],
    ['CAST(1 AS VARCHAR2(10))', [], 'oracle.to_char(1::numeric)::varchar(10)'],
    ['CAST(a AS CHAR(5))', [], 'oracle.to_char("A")::bpchar(5)'],
    ['CAST(a AS DATE)', [], '("A")::oracle.date'],
    ["CAST('x' AS DATE)", [], "oracle.to_date('x')"],
    ['CAST(a AS TIMESTAMP(9))', [], '("A")::oracle.timestamp9(9)'],
    ['CAST(a AS TIMESTAMP WITH TIME ZONE)', [], '("A")::timestamptz(6)'],
    ['CAST(a AS INTERVAL DAY TO SECOND)', [], '("A")::interval day to second(6)'],
    ["CAST('AB' AS RAW(4))", [], "oracle.hextoraw('AB')::oracle.raw(4)"],
    ['CAST(a AS CLOB)', [], 'oracle.to_clob(oracle.to_char("A"))'],
    ['CAST(a AS BINARY_DOUBLE)', [], '("A")::double precision'],
    ['CAST(a AS ROWID)', [], 'oracle.chartorowid(oracle.to_char("A"))'],
    ['EXTRACT(YEAR FROM a)', [], `oracle.extract('YEAR', "A")`],
  ])('CAST: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });

  it.each<Case>([
    ['COUNT(*)', [], '(count(*))::numeric'],
    ['COUNT(DISTINCT a)', [], '(count(DISTINCT "A"))::numeric'],
    ['SUM(a)', [], 'sum("A")'],
    ['AVG(a)', [], 'oracle.divide(sum("A"), (count("A"))::numeric)'],
    ['MIN(a)', [], 'min("A")'],
    ['MAX(ROWID)', [], 'oracle.rowid_of(max("T".tableoid), max("T".ctid))'],
    ['STDDEV(a)', [], 'CASE WHEN count("A") = 1 THEN 0 ELSE stddev("A") END'],
    [
      "LISTAGG(a, ', ') WITHIN GROUP (ORDER BY b DESC)",
      [],
      `nullif(string_agg(oracle.to_char("A"), ', ' ORDER BY "B" DESC), '')`,
    ],
    [
      "LISTAGG(DISTINCT a, ',') WITHIN GROUP (ORDER BY a)",
      [],
      `nullif(string_agg(DISTINCT oracle.to_char("A"), ',' ORDER BY oracle.to_char("A")), '')`,
    ],
    [
      'ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST)',
      [],
      '(row_number() OVER (PARTITION BY "A" ORDER BY "B" DESC NULLS LAST))::numeric',
    ],
    ['RANK() OVER (ORDER BY a)', [], '(rank() OVER (ORDER BY "A"))::numeric'],
    ['LAG(a, 2, 0) OVER (ORDER BY b)', [], 'lag("A", (2::numeric)::integer, 0::numeric) OVER (ORDER BY "B")'],
    [
      'FIRST_VALUE(a) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
      [],
      'first_value("A") OVER (ORDER BY "B" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
    ],
    [
      'SUM(a) OVER (ORDER BY b ROWS 2 PRECEDING)',
      [],
      'sum("A") OVER (ORDER BY "B" ROWS (2::numeric)::bigint PRECEDING)',
    ],
    [
      'NTILE(4) OVER (ORDER BY ROWID)',
      [],
      '(ntile((4::numeric)::integer) OVER (ORDER BY "T".ctid))::numeric',
    ],
    ['COUNT(*) OVER ()', [], '(count(*) OVER ())::numeric'],
    [
      'AVG(a) OVER (PARTITION BY b)',
      [],
      'oracle.divide(sum("A") OVER (PARTITION BY "B"), (count("A") OVER (PARTITION BY "B"))::numeric)',
    ],
    ['GROUPING(a)', [], 'grouping("A")::numeric'],
  ])('aggregates and windows: %s %j', (oracle, binds, postgres) => {
    expect(renderedValue(oracle, ...binds)).toBe(postgres);
  });
});
