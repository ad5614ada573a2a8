import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../../dev/oracle-simulator/sql/parse.ts';
import { render, renderExpression } from '../../../dev/oracle-simulator/sql/render.ts';
import { bindOf, rendered } from './sql-support.ts';

const context = { binds: [], user: 'HR', schema: 'HR' };

describe('a statement', () => {
  it.each([
    ['SELECT :a, :b, :a FROM dual', 'query', ['A', 'B', 'A'], 0],
    ['SELECT :1, :"Mixed", :x1 FROM dual', 'query', ['1', 'Mixed', 'X1'], 0],
    ['SELECT \':a\', ":b" FROM t -- :c', 'query', [], 0],
    ['INSERT INTO t (a) VALUES (:a) RETURNING a, b INTO :a, :b', 'dml', ['A', 'A', 'B'], 2],
    ['UPDATE t SET a = :a', 'dml', ['A'], 0],
    ['MERGE INTO t USING u ON (t.a = :a) WHEN MATCHED THEN UPDATE SET b = :a', 'dml', ['A', 'A'], 0],
    ['BEGIN p(:a, :b); :a := :c; END;', 'block', ['A', 'B', 'C'], 0],
    ['CALL p(:a) INTO :r', 'block', ['A', 'R'], 0],
    ['ALTER SESSION SET TIME_ZONE = local', 'other', [], 0],
    ['COMMIT', 'other', [], 0],
    ['DROP TABLE t', 'other', [], 0],
  ] as const)('knows its kind and its binds: %s', (sql, ...[kind, binds, returningBinds]) => {
    expect(parseStatement(sql)).toMatchObject({ text: sql, kind, binds, returningBinds });
  });
});

describe('a query', () => {
  const plan = (sql: string) => {
    const parsed = parseStatement(sql).plan;
    if (parsed.kind !== 'query') throw new Error(parsed.kind);
    return parsed;
  };

  it('names its columns as Oracle does, unless a star hides them', () => {
    expect(plan('SELECT a, t.b, c AS "d", COUNT( * ), s.NEXTVAL, ROWID FROM t').columnNames).toEqual([
      'A',
      'B',
      'd',
      'COUNT(*)',
      'NEXTVAL',
      'ROWID',
    ]);
    expect(plan('SELECT 1 AS x FROM dual UNION SELECT 2 FROM dual').columnNames).toEqual(['X']);
    expect(plan('SELECT a, t.* FROM t').columnNames).toBeNull();
    expect(plan(`SELECT ${'1 + '.repeat(200)}1 FROM dual`).columnNames?.[0]).toHaveLength(128);
  });

  it.each([
    ['SELECT a FROM t FOR UPDATE', true, 'forever', 'T'],
    ['SELECT a FROM hr.t x WHERE b = 1 FOR UPDATE NOWAIT', true, 'nowait', 'T'],
    ['SELECT t.a FROM t, u FOR UPDATE SKIP LOCKED', true, 'skipLocked', null],
    ['SELECT a FROM (SELECT a FROM t) FOR UPDATE', true, 'forever', null],
    ['WITH t AS (SELECT 1 a FROM dual) SELECT a FROM t FOR UPDATE', true, 'forever', null],
    ['SELECT a FROM t', false, 'forever', null],
  ] as const)('says what it locks: %s', (sql, ...[locksRows, wait, table]) => {
    const { locksRows: locks, wait: waits, lockedTable } = plan(sql);
    expect([locks, waits.kind, lockedTable?.name ?? null]).toEqual([locksRows, wait, table]);
  });

  it('says how long it waits', () => {
    expect(plan('SELECT a FROM t FOR UPDATE WAIT 7').wait).toEqual({ kind: 'seconds', seconds: 7 });
  });

  it('appends the places of the rows it locks, when asked to', () => {
    const locked = plan('SELECT a FROM t x FOR UPDATE');
    expect(render(locked, { ...context, rowIdentity: 'append' }).sql).toBe(
      'SELECT "A", "X".tableoid, "X".ctid FROM "T" AS "X" FOR UPDATE',
    );
    const insert = parseStatement('INSERT INTO t (a) VALUES (EMPTY_CLOB()) RETURNING a INTO :a').plan;
    if (insert.kind !== 'dml') throw new Error(insert.kind);
    expect(render(insert, { ...context, rowIdentity: 'append' }).sql).toBe(
      'INSERT INTO "T" ("A") VALUES (oracle.empty_clob()) RETURNING "A", tableoid, ctid',
    );
  });

  it('leaves AS OF to the engine: neither it nor its bind is in the text', () => {
    const sql =
      'SELECT t.a FROM t AS OF SCN :scn, (SELECT b FROM u AS OF SCN :scn WHERE b = :b) x, dual WHERE t.a = :a';
    const { flashback } = plan(sql);
    expect(flashback).toMatchObject({ kind: 'scn', expression: { kind: 'bind', index: 0 } });
    expect(rendered(sql)).toBe(
      'SELECT "T"."A" FROM "T", (SELECT "B" FROM "U" WHERE "B" = $1) AS "X", "DUAL" WHERE "T"."A" = $2 / 2, 3',
    );
  });

  it('gives the expression of AS OF to be evaluated', () => {
    const { flashback } = plan("SELECT a FROM t AS OF TIMESTAMP SYSTIMESTAMP - INTERVAL '5' MINUTE x");
    expect(flashback?.kind).toBe('timestamp');
    expect(flashback && renderExpression(flashback.expression, context)).toEqual({
      sql: "(oracle.systimestamp() - '0 days 300 secs'::interval day to second)",
      params: [],
    });
    const bound = plan('SELECT a FROM t AS OF SCN :scn').flashback;
    expect(bound && renderExpression(bound.expression, { ...context, binds: [bindOf('NUMBER')] })).toEqual({
      sql: '$1::numeric',
      params: [0],
    });
  });

  it.each([
    ['SELECT current_scn FROM v$database', true],
    ['SELECT 1 FROM t WHERE a > (SELECT current_scn FROM sys.v_$database)', true],
    ['SELECT DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER FROM dual', true],
    ['SELECT a FROM t', false],
  ])('says whether it asks for the SCN: %s', (sql, asksScn) => {
    expect(plan(sql).asksScn).toBe(asksScn);
  });
});

describe('an anonymous block', () => {
  const steps = (sql: string) => {
    const { plan } = parseStatement(sql);
    if (plan.kind !== 'block') throw new Error(plan.kind);
    return plan.steps;
  };

  it('is its steps', () => {
    const sql = `BEGIN
      HR.PKG.PROC(:a, p => 1, q => :a);
      plain;
      :b := UPPER(:a);
      SELECT MAX(x), 1 INTO :c, :d FROM t;
      INSERT INTO t (a) VALUES (:a) RETURNING a INTO :b;
      BEGIN NULL; END;
      COMMIT;
      RAISE_APPLICATION_ERROR(-20001, 'no ' || :a);
    END;`;
    expect(steps(sql)).toMatchObject([
      {
        kind: 'call',
        procedure: ['HR', 'PKG', 'PROC'],
        args: [
          { name: null, value: { kind: 'bind', index: 0 } },
          { name: 'P', value: { kind: 'number', text: '1' } },
          { name: 'Q', value: { kind: 'bind', index: 0 } },
        ],
      },
      { kind: 'call', procedure: ['PLAIN'], args: [] },
      { kind: 'assign', bind: 1 },
      { kind: 'selectInto', into: [2, 3], query: { columnNames: ['MAX(X)', '1'] } },
      { kind: 'dml', into: [1], plan: { returning: 1, table: { name: 'T' } } },
      { kind: 'null' },
      { kind: 'transaction', plan: { action: 'commit' } },
      { kind: 'raise', number: { kind: 'minus' } },
    ]);
  });

  it('takes calls of Oracle’s packages, and booleans', () => {
    expect(
      steps("BEGIN DBMS_APPLICATION_INFO.SET_MODULE('m', NULL); DBMS_OUTPUT.ENABLE(TRUE); PKG.DELETE; END;"),
    ).toMatchObject([
      { procedure: ['DBMS_APPLICATION_INFO', 'SET_MODULE'], args: [{ value: { value: 'm' } }, {}] },
      { procedure: ['DBMS_OUTPUT', 'ENABLE'], args: [{ value: { kind: 'boolean', value: true } }] },
      { procedure: ['PKG', 'DELETE'] },
    ]);
  });

  it('may read the settings of the session into thirteen binds, as go-ora does', () => {
    const into = Array.from({ length: 13 }, (_, index) => `:p${index + 1}`).join(', ');
    const cases = Array.from(
      { length: 13 },
      (_, index) => `MAX(CASE WHEN parameter = 'P${index}' THEN value END)`,
    );
    const [step] = steps(
      `BEGIN SELECT ${cases.join(', ')} INTO ${into} FROM sys.nls_session_parameters; END;`,
    );
    expect(step).toMatchObject({ kind: 'selectInto', into: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] });
  });

  it('may be a CALL', () => {
    expect(steps('CALL f(:a) INTO :r')).toMatchObject([{ kind: 'call', procedure: ['F'], into: 1 }]);
  });
});

describe('statements about the session', () => {
  it.each([
    [
      "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY' TIME_ZONE = '+02:00' CURRENT_SCHEMA = hr",
      {
        action: 'set',
        settings: [
          { name: 'NLS_DATE_FORMAT', value: 'YYYY' },
          { name: 'TIME_ZONE', value: '+02:00' },
          { name: 'CURRENT_SCHEMA', value: 'HR' },
        ],
      },
    ],
    ['ALTER SESSION SET CURRENT_SCHEMA = "Mixed"', { settings: [{ value: 'Mixed' }] }],
    ['ALTER SESSION SET ISOLATION_LEVEL=SERIALIZABLE', { settings: [{ value: 'SERIALIZABLE' }] }],
    ['ALTER SESSION DISABLE COMMIT IN PROCEDURE', { action: 'disableCommit' }],
    ['ALTER SESSION ENABLE COMMIT IN PROCEDURE', { action: 'enableCommit' }],
    ['ALTER SESSION ENABLE PARALLEL DML', { action: 'set', settings: [] }],
    ['LOCK TABLE t IN SHARE MODE WAIT 5', { kind: 'lock', mode: 'SHARE', wait: { seconds: 5 } }],
    ['SET TRANSACTION READ ONLY', { kind: 'transaction', action: 'set', mode: 'read only' }],
  ])('%s', (sql, plan) => {
    expect(parseStatement(sql).plan).toMatchObject(plan);
  });
});

describe('DDL of users', () => {
  it.each([
    [
      'CREATE USER hr IDENTIFIED BY "Secret 1" DEFAULT TABLESPACE users QUOTA UNLIMITED ON users QUOTA 5M ON x PROFILE p',
      { kind: 'createUser', user: 'HR', password: 'Secret 1' },
    ],
    ['CREATE USER hr IDENTIFIED BY MixedCase', { kind: 'createUser', password: 'MixedCase' }],
    ['ALTER USER hr ACCOUNT LOCK', { kind: 'alterUser', user: 'HR', password: null, account: 'LOCK' }],
    [
      'ALTER USER hr IDENTIFIED BY b REPLACE a ACCOUNT UNLOCK',
      { kind: 'alterUser', password: 'b', account: 'UNLOCK' },
    ],
    ['DROP USER hr CASCADE', { kind: 'dropUser', user: 'HR', cascade: true }],
  ])('%s', (sql, ddl) => {
    expect(parseStatement(sql).plan).toMatchObject({ kind: 'ddl', ddl });
  });
});

it('keeps columns as they were declared', () => {
  const { plan } = parseStatement(
    'CREATE TABLE t (a VARCHAR2(10), b VARCHAR2(5 CHAR), c FLOAT(63), d NUMBER(5))',
  );
  expect(plan).toMatchObject({
    ddl: {
      declared: [
        { name: 'A', type: { name: 'VARCHAR2', length: 10, unit: 'BYTE' } },
        { name: 'B', type: { name: 'VARCHAR2', length: 5, unit: 'CHAR' } },
        { name: 'C', type: { name: 'FLOAT', precision: 63, scale: null } },
        { name: 'D', type: { name: 'NUMBER', precision: 5, scale: 0 } },
      ],
    },
  });
});
