import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, oneOf, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;
const ROWS = 20_000;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
  await connection.execute('CREATE TABLE big (id NUMBER(10) PRIMARY KEY, text VARCHAR2(100))');
  await connection.execute(
    `INSERT INTO big SELECT LEVEL, RPAD('x', 100, 'x') FROM dual CONNECT BY LEVEL <= ${ROWS}`,
  );
  await connection.commit();
});
afterAll(() => testbed?.stop());

/** What PostgreSQL's sessions of HR do. */
async function states(): Promise<string[]> {
  const { rows } = await testbed.postgres.query<{ state: string }>(
    `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%HR' ORDER BY 1`,
  );
  return rows.map(({ state }) => state);
}

async function openBig(options: oracledb.ExecuteOptions = {}): Promise<oracledb.ResultSet<number[]>> {
  const result = await connection.execute<number[]>('SELECT id FROM big ORDER BY id', [], {
    resultSet: true,
    ...options,
  });
  return result.resultSet as oracledb.ResultSet<number[]>;
}

describe('rows', () => {
  test('all of them, in pages of any size', async () => {
    for (const fetchArraySize of [1, 7, 100, 1_000, 25_000]) {
      const limit = fetchArraySize === 1 ? 500 : ROWS;
      const { rows = [] } = await connection.execute<number[]>(
        'SELECT id FROM big WHERE id <= :1 ORDER BY id',
        [limit],
        { fetchArraySize },
      );
      expect(rows).toHaveLength(limit);
      expect(rows.at(-1)).toEqual([limit]);
    }
  });

  test('come on demand: what is not fetched stays in PostgreSQL', async () => {
    const results = await openBig();
    await results.getRows(10);
    const { rows } = await testbed.postgres.query<{ state: string }>(
      `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%HR'`,
    );
    expect(rows).toEqual([{ state: 'idle in transaction' }]);
    const { rows: cursors } = await testbed.postgres.query(`SELECT count(*)::integer AS n FROM pg_locks
      WHERE relation = '"HR"."BIG"'::regclass AND mode = 'AccessShareLock'`);
    expect(cursors).toEqual([{ n: 1 }]);
    await results.close();
  });

  test('reading alone is no transaction, and leaves none behind', async () => {
    await rowsOf(connection, 'SELECT id FROM big WHERE id = 1');
    expect(await states()).toEqual(['idle']);
    const results = await openBig();
    await results.getRows(10);
    expect(connection.transactionInProgress).toBe(false);
    await results.close();
    await oneOf(connection, 'SELECT 1 FROM dual');
    expect(await states()).toEqual(['idle']);
  });

  test('several cursors of a session interleave', async () => {
    const all = await Promise.all([
      openBig(),
      openBig({ fetchArraySize: 3 }),
      openBig({ fetchArraySize: 1_000 }),
    ]);
    for (let page = 0; page < 20; page++) {
      for (const results of all) {
        expect((await results.getRows(5)).map(([id]) => id)).toEqual(
          [1, 2, 3, 4, 5].map((at) => page * 5 + at),
        );
      }
      expect(await oneOf(connection, 'SELECT COUNT(*) FROM dual')).toBe('1');
    }
    for (const results of all) await results.close();
  });

  test('an open cursor sees what was there when it was opened, over COMMIT and ROLLBACK of reads', async () => {
    const results = await openBig();
    expect(await results.getRows(3)).toEqual([[1], [2], [3]]);
    await connection.execute('DELETE FROM big WHERE id > 5');
    expect(await results.getRows(3)).toEqual([[4], [5], [6]]);
    await connection.commit();
    expect(await results.getRows(3)).toEqual([[7], [8], [9]]);
    await connection.execute(
      `INSERT INTO big SELECT LEVEL + 5, RPAD('x', 100, 'x') FROM dual CONNECT BY LEVEL <= ${ROWS - 5}`,
    );
    await connection.commit();
    await connection.execute('CREATE TABLE in_between (id NUMBER(1))');
    expect(await results.getRows(3)).toEqual([[10], [11], [12]]);
    let last: number | undefined;
    for (;;) {
      const page = await results.getRows(5_000);
      if (page.length === 0) break;
      last = page.at(-1)?.[0];
    }
    expect(last).toBe(ROWS);
    await results.close();
    await oneOf(connection, 'SELECT 1 FROM dual');
    expect(await states()).toEqual(['idle']);
  });

  test('a cursor FOR UPDATE locks all rows at once and ends with the transaction', async () => {
    const results = (
      await connection.execute<number[]>('SELECT id FROM big WHERE id <= 500 ORDER BY id FOR UPDATE', [], {
        resultSet: true,
        fetchArraySize: 5,
      })
    ).resultSet as oracledb.ResultSet<number[]>;
    expect(await results.getRows(2)).toEqual([[1], [2]]);
    expect(connection.transactionInProgress).toBe(true);
    const other = await testbed.connect();
    expect(await errorOf(other.execute('SELECT id FROM big WHERE id = 500 FOR UPDATE NOWAIT'))).toBe(
      'ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired',
    );
    expect(await rowsOf(other, 'SELECT id FROM big WHERE id IN (500, 501) FOR UPDATE SKIP LOCKED')).toEqual([
      ['501'],
    ]);
    await connection.commit();
    expect(await errorOf(results.getRows(20))).toBe('ORA-01002: fetch out of sequence');
    await other.close();
  });

  test('FOR UPDATE of a view, a synonym and with a column named in OF; described too', async () => {
    await connection.execute('CREATE VIEW small AS SELECT id, text FROM big WHERE id < 3');
    await connection.execute('CREATE SYNONYM also FOR big');
    expect(await rowsOf(connection, 'SELECT id FROM small ORDER BY id FOR UPDATE')).toEqual([['1'], ['2']]);
    expect(await rowsOf(connection, 'SELECT id FROM also WHERE id = 7 FOR UPDATE OF text')).toEqual([['7']]);
    const { metaData = [] } = await connection.getStatementInfo(
      'SELECT id, text, id AS again FROM big FOR UPDATE',
    );
    expect(metaData.map(({ name }) => name)).toEqual(['ID', 'TEXT', 'AGAIN']);
    await connection.execute(`INSERT INTO small VALUES (-1, 'through the view')`);
    await connection.rollback();
  });

  test('ROLLBACK of what was written closes the cursors that saw it', async () => {
    const before = await openBig();
    await before.getRows(1);
    await connection.execute('DELETE FROM big WHERE id = 1');
    const after = await openBig({ fetchArraySize: 1 });
    expect(await after.getRows(1)).toEqual([[2]]);
    await connection.rollback();
    const read = async (): Promise<void> => {
      while ((await after.getRows(10_000)).length > 0);
    };
    expect(await errorOf(read())).toBe('ORA-01002: fetch out of sequence');
    await before.close();
    expect(await oneOf(connection, 'SELECT MIN(id) FROM big')).toBe('1');
  });

  test('an error in the middle of the rows ends the cursor and nothing else', async () => {
    await connection.execute('UPDATE big SET text = text WHERE id = 1');
    const other = await openBig();
    const results = (
      await connection.execute('SELECT 1 / (4000 - id) FROM big ORDER BY id', [], { resultSet: true })
    ).resultSet as oracledb.ResultSet<unknown>;
    const read = async (): Promise<void> => {
      for (;;) if ((await results.getRows(1_000)).length === 0) return;
    };
    expect(await errorOf(read())).toBe('ORA-01476: divisor is equal to zero');
    expect(await other.getRows(1)).toEqual([[1]]);
    await other.close();
    expect(connection.transactionInProgress).toBe(true);
    await connection.rollback();
  });

  test('an async iterator and a stream see all rows', async () => {
    let count = 0;
    for await (const _ of connection.queryStream('SELECT id FROM big')) count++;
    expect(count).toBe(ROWS);
  });
});

describe('columns of queries', () => {
  test('names are Oracle’s', async () => {
    const { metaData = [] } = await connection.execute(
      `SELECT id, id AS "Lower", id + 1, COUNT(*) OVER (), UPPER('x') FROM big WHERE id = 1`,
    );
    expect(metaData.map(({ name }) => name)).toEqual(['ID', 'Lower', 'ID+1', 'COUNT(*)OVER()', `UPPER('X')`]);
  });

  test('a statement can be described without being executed', async () => {
    const { metaData = [], statementType } = await connection.getStatementInfo(
      'SELECT id, text FROM big WHERE id = :1',
    );
    expect(statementType).toBe(oracledb.STMT_TYPE_SELECT);
    expect(metaData.map(({ name }) => name)).toEqual(['ID', 'TEXT']);
    expect(await errorOf(connection.getStatementInfo('SELECT nothing FROM big'))).toBe(
      'ORA-00904: "NOTHING": invalid identifier',
    );
    await connection.execute('UPDATE big SET text = text WHERE id = 1');
    expect(await errorOf(connection.getStatementInfo('SELECT nothing FROM big'))).toMatch(/^ORA-00904/);
    expect(connection.transactionInProgress).toBe(true);
    await connection.rollback();
  });
});
