import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, oneOf, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
  await connection.execute(
    'CREATE TABLE items (id NUMBER(10) CONSTRAINT items_pk PRIMARY KEY, name VARCHAR2(20) NOT NULL, made DATE, n NUMBER)',
  );
});
afterAll(() => testbed?.stop());

const out = (type: oracledb.DbType, maxSize = 200) => ({ dir: oracledb.BIND_OUT, type, maxSize });

describe('binds', () => {
  test('positional ones follow the text, named ones their names, however often', async () => {
    expect(await rowsOf(connection, 'SELECT :1 - :2, :2 FROM dual', [7, 3, 4])).toEqual([['4', '4']]);
    const row = await connection.execute<unknown[]>('SELECT :b - :a, :a, :"Mixed" FROM dual', {
      a: 3,
      b: 10,
      '"Mixed"': 'm',
    });
    expect(row.rows).toEqual([[7, 3, 'm']]);
  });

  test('the same text with other types of binds is described and read anew', async () => {
    const sql = 'SELECT :1 AS v FROM dual';
    expect((await connection.execute<unknown[]>(sql, [7])).rows?.[0]).toEqual([7]);
    const double = [{ val: -2.5, type: oracledb.DB_TYPE_BINARY_DOUBLE }];
    expect((await connection.execute<unknown[]>(sql, double)).rows?.[0]).toEqual([-2.5]);
    expect((await connection.execute<unknown[]>(sql, ['abc'])).rows?.[0]).toEqual(['abc']);
    const raw = [{ val: Buffer.from([1, 255]), type: oracledb.DB_TYPE_RAW }];
    expect((await connection.execute<unknown[]>(sql, raw)).rows?.[0]).toEqual([Buffer.from([1, 255])]);
    const moment = new Date('2024-05-01T10:00:00.125Z');
    const zoned = [{ val: moment, type: oracledb.DB_TYPE_TIMESTAMP_TZ }];
    expect((await connection.execute<unknown[]>(sql, zoned)).rows?.[0]).toEqual([moment]);
    expect((await connection.execute<unknown[]>(sql, [7])).rows?.[0]).toEqual([7]);
  });

  test('text becomes what it is compared with', async () => {
    await connection.execute(`INSERT INTO items VALUES (:1, :2, TO_DATE('2024-05-01', 'YYYY-MM-DD'), NULL)`, [
      '1',
      'one',
    ]);
    expect(await oneOf(connection, 'SELECT name FROM items WHERE id = :1', ['1'])).toBe('one');
    expect(await oneOf(connection, 'SELECT name FROM items WHERE name = :1 AND id < :2', ['one', 5])).toBe(
      'one',
    );
    expect(await errorOf(connection.execute('SELECT name FROM items WHERE id = :1', ['x']))).toBe(
      'ORA-01722: invalid number',
    );
    await connection.rollback();
  });

  test('too few are refused', async () => {
    expect(await errorOf(connection.execute('SELECT :1, :2 FROM dual', [1]))).toMatch(/ORA-01008|NJS-098/);
  });

  test('NULL of every type', async () => {
    const types = [
      oracledb.DB_TYPE_NUMBER,
      oracledb.DB_TYPE_VARCHAR,
      oracledb.DB_TYPE_DATE,
      oracledb.DB_TYPE_TIMESTAMP_TZ,
      oracledb.DB_TYPE_RAW,
      oracledb.DB_TYPE_BINARY_DOUBLE,
      oracledb.DB_TYPE_CLOB,
    ];
    for (const type of types) {
      expect(
        (await connection.execute<unknown[]>('SELECT :1 FROM dual', [{ val: null, type }])).rows?.[0],
      ).toEqual([null]);
    }
  });
});

describe('arrays of binds', () => {
  const bindDefs = [
    { type: oracledb.DB_TYPE_NUMBER },
    { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
    { type: oracledb.DB_TYPE_DATE },
  ];
  const insert = 'INSERT INTO items (id, name, made) VALUES (:1, :2, :3)';

  test('5,000 rows take about as long as they should', async () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => [
      index,
      `name ${index}`,
      new Date(index * 1000),
    ]);
    const startedAt = performance.now();
    const { rowsAffected } = await connection.executeMany(insert, rows, { bindDefs });
    const tookMs = performance.now() - startedAt;
    expect(rowsAffected).toBe(5_000);
    // About one second on an idle machine.
    expect(tookMs).toBeLessThan(10_000);
    expect(await rowsOf(connection, 'SELECT COUNT(*), MIN(name), COUNT(DISTINCT made) FROM items')).toEqual([
      ['5000', 'name 0', '5000'],
    ]);
    await connection.rollback();
  });

  test('a row that fails ends it, and those before it stay', async () => {
    const rows = [
      [1, 'a', null],
      [2, 'b', null],
      [1, 'c', null],
      [3, 'd', null],
    ];
    expect(await errorOf(connection.executeMany(insert, rows, { bindDefs }))).toBe(
      'ORA-00001: unique constraint (HR.ITEMS_PK) violated',
    );
    expect(await rowsOf(connection, 'SELECT id FROM items ORDER BY id')).toEqual([['1'], ['2']]);
    await connection.rollback();
  });

  test('with batchErrors the others are done, once each', async () => {
    await connection.execute('CREATE TABLE fired (id NUMBER(10))');
    await testbed.postgres.query(`
      CREATE FUNCTION "HR".fire() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO "HR"."FIRED" VALUES (NEW."ID"); RETURN NEW; END $$;
      CREATE TRIGGER fire AFTER INSERT ON "HR"."ITEMS" FOR EACH ROW EXECUTE FUNCTION "HR".fire()`);
    const rows = Array.from({ length: 1_000 }, (_, index) => [
      index % 7 === 3 ? index - 1 : index,
      index % 11 === 5 ? null : 'x',
      null,
    ]);
    const failing = rows.flatMap(([, name], index) =>
      name === null || (index % 7 === 3 && rows[index - 1]?.[1] !== null) ? [index] : [],
    );
    const result = await connection.executeMany(insert, rows, {
      bindDefs,
      batchErrors: true,
      dmlRowCounts: true,
    });
    expect(result.batchErrors?.map(({ offset }) => offset)).toEqual(failing);
    expect(result.batchErrors?.[0]?.message).toMatch(
      /^ORA-00001: unique constraint \(HR\.ITEMS_PK\) violated/,
    );
    expect(result.batchErrors?.[1]?.message).toMatch(
      /^ORA-01400: cannot insert NULL into \("HR"\."ITEMS"\."NAME"\)/,
    );
    expect(result.dmlRowCounts).toEqual(rows.map((_, index) => (failing.includes(index) ? 0 : 1)));
    expect(result.rowsAffected).toBe(1_000 - failing.length);
    expect(await rowsOf(connection, 'SELECT COUNT(*), COUNT(DISTINCT id) FROM fired')).toEqual([
      [`${1_000 - failing.length}`, `${1_000 - failing.length}`],
    ]);
    await connection.rollback();
    await testbed.postgres.query('DROP TRIGGER fire ON "HR"."ITEMS"');
  });

  test('all may fail', async () => {
    const rows = Array.from({ length: 600 }, (_, index) => [index, null, null]);
    const { batchErrors, rowsAffected } = await connection.executeMany(insert, rows, {
      bindDefs,
      batchErrors: true,
    });
    expect(batchErrors).toHaveLength(600);
    expect(rowsAffected).toBe(0);
  });

  test('MERGE, UPDATE and DELETE take them too', async () => {
    const merge = `MERGE INTO items t USING (SELECT :id AS id, :name AS name FROM dual) s ON (t.id = s.id)
      WHEN MATCHED THEN UPDATE SET t.name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)`;
    const named = {
      id: bindDefs[0] as oracledb.BindDefinition,
      name: bindDefs[1] as oracledb.BindDefinition,
    };
    const first = await connection.executeMany(
      merge,
      [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
      { bindDefs: named, dmlRowCounts: true },
    );
    const again = await connection.executeMany(
      merge,
      [
        { id: 2, name: 'B' },
        { id: 3, name: 'c' },
      ],
      { bindDefs: named, dmlRowCounts: true },
    );
    expect([first.rowsAffected, again.rowsAffected, again.dmlRowCounts]).toEqual([2, 2, [1, 1]]);
    const updated = await connection.executeMany(
      'UPDATE items SET n = :1 WHERE id >= :2',
      [
        [1, 2],
        [2, 3],
        [3, 9],
      ],
      { dmlRowCounts: true },
    );
    expect(updated.dmlRowCounts).toEqual([2, 1, 0]);
    expect(await rowsOf(connection, 'SELECT id, name, n FROM items ORDER BY id')).toEqual([
      ['1', 'a', null],
      ['2', 'B', '1'],
      ['3', 'c', '2'],
    ]);
    const removed = await connection.executeMany('DELETE FROM items WHERE id = :1', [[1], [2], [3], [4]], {
      dmlRowCounts: true,
    });
    expect(removed.dmlRowCounts).toEqual([1, 1, 1, 0]);
    await connection.rollback();
  });
});

describe('RETURNING', () => {
  test('gives the values of all rows that were written', async () => {
    const inserted = await connection.execute<Record<string, unknown[]>>(
      `INSERT INTO items (id, name, made) VALUES (1, 'one', DATE '2024-05-01') RETURNING id, name, made, ROWID INTO :i, :n, :m, :r`,
      {
        i: out(oracledb.DB_TYPE_NUMBER),
        n: out(oracledb.DB_TYPE_VARCHAR),
        m: out(oracledb.DB_TYPE_DATE),
        r: out(oracledb.DB_TYPE_VARCHAR),
      },
    );
    expect(inserted.outBinds).toMatchObject({
      i: [1],
      n: ['one'],
      r: [expect.stringMatching(/^[\w+/]{18}$/)],
    });
    await connection.execute(`INSERT INTO items (id, name) VALUES (2, 'two')`);
    const updated = await connection.execute<Record<string, unknown[]>>(
      'UPDATE items SET n = id * 10 RETURNING n, name INTO :n, :t',
      { n: out(oracledb.DB_TYPE_NUMBER), t: out(oracledb.DB_TYPE_VARCHAR) },
    );
    expect([...(updated.outBinds?.n ?? [])].sort()).toEqual([10, 20]);
    expect([...(updated.outBinds?.t ?? [])].sort()).toEqual(['one', 'two']);
    const nothing = await connection.execute<Record<string, unknown[]>>(
      'DELETE FROM items WHERE id > 5 RETURNING id INTO :i',
      {
        i: out(oracledb.DB_TYPE_NUMBER),
      },
    );
    expect(nothing.outBinds).toEqual({ i: [] });
    await connection.rollback();
  });

  test('converts to the type of the bind', async () => {
    const { outBinds } = await connection.execute<Record<string, unknown[]>>(
      `INSERT INTO items (id, name, made, n) VALUES (7, '42', DATE '2024-05-01', 0.5) RETURNING n, TO_NUMBER(name), made INTO :a, :b, :c`,
      { a: out(oracledb.DB_TYPE_VARCHAR), b: out(oracledb.DB_TYPE_NUMBER), c: out(oracledb.DB_TYPE_VARCHAR) },
    );
    expect(outBinds).toEqual({ a: ['.5'], b: [42], c: ['01-MAY-24'] });
    await connection.rollback();
  });

  test('of an array: per iteration, also with errors among them', async () => {
    const result = await connection.executeMany(
      'INSERT INTO items (id, name) VALUES (:id, :name) RETURNING id * 2, name INTO :twice, :kept',
      [
        { id: 1, name: null },
        { id: 2, name: 'b' },
        { id: 2, name: 'c' },
        { id: 3, name: 'd' },
      ],
      {
        batchErrors: true,
        bindDefs: {
          id: { type: oracledb.DB_TYPE_NUMBER },
          name: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 10 },
          twice: out(oracledb.DB_TYPE_NUMBER),
          kept: out(oracledb.DB_TYPE_VARCHAR),
        },
      },
    );
    expect(result.outBinds).toEqual([
      { twice: [], kept: [] },
      { twice: [4], kept: ['b'] },
      { twice: [], kept: [] },
      { twice: [6], kept: ['d'] },
    ]);
    await connection.rollback();
  });
});
