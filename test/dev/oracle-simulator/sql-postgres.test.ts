import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrap } from '../../../dev/oracle-simulator/schema/bootstrap.ts';
import { createUser } from '../../../dev/oracle-simulator/schema/users.ts';
import { parseStatement } from '../../../dev/oracle-simulator/sql/parse.ts';
import { render } from '../../../dev/oracle-simulator/sql/render.ts';
import type { OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { sourceServer } from '../../support/servers.ts';
import { bindOf } from './sql-support.ts';

/** What the dialect renders, executed: a session on a database that the simulator prepared. */

const name = 'oracle_sql_dialect';
/** Roles are the server's, so no other test file has this one. */
const user = 'DIALECT';
let db: pg.Client;

/** Values as PostgreSQL prints them: the driver's own conversions would hide digits. */
const asText = { getTypeParser: () => (value: string | Buffer) => value };

async function recreate(): Promise<string> {
  const server = await sourceServer();
  const admin = new pg.Client({ connectionString: server.url('postgres') });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'`,
  );
  await admin.end();
  return server.url(name);
}

beforeAll(async () => {
  db = new pg.Client({ connectionString: await recreate(), types: asText });
  await db.connect();
  await bootstrap(db);
  await db.query(`DROP ROLE IF EXISTS "${user}"`);
  await createUser(db, { name: user, password: 'x' });
  await db.query(`SET ROLE "${user}"; SET search_path = "${user}", "SYS", oracle, pg_catalog`);
}, 60_000);

afterAll(async () => {
  await db.end();
});

type Bound = readonly [OracleTypeName, string | null];

/** Rows as arrays of text. */
async function run(sql: string, ...binds: readonly Bound[]): Promise<unknown[][]> {
  const { plan } = parseStatement(sql);
  if (plan.kind === 'block' || plan.kind === 'session') throw new Error(plan.kind);
  const { sql: text, params } = render(plan, {
    binds: binds.map(([type]) => bindOf(type)),
    user,
    schema: user,
  });
  if (plan.kind === 'ddl') {
    await db.query(text);
    return [];
  }
  const values = params.map((index) => binds[index]?.[1] ?? null);
  return (await db.query({ text, values, rowMode: 'array' })).rows;
}

async function value(expression: string, ...binds: readonly Bound[]): Promise<unknown> {
  const [row] = await run(`SELECT ${expression} AS v FROM dual`, ...binds);
  return row?.[0];
}

describe('expressions have the values that Oracle gives', () => {
  it.each([
    ['1 / 3', '0.3333333333333333333333333333333333333333'],
    ['5 / 2', '2.5'],
    ['2000000000 * 2000000000', '4000000000000000000'],
    ["'5' + '6'", '11'],
    ["'a' || NULL || 1", 'a1'],
    ["NULL || ''", null],
    ["LENGTH('')", null],
    ['GREATEST(1, NULL)', null],
    ['LEAST(2, 1)', '1'],
    ["DECODE(NULL, NULL, 'same', 'other')", 'same'],
    ['DECODE(1, 1, NULL, 2)', null],
    ["NVL('', 'empty')", 'empty'],
    ["NVL2(NULL, 'y', 'n')", 'n'],
    ['MOD(-7, 0)', '-7'],
    ["TO_CHAR(DATE '2024-02-29' + 1, 'YYYY-MM-DD')", '2024-03-01'],
    ["DATE '2024-03-01' - DATE '2024-02-28'", '2'],
    ["TO_CHAR(DATE '2024-01-01' + 1/24, 'HH24:MI:SS')", '01:00:00'],
    ["TO_CHAR(ADD_MONTHS(DATE '2024-01-31', 1), 'YYYY-MM-DD')", '2024-02-29'],
    ["EXTRACT(YEAR FROM DATE '2024-02-29')", '2024'],
    ["CAST('12.345' AS NUMBER(5,2))", '12.35'],
    ["CAST('ab' AS CHAR(4)) || '|'", 'ab  |'],
    ["CASE WHEN 'ab' LIKE 'a\\' THEN 1 ELSE 0 END", '0'],
    ["CASE WHEN 'a_b' LIKE 'a\\_b' ESCAPE '\\' THEN 1 ELSE 0 END", '1'],
    ["TO_CHAR(INTERVAL '-1 02:03:04.5' DAY TO SECOND)", '-01 02:03:04.500000'],
    ["LPAD(7, 3, '0')", '007'],
    ["TRIM(LEADING '0' FROM '007')", '7'],
    ["REGEXP_SUBSTR('a1b22', '[0-9]+', 1, 2)", '22'],
    ["RAWTOHEX(HEXTORAW('DEADBEEF'))", 'DEADBEEF'],
    ["DBMS_LOB.GETLENGTH(TO_CLOB('abc'))", '3'],
    ['USER', user],
  ])('%s', async (expression, expected) => {
    const found = await value(expression);
    expect(
      typeof found === 'string' && /^-?\d+\.\d+$/.test(found)
        ? found.replace(/0+$/, '').replace(/\.$/, '')
        : found,
    ).toBe(expected);
  });

  it.each<[string, Bound[], string | null]>([
    [':a + 1', [['VARCHAR2', '2']], '3'],
    [":a || 'x'", [['NUMBER', '5']], '5x'],
    ['CASE WHEN :a IS NULL THEN 1 END', [['VARCHAR2', null]], '1'],
    [
      'NVL(:a, :b)',
      [
        ['VARCHAR2', null],
        ['VARCHAR2', 'b'],
      ],
      'b',
    ],
    ["TO_CHAR(:a, 'YYYY-MM-DD HH24:MI:SS')", [['DATE', '2024-05-01 10:00:00']], '2024-05-01 10:00:00'],
    [
      'CASE WHEN :a > :b THEN 1 ELSE 0 END',
      [
        ['NUMBER', '10'],
        ['VARCHAR2', '9'],
      ],
      '1',
    ],
  ])('%s with binds', async (expression, binds, expected) => {
    expect(await value(expression, ...binds)).toBe(expected);
  });
});

describe('statements do what Oracle does', () => {
  beforeAll(async () => {
    await run(
      `CREATE TABLE departments (id NUMBER(4) GENERATED BY DEFAULT ON NULL AS IDENTITY PRIMARY KEY, name VARCHAR2(30) NOT NULL)`,
    );
    await run(`CREATE TABLE employees (id NUMBER(6) GENERATED ALWAYS AS IDENTITY, name VARCHAR2(25) NOT NULL,
      salary NUMBER(8,2) DEFAULT 0 CHECK (salary >= 0), hired DATE DEFAULT SYSDATE, code CHAR(3), at TIMESTAMP(9),
      note CLOB, raw_id RAW(16), status VARCHAR2(5) DEFAULT ON NULL 'new', department_id NUMBER(4) REFERENCES departments,
      CONSTRAINT employees_pk PRIMARY KEY (id))`);
    await run("INSERT INTO departments (name) VALUES ('Sales')");
    await run("INSERT INTO departments (id, name) VALUES (NULL, 'IT')");
    const insert = 'INSERT INTO employees (name, salary, department_id, code) VALUES (:1, :2, :3, :4)';
    for (const [who, salary, department] of [
      ['Anna', '1000.5', '1'],
      ['Ben', '2000', '1'],
      ['Cleo', '3000', '2'],
      ['Dora', null, null],
    ]) {
      await run(
        insert,
        ['VARCHAR2', who ?? null],
        ['NUMBER', salary ?? null],
        ['NUMBER', department ?? null],
        ['VARCHAR2', 'AB'],
      );
    }
  });

  it('fills identity columns, also in place of NULL, and refuses values for those that are always generated', async () => {
    expect(await run('SELECT id, name FROM departments ORDER BY id')).toEqual([
      ['1', 'Sales'],
      ['2', 'IT'],
    ]);
    await expect(run("INSERT INTO employees (id, name) VALUES (9, 'X')")).rejects.toThrow('ORA-32795');
    expect(await run('SELECT DISTINCT status FROM employees')).toEqual([['new']]);
  });

  it('takes the digits of a TIMESTAMP bind as far as the column has them', async () => {
    await run(
      'UPDATE employees SET at = :t, hired = :t WHERE id = 1',
      ['TIMESTAMP', '2024-05-01 10:00:00.123456789'],
      ['TIMESTAMP', '2024-05-01 10:00:00.999999999'],
    );
    expect(await run('SELECT at, hired FROM employees WHERE id = 1')).toEqual([
      ['2024-05-01 10:00:00.123456789', '2024-05-01 10:00:00'],
    ]);
  });

  it('converts strings that are bound for columns of other types', async () => {
    await run(
      'UPDATE employees SET salary = :a, raw_id = :b WHERE id = :c',
      ['VARCHAR2', '12.5'],
      ['VARCHAR2', 'DEADBEEF'],
      ['VARCHAR2', '4'],
    );
    expect(await run("SELECT salary, RAWTOHEX(raw_id) FROM employees WHERE raw_id = 'DEADBEEF'")).toEqual([
      ['12.50', 'DEADBEEF'],
    ]);
    await run('UPDATE employees SET salary = NULL WHERE id = 4');
  });

  it('limits rows before it orders or counts them, as ROWNUM does', async () => {
    expect(
      await run(
        'SELECT n FROM (SELECT LEVEL n FROM dual CONNECT BY LEVEL <= 5) x WHERE ROWNUM <= 2 ORDER BY n DESC',
      ),
    ).toEqual([['2'], ['1']]);
    expect(await run('SELECT COUNT(*) FROM employees WHERE ROWNUM <= 3')).toEqual([['3']]);
    expect(
      await run(
        'SELECT COUNT(*) FROM employees e, departments d WHERE e.department_id = d.id AND ROWNUM <= 1',
      ),
    ).toEqual([['1']]);
    expect(
      await run(`SELECT * FROM (SELECT a.name, ROWNUM rn FROM (SELECT name FROM employees ORDER BY name DESC) a
        WHERE ROWNUM <= 3) WHERE rn > 1`),
    ).toEqual([
      ['Cleo', '2'],
      ['Ben', '3'],
    ]);
    expect(await run('SELECT name FROM employees WHERE ROWNUM > 1')).toEqual([]);
  });

  it('reads in pages, by FETCH and by ROWID', async () => {
    expect(
      await run('SELECT name FROM employees ORDER BY name OFFSET 1 ROWS FETCH NEXT :n ROWS ONLY', [
        'NUMBER',
        '2',
      ]),
    ).toEqual([['Ben'], ['Cleo']]);
    const rows = await run('SELECT ROWID, name FROM employees ORDER BY ROWID');
    const second = String(rows[1]?.[0]);
    expect(second).toMatch(/^[A-Za-z0-9+/]{18}$/);
    const behind = await run('SELECT COUNT(*) FROM employees WHERE ROWID > CHARTOROWID(:r)', [
      'VARCHAR2',
      second,
    ]);
    expect(behind).toEqual([['2']]);
    expect(
      await run(
        'SELECT COUNT(*) FROM employees WHERE ROWID IN (SELECT ROWID FROM employees WHERE salary > 1500)',
      ),
    ).toEqual([['2']]);
  });

  it('aggregates and ranks', async () => {
    expect(
      await run(`SELECT COUNT(*), SUM(salary), AVG(salary), LISTAGG(name, ', ') WITHIN GROUP (ORDER BY name DESC)
        FROM employees WHERE id <= 3`),
    ).toEqual([['3', '6000.50', '2000.166666666666666666666666666666666667', 'Cleo, Ben, Anna']]);
    expect(
      await run(`SELECT name, ROW_NUMBER() OVER (PARTITION BY department_id ORDER BY salary DESC) rn,
        LAG(name, 1, 'none') OVER (ORDER BY id) FROM employees WHERE id <= 3 ORDER BY id`),
    ).toEqual([
      ['Anna', '2', 'none'],
      ['Ben', '1', 'Anna'],
      ['Cleo', '1', 'Ben'],
    ]);
  });

  it('orders by what aliases stand for, with NULLs last', async () => {
    expect(await run('SELECT name n, salary AS pay FROM employees ORDER BY pay, UPPER(n)')).toEqual([
      ['Anna', '1000.50'],
      ['Ben', '2000.00'],
      ['Cleo', '3000.00'],
      ['Dora', null],
    ]);
  });

  it('compares text with text of the same type by an index', async () => {
    await run('CREATE INDEX employees_name ON employees (name)');
    const { plan } = parseStatement("SELECT id FROM employees WHERE name = 'Ben'");
    if (plan.kind !== 'query') throw new Error(plan.kind);
    await db.query('SET enable_seqscan = off; SET enable_bitmapscan = off');
    const { sql: text } = render(plan, { binds: [], user, schema: user });
    const { rows } = await db.query({ text: `EXPLAIN ${text}`, rowMode: 'array' });
    await db.query('RESET enable_seqscan; RESET enable_bitmapscan');
    expect(rows.flat().join('\n')).toMatch(/Index Cond.*NAME/);
    const joined = "SELECT a.id FROM employees a JOIN employees b ON a.name = b.name WHERE a.name = 'Ben'";
    expect(await run(joined)).toHaveLength(1);
    expect(await run("SELECT name FROM employees WHERE (id, name) IN ((2, 'Ben'), (3, 'Ben'))")).toEqual([
      ['Ben'],
    ]);
  });

  it('merges: the row that is updated and then matches DELETE WHERE goes', async () => {
    await run('CREATE TABLE target (id NUMBER, n NUMBER)');
    await run('INSERT INTO target SELECT LEVEL, LEVEL FROM dual CONNECT BY LEVEL <= 3');
    await run(`MERGE INTO target t USING (SELECT LEVEL AS id FROM dual CONNECT BY LEVEL <= 4) s ON (t.id = s.id)
      WHEN MATCHED THEN UPDATE SET t.n = t.n * 10 WHERE t.id > 1 DELETE WHERE t.n = 30
      WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, 0)`);
    expect(await run('SELECT id, n FROM target ORDER BY id')).toEqual([
      ['1', '1'],
      ['2', '20'],
      ['4', '0'],
    ]);
    await run('DROP TABLE target PURGE');
  });

  it('updates several columns from a query, and returns what it wrote', async () => {
    const rows = await run(
      "UPDATE employees SET (salary, code) = (SELECT 7, 'XY' FROM dual) WHERE id = 3 RETURNING salary, code, ROWID INTO :a, :b, :c",
    );
    expect(rows).toEqual([['7.00', 'XY ', expect.stringMatching(/^[\w+/]{18}$/)]]);
    await run('UPDATE employees SET salary = 3000 WHERE ROWNUM <= 1 AND id = 3');
  });

  it('captures changes by a trigger', async () => {
    await run('CREATE TABLE log AS SELECT id FROM employees WHERE 1 = 0');
    await run('ALTER TABLE log ADD (seq NUMBER GENERATED ALWAYS AS IDENTITY, op CHAR(1) NOT NULL)');
    await run(`CREATE OR REPLACE TRIGGER capture AFTER INSERT OR UPDATE OR DELETE ON employees FOR EACH ROW
      BEGIN
        IF INSERTING THEN INSERT INTO log (op, id) VALUES ('I', :NEW.id);
        ELSIF DELETING THEN INSERT INTO log (op, id) VALUES ('D', :OLD.id);
        ELSE
          INSERT INTO log (op, id) VALUES ('U', :NEW.id);
          IF :OLD.id <> :NEW.id THEN INSERT INTO log (op, id) VALUES ('D', :OLD.id); END IF;
        END IF;
      END;`);
    await run("INSERT INTO employees (name) VALUES ('Emil')");
    await run("UPDATE employees SET salary = 1 WHERE name = 'Emil'");
    await run("DELETE FROM employees WHERE name = 'Emil'");
    expect(await run('SELECT op FROM log ORDER BY seq')).toEqual([['I'], ['U'], ['D']]);
    await run('DROP TRIGGER capture');
    await run("UPDATE employees SET status = 'old' WHERE id = 1");
    expect(await run('SELECT COUNT(*) FROM log')).toEqual([['3']]);
  });

  it('renames a table with an identity column, and makes another of its name', async () => {
    await run('RENAME log TO log_before');
    await run('CREATE TABLE log (seq NUMBER GENERATED ALWAYS AS IDENTITY START WITH 100, op CHAR(1))');
    await run("INSERT INTO log (op) VALUES ('x')");
    await run("INSERT INTO log_before (op) VALUES ('y')");
    expect(await run('SELECT MAX(seq) FROM log_before UNION ALL SELECT seq FROM log')).toEqual([
      ['4'],
      ['100'],
    ]);
    await run('DROP TABLE log');
    await run('DROP TABLE log_before');
    const { rows } =
      await db.query(`SELECT count(*)::text AS n FROM pg_proc WHERE proname ~ '\\$(trigger|default)$'
      AND oid NOT IN (SELECT tgfoid FROM pg_trigger)`);
    expect(rows[0].n).toBe('0');
  });

  it('fills and checks rows by a BEFORE trigger', async () => {
    await run('CREATE SEQUENCE s START WITH 50');
    await run(`CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON employees FOR EACH ROW WHEN (NEW.code IS NULL)
      DECLARE n NUMBER; given employees.name%TYPE := 'x';
      BEGIN
        SELECT s.NEXTVAL INTO n FROM dual;
        :NEW.code := n;
        IF :NEW.salary > 100000 THEN RAISE_APPLICATION_ERROR(-20001, 'too much for ' || :NEW.name); END IF;
      END;`);
    await run("INSERT INTO employees (name) VALUES ('Fay')");
    expect(await run("SELECT code FROM employees WHERE name = 'Fay'")).toEqual([['50 ']]);
    await expect(run("INSERT INTO employees (name, salary) VALUES ('Gus', 200000)")).rejects.toThrow(
      'ORA-20001: too much for Gus',
    );
    await run('DROP TRIGGER checks');
    await run("DELETE FROM employees WHERE name = 'Fay'");
  });

  it('shows views, read only where said so, and replaces them by others', async () => {
    await run('CREATE OR REPLACE VIEW v AS SELECT id, name FROM employees');
    await run("UPDATE v SET name = 'Anne' WHERE id = 1");
    await run('CREATE OR REPLACE VIEW v (who) AS SELECT name FROM employees WHERE id = 1 WITH READ ONLY');
    expect(await run('SELECT * FROM v')).toEqual([['Anne']]);
    await expect(run("UPDATE v SET who = 'x'")).rejects.toThrow('cannot update view');
    await run('DROP VIEW v');
  });

  it('alters tables', async () => {
    await run(
      'ALTER TABLE employees ADD (email VARCHAR2(20), total NUMBER GENERATED ALWAYS AS (salary * 2) VIRTUAL)',
    );
    await run("ALTER TABLE employees MODIFY (email VARCHAR2(40) DEFAULT 'none')");
    await run('ALTER TABLE employees RENAME COLUMN email TO mail');
    await run('ALTER TABLE employees ADD CONSTRAINT mail_uk UNIQUE (name, mail)');
    await run('ALTER TABLE employees DROP UNIQUE (name, mail)');
    await run("INSERT INTO employees (name, salary) VALUES ('Hal', 4)");
    expect(await run("SELECT mail, total FROM employees WHERE name = 'Hal'")).toEqual([['none', '8.00']]);
    await run('ALTER TABLE employees DROP (mail, total)');
    await run("DELETE FROM employees WHERE name = 'Hal'");
  });
});
