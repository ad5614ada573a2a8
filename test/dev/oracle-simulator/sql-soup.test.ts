import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import { parseStatement } from '../../../dev/oracle-simulator/sql/parse.ts';
import type { StatementPlan } from '../../../dev/oracle-simulator/sql/plan.ts';
import { render } from '../../../dev/oracle-simulator/sql/render.ts';

const words =
  `SELECT FROM WHERE AND OR NOT IN EXISTS BETWEEN LIKE ESCAPE IS NULL CASE WHEN THEN ELSE END CAST AS NUMBER DATE
  TIMESTAMP INTERVAL DAY TO SECOND YEAR MONTH ORDER GROUP BY HAVING UNION ALL MINUS INTERSECT WITH INSERT INTO VALUES UPDATE
  SET DELETE MERGE USING ON MATCHED RETURNING DEFAULT CREATE OR REPLACE TABLE VIEW INDEX UNIQUE SEQUENCE TRIGGER ALTER ADD
  MODIFY DROP COLUMN CONSTRAINT PRIMARY KEY FOREIGN REFERENCES CHECK GRANT REVOKE COMMENT TRUNCATE BEGIN DECLARE IF ELSIF
  COMMIT ROLLBACK SAVEPOINT LOCK SESSION USER IDENTIFIED ROWNUM ROWID LEVEL CONNECT SYSDATE SYSTIMESTAMP AT TIME ZONE LOCAL
  OF SCN FOR NOWAIT WAIT SKIP LOCKED FETCH FIRST NEXT ROWS ONLY TIES OFFSET OVER PARTITION WITHIN LISTAGG COUNT SUM DECODE
  NVL TRIM EXTRACT NEXTVAL DUAL T A B INSERTING BEFORE AFTER EACH ROW CALL RAISE_APPLICATION_ERROR JOIN LEFT CROSS NATURAL
  GENERATED ALWAYS IDENTITY VARCHAR2 CHAR STORAGE TABLESPACE LATERAL APPLY RAW CLOB ANY SOME DISTINCT`.split(
    /\s+/,
  );
const signs =
  `( ) , ; . = < > <> <= >= + - * / || := => : % @ :a :1 :new.x :old.y 'text' '' q'[x]' N'ü' "q" 1 2.5 1e3 4d .5 (+)
  -- /* */ ( ) ( )`.split(/\s+/);
const token = fc.constantFrom(...words, ...signs, ...signs);
const sentences = [
  'SELECT a, t.b FROM t WHERE a = :1 AND ROWNUM <= 5 ORDER BY a',
  'INSERT INTO t (a, b) VALUES (:a, DEFAULT) RETURNING a INTO :b',
  'MERGE INTO t USING (SELECT 1 AS x FROM dual) s ON (t.x = s.x) WHEN MATCHED THEN UPDATE SET a = 1',
  'CREATE TABLE t (a NUMBER(5) DEFAULT 1 NOT NULL, b VARCHAR2(5 CHAR), PRIMARY KEY (a))',
  'BEGIN p(:a, b => 1); :c := 2; END;',
  'CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN IF INSERTING THEN NULL; END IF; END;',
  'ALTER TABLE t ADD (a DATE, b CLOB)',
  'GRANT SELECT, UPDATE (a) ON t TO u WITH GRANT OPTION',
  "SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b) FROM t GROUP BY CUBE (c)",
];

function outcome(sql: string): 'parsed' | 'refused' {
  try {
    const statement = parseStatement(sql);
    renderWhole(statement.plan);
    return 'parsed';
  } catch (error) {
    if (!(error instanceof OraError))
      throw new Error(`${String(error)} of: ${sql.slice(0, 300)}`, { cause: error });
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(sql.length);
    return 'refused';
  }
}

function renderWhole(plan: StatementPlan): void {
  if (plan.kind === 'session' || plan.kind === 'block') return;
  if (plan.kind === 'ddl' && /User$/.test(plan.ddl.kind)) return;
  render(plan, { binds: [], user: 'HR', schema: 'HR' });
}

describe('whatever is written', () => {
  it('is parsed or refused with an ORA number: token soup', () => {
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
        outcome(tokens.join(' '));
      }),
      { numRuns: 3000 },
    );
  });

  it('is parsed or refused with an ORA number: sentences with a few words changed', () => {
    const change = fc.record({
      at: fc.nat(60),
      remove: fc.nat(2),
      insert: fc.array(token, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...sentences), fc.array(change, { maxLength: 3 }), (sentence, changes) => {
        const parts = sentence.split(' ');
        for (const { at, remove, insert } of changes)
          parts.splice(at % (parts.length + 1), remove, ...insert);
        outcome(parts.join(' '));
      }),
      { numRuns: 3000 },
    );
  });

  it('is parsed or refused with an ORA number: any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        outcome(text);
        outcome(`SELECT ${text} FROM dual`);
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ['parentheses', `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)} FROM dual`],
    ['subqueries', `${'SELECT * FROM ('.repeat(5000)}SELECT 1 FROM dual${')'.repeat(5000)}`],
    ['signs', `SELECT ${'-'.repeat(1)}${' - '.repeat(20_000)}1 FROM dual`],
    ['NOT', `SELECT 1 FROM dual WHERE ${'NOT '.repeat(20_000)} 1 = 1`],
    ['sums', `SELECT ${'1 + '.repeat(50_000)}1 FROM dual`],
    ['CASE', `SELECT ${'CASE WHEN 1 = 1 THEN '.repeat(5000)}1${' END'.repeat(5000)} FROM dual`],
    ['calls', `SELECT ${'ABS('.repeat(5000)}1${')'.repeat(5000)} FROM dual`],
    ['joins', `SELECT 1 FROM ${'('.repeat(5000)}t${')'.repeat(5000)}`],
    ['UNION', `SELECT 1 FROM dual ${'UNION ALL SELECT 1 FROM dual '.repeat(20_000)}`],
    [
      'IF',
      `CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN ${'IF 1 = 1 THEN '.repeat(5000)} NULL; END;`,
    ],
    ['blocks', `${'BEGIN '.repeat(5000)} NULL; ${'END; '.repeat(5000)}`],
    ['JOIN', `SELECT 1 FROM t ${'CROSS JOIN t '.repeat(20_000)}`],
  ])('is refused where %s go too deep, and the stack holds', (_, sql) => {
    expect(outcome(sql)).toBe('refused');
  });

  it('may be long: 1000 operators in a row, 1000 parts of a union, 10000 values', () => {
    expect(outcome(`SELECT 1${' + 1'.repeat(1000)} FROM dual`)).toBe('parsed');
    expect(outcome(`SELECT 1 FROM dual${' UNION ALL SELECT 1 FROM dual'.repeat(1000)}`)).toBe('parsed');
    expect(outcome(`SELECT 1 FROM dual WHERE 1 IN (0${', 1'.repeat(10_000)})`)).toBe('parsed');
  });
});
