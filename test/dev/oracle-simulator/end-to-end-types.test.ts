import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oneOf, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
});
afterAll(() => testbed?.stop());

describe('columns of every type', () => {
  // Of characters the driver shows how many there are.
  const columns: readonly (readonly [string, Record<string, unknown>])[] = [
    ['NUMBER', { dbTypeName: 'NUMBER', precision: 0, scale: -127 }],
    ['NUMBER(10)', { dbTypeName: 'NUMBER', precision: 10, scale: 0 }],
    ['NUMBER(12,4)', { dbTypeName: 'NUMBER', precision: 12, scale: 4 }],
    ['NUMBER(5,-2)', { dbTypeName: 'NUMBER', precision: 5, scale: -2 }],
    ['FLOAT(63)', { dbTypeName: 'NUMBER', precision: 63, scale: -127 }],
    ['BINARY_FLOAT', { dbTypeName: 'BINARY_FLOAT' }],
    ['BINARY_DOUBLE', { dbTypeName: 'BINARY_DOUBLE' }],
    ['VARCHAR2(10)', { dbTypeName: 'VARCHAR2', byteSize: 10 }],
    ['VARCHAR2(10 CHAR)', { dbTypeName: 'VARCHAR2', byteSize: 10 }],
    ['NVARCHAR2(10)', { dbTypeName: 'NVARCHAR2', byteSize: 10 }],
    ['CHAR(3)', { dbTypeName: 'CHAR', byteSize: 3 }],
    ['NCHAR(3)', { dbTypeName: 'NCHAR', byteSize: 3 }],
    ['DATE', { dbTypeName: 'DATE' }],
    ['TIMESTAMP', { dbTypeName: 'TIMESTAMP', precision: 6 }],
    ['TIMESTAMP(9)', { dbTypeName: 'TIMESTAMP', precision: 9 }],
    ['TIMESTAMP(3) WITH TIME ZONE', { dbTypeName: 'TIMESTAMP WITH TIME ZONE', precision: 3 }],
    ['TIMESTAMP(0) WITH LOCAL TIME ZONE', { dbTypeName: 'TIMESTAMP WITH LOCAL TIME ZONE' }],
    ['INTERVAL YEAR(4) TO MONTH', { dbTypeName: 'INTERVAL YEAR TO MONTH' }],
    ['INTERVAL DAY(3) TO SECOND(2)', { dbTypeName: 'INTERVAL DAY TO SECOND' }],
    ['RAW(16)', { dbTypeName: 'RAW', byteSize: 16 }],
    ['CLOB', { dbTypeName: 'CLOB' }],
    ['NCLOB', { dbTypeName: 'NCLOB' }],
    ['BLOB', { dbTypeName: 'BLOB' }],
    ['LONG', { dbTypeName: 'LONG' }],
  ];

  test.each(columns)('%s is described as it was declared', async (type, expected) => {
    await connection.execute(
      `CREATE TABLE described (a ${type} NOT NULL, b ${type.replace('LONG', 'CLOB')})`,
    );
    try {
      const { metaData = [] } = await connection.execute('SELECT a, b FROM described');
      expect(metaData[0]).toMatchObject({ name: 'A', nullable: false, ...expected });
      expect(metaData[1]).toMatchObject({ name: 'B', nullable: true });
    } finally {
      await connection.execute('DROP TABLE described PURGE');
    }
  });

  test('expressions have types of their own', async () => {
    const { metaData = [] } = await connection.execute(
      `SELECT SYSDATE AS d, SYSTIMESTAMP AS z, 1.5 AS n, 'x' AS t, SYSDATE - SYSDATE AS days,
        TO_CLOB('x') AS c, HEXTORAW('FF') AS w, SYSTIMESTAMP - SYSTIMESTAMP AS i FROM dual`,
    );
    expect(metaData.map(({ name, dbTypeName }) => [name, dbTypeName])).toEqual([
      ['D', 'DATE'],
      ['Z', 'TIMESTAMP WITH TIME ZONE'],
      ['N', 'NUMBER'],
      ['T', expect.stringMatching(/CHAR/)],
      ['DAYS', 'NUMBER'],
      ['C', 'CLOB'],
      ['W', 'RAW'],
      ['I', 'INTERVAL DAY TO SECOND'],
    ]);
  });

  test('an outer join makes columns nullable that are not', async () => {
    await connection.execute('CREATE TABLE parent (id NUMBER(5) NOT NULL)');
    const { metaData = [] } = await connection.execute(
      'SELECT l.id, r.id AS other FROM parent l LEFT JOIN parent r ON r.id = l.id',
    );
    expect(metaData.map(({ nullable }) => nullable)).toEqual([true, true]);
  });

  test('a column that DDL changed is described anew', async () => {
    await connection.execute('CREATE TABLE changing (a VARCHAR2(10))');
    await connection.execute('SELECT a FROM changing');
    await connection.execute('ALTER TABLE changing MODIFY (a VARCHAR2(20) NOT NULL)');
    const { metaData = [] } = await connection.execute('SELECT a FROM changing');
    expect(metaData[0]).toMatchObject({ byteSize: 20, nullable: false });
    await connection.execute('ALTER TABLE changing RENAME COLUMN a TO b');
    expect((await connection.execute('SELECT * FROM changing')).metaData?.[0]).toMatchObject({
      name: 'B',
      byteSize: 20,
    });
  });
});

describe('values', () => {
  const numbers = [
    '0',
    '1',
    '-1',
    '0.5',
    '-0.000000000000000000000000000001',
    '99999999999999999999999999999999999999',
    '-12345678901234567890.123456789',
    '1e125',
    '1e-130',
  ];

  test.each(numbers)('NUMBER %s comes back as it is', async (number) => {
    const [row] = await rowsOf(connection, `SELECT ${number} AS n FROM dual`);
    expect(Number(row?.[0])).toBe(Number(number));
    await connection.execute('CREATE TABLE kept (n NUMBER)');
    try {
      await connection.execute('INSERT INTO kept VALUES (TO_NUMBER(:1))', [number]);
      const [again] = await rowsOf(connection, 'SELECT n FROM kept');
      expect(again?.[0]).toBe(row?.[0]);
    } finally {
      await connection.execute('DROP TABLE kept');
    }
  });

  const datetimes: readonly (readonly [string, string])[] = [
    ['DATE', '2024-02-29 23:59:59'],
    ['DATE', '9999-12-31 23:59:59'],
    ['DATE', '0101-01-01 00:00:00'],
    ['TIMESTAMP', '9999-12-31 23:59:59.999999'],
    ['TIMESTAMP', '1582-10-04 00:00:00.000001'],
    ['TIMESTAMP(9)', '2024-05-01 10:00:00.123456789'],
    ['TIMESTAMP(0)', '1969-12-31 23:59:59'],
  ];

  test.each(datetimes)('%s %s keeps all its digits', async (type, text) => {
    const fraction = type === 'DATE' ? '' : '.FF9';
    await connection.execute(`CREATE TABLE moments (t ${type})`);
    try {
      const parse =
        type === 'DATE'
          ? `TO_DATE(:1, 'YYYY-MM-DD HH24:MI:SS')`
          : `TO_TIMESTAMP(:1, 'YYYY-MM-DD HH24:MI:SS.FF9')`;
      await connection.execute(`INSERT INTO moments VALUES (${parse})`, [
        type === 'DATE' || text.includes('.') ? text : `${text}.0`,
      ]);
      const shown = await oneOf(
        connection,
        `SELECT TO_CHAR(t, 'YYYY-MM-DD HH24:MI:SS${fraction}') FROM moments`,
      );
      const whole = type === 'DATE' ? text : `${text.includes('.') ? text : `${text}.`}`.padEnd(29, '0');
      expect(shown).toBe(whole);
      const fetched = (await connection.execute<[Date]>('SELECT t FROM moments')).rows?.[0]?.[0];
      expect(fetched?.getFullYear()).toBe(Number(text.slice(0, 4)));
      expect(fetched?.getSeconds()).toBe(Number(text.slice(17, 19)));
    } finally {
      await connection.execute('DROP TABLE moments');
    }
  });

  test('a zoned timestamp is the same instant in each zone of the session', async () => {
    const instant = `TO_TIMESTAMP_TZ('2024-05-01 10:00:00.25 +05:30', 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM')`;
    for (const zone of ['+00:00', '-08:00', '+13:45']) {
      await connection.execute(`ALTER SESSION SET TIME_ZONE = '${zone}'`);
      const [row] = (await connection.execute<[Date]>(`SELECT ${instant} FROM dual`)).rows ?? [];
      expect(row?.[0].toISOString()).toBe('2024-05-01T04:30:00.250Z');
      expect(await oneOf(connection, 'SELECT SESSIONTIMEZONE FROM dual')).toBe(zone);
    }
    await connection.execute(`ALTER SESSION SET TIME_ZONE = '+00:00'`);
  });

  test('binary floating point has all its values', async () => {
    const wanted = [1.5, -0.1, 1e300, 5e-324, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of wanted) {
      const binds = [{ val: value, type: oracledb.DB_TYPE_BINARY_DOUBLE }];
      expect((await connection.execute<[number]>('SELECT :1 FROM dual', binds)).rows?.[0]?.[0]).toBe(value);
    }
    const [nan] = (await connection.execute<[number]>('SELECT BINARY_DOUBLE_NAN FROM dual')).rows ?? [];
    expect(nan?.[0]).toBeNaN();
    const float = [{ val: 0.1, type: oracledb.DB_TYPE_BINARY_FLOAT }];
    expect((await connection.execute<[number]>('SELECT :1 FROM dual', float)).rows?.[0]?.[0]).toBe(
      Math.fround(0.1),
    );
  });

  test('intervals travel both ways', async () => {
    await connection.execute(
      'CREATE TABLE spans (y INTERVAL YEAR(4) TO MONTH, d INTERVAL DAY(4) TO SECOND(6))',
    );
    const years = Object.assign(new oracledb.IntervalYM(), { years: -3, months: -11 });
    const days = Object.assign(new oracledb.IntervalDS(), {
      days: -12,
      hours: -3,
      minutes: -4,
      seconds: -5,
      fseconds: -123456000,
    });
    await connection.execute('INSERT INTO spans VALUES (:1, :2)', [
      { val: years, type: oracledb.DB_TYPE_INTERVAL_YM },
      { val: days, type: oracledb.DB_TYPE_INTERVAL_DS },
    ]);
    const [row] = (await connection.execute<unknown[]>('SELECT y, d FROM spans')).rows ?? [];
    expect(row).toEqual([years, days]);
  });

  test('an empty text is NULL, blanks are not; CHAR is padded', async () => {
    await connection.execute('CREATE TABLE blanks (v VARCHAR2(5), c CHAR(5))');
    await connection.execute(`INSERT INTO blanks VALUES (:1, :2)`, ['', 'ab']);
    await connection.execute(`INSERT INTO blanks VALUES (:1, :2)`, ['  ', '']);
    expect(await rowsOf(connection, 'SELECT v, c FROM blanks')).toEqual([
      [null, 'ab   '],
      ['  ', null],
    ]);
    expect(await oneOf(connection, `SELECT COUNT(*) FROM blanks WHERE c = 'ab'`)).toBe('1');
    expect(await oneOf(connection, `SELECT LENGTH(c) FROM blanks WHERE v IS NULL`)).toBe('5');
  });

  test('characters outside of the basic plane and national text are whole', async () => {
    const text = 'Zürich – 東京 – 😀';
    const binds = [text, { val: text, type: oracledb.DB_TYPE_NVARCHAR }];
    expect((await connection.execute<string[]>('SELECT :1, :2 FROM dual', binds)).rows?.[0]).toEqual([
      text,
      text,
    ]);
  });

  test('ROWID finds its row, and tells rows apart', async () => {
    await connection.execute('CREATE TABLE placed (id NUMBER(5))');
    const { lastRowid } = await connection.execute('INSERT INTO placed VALUES (1)');
    await connection.execute('INSERT INTO placed VALUES (2)');
    const rows = await rowsOf(connection, 'SELECT ROWID, id FROM placed ORDER BY id');
    expect(rows[0]?.[0]).toBe(lastRowid);
    expect(rows[0]?.[0]).toMatch(/^[A-Za-z0-9+/]{18}$/);
    expect(await oneOf(connection, 'SELECT id FROM placed WHERE ROWID = :1', [rows[1]?.[0] as string])).toBe(
      '2',
    );
    const between = await rowsOf(connection, 'SELECT id FROM placed WHERE ROWID BETWEEN :1 AND :2', [
      rows[0]?.[0] as string,
      rows[0]?.[0] as string,
    ]);
    expect(between).toEqual([['1']]);
  });
});
