import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, oneOf, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
  await connection.execute(
    'CREATE TABLE docs (id NUMBER(5) PRIMARY KEY, c CLOB, n NCLOB, b BLOB, changes NUMBER DEFAULT 0)',
  );
});
afterAll(() => testbed?.stop());

const long = 'Ärger – 東京 😀 '.repeat(20_000);
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));

async function lobOf(sql: string, binds: oracledb.BindParameters = []): Promise<oracledb.Lob> {
  const { rows = [] } = await connection.execute<[oracledb.Lob]>(sql, binds);
  return rows[0]?.[0] as oracledb.Lob;
}

async function streamed(lob: oracledb.Lob): Promise<string> {
  let text = '';
  lob.setEncoding('utf8');
  for await (const chunk of lob) text += chunk as string;
  return text;
}

describe('LOBs', () => {
  test('go in as values and come out as values', async () => {
    await connection.execute('INSERT INTO docs (id, c, n, b) VALUES (1, :c, :n, :b)', {
      c: { val: long, type: oracledb.DB_TYPE_CLOB },
      n: { val: long, type: oracledb.DB_TYPE_NCLOB },
      b: { val: bytes, type: oracledb.DB_TYPE_BLOB },
    });
    const fetchTypeHandler = ({ dbType }: oracledb.Metadata<unknown>) => ({
      type: dbType === oracledb.DB_TYPE_BLOB ? oracledb.BUFFER : oracledb.STRING,
    });
    const { rows = [] } = await connection.execute<unknown[]>('SELECT c, n, b FROM docs WHERE id = 1', [], {
      fetchTypeHandler,
    });
    expect(rows[0]?.[0]).toBe(long);
    expect(rows[0]?.[1]).toBe(long);
    expect(bytes.equals(rows[0]?.[2] as Buffer)).toBe(true);
    await connection.commit();
  });

  test('are read by locator, whole, in parts, and as a stream', async () => {
    const lob = await lobOf('SELECT c FROM docs WHERE id = 1');
    expect(lob.length).toBe(long.length);
    expect(await lob.getData()).toBe(long);
    expect(await lob.getData(3, 10)).toBe(long.slice(2, 12));
    expect(await streamed(await lobOf('SELECT n FROM docs WHERE id = 1'))).toBe(long);
    const blob = await lobOf('SELECT b FROM docs WHERE id = 1');
    expect(bytes.subarray(99, 299).equals((await blob.getData(100, 200)) as unknown as Buffer)).toBe(true);
  });

  test('keep what they were when their row changes or the transaction ends', async () => {
    await connection.execute('INSERT INTO docs (id, c) VALUES (2, :1)', ['before']);
    const lob = await lobOf('SELECT c FROM docs WHERE id = 2');
    await connection.execute(`UPDATE docs SET c = 'after' WHERE id = 2`);
    await connection.commit();
    expect(await lob.getData()).toBe('before');
  });

  test('are made by the client and bound', async () => {
    const part = 'Ärger – 東京 '.repeat(8_000);
    const temporary = await connection.createLob(oracledb.CLOB);
    await new Promise<void>((resolve, reject) => {
      temporary.once('finish', resolve).once('error', reject);
      temporary.write(part);
      temporary.end('the end');
    });
    await connection.execute('INSERT INTO docs (id, c) VALUES (3, :1)', [temporary]);
    await temporary.close();
    expect(await oneOf(connection, 'SELECT c FROM docs WHERE id = 3')).toBe(`${part}the end`);
    await connection.commit();
  });

  test('that are empty are not NULL', async () => {
    await connection.execute('INSERT INTO docs (id, c, b) VALUES (4, EMPTY_CLOB(), NULL)');
    const { rows = [] } = await connection.execute<[oracledb.Lob | null, oracledb.Lob | null]>(
      'SELECT c, b FROM docs WHERE id = 4',
    );
    expect(rows[0]?.[0]?.length).toBe(0);
    expect(rows[0]?.[1]).toBeNull();
    expect(await oneOf(connection, 'SELECT COUNT(*) FROM docs WHERE id = 4 AND c IS NOT NULL')).toBe('1');
    await connection.commit();
  });

  async function write(lob: oracledb.Lob, text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      lob.once('finish', resolve).once('error', reject);
      lob.end(text);
    });
  }

  test('of a locked row are written through to it', async () => {
    await connection.execute(`INSERT INTO docs (id, c, b) VALUES (5, 'old text', NULL)`);
    await connection.commit();
    const lob = await lobOf('SELECT c FROM docs WHERE id = 5 FOR UPDATE');
    // The row moves in between.
    await connection.execute('UPDATE docs SET changes = changes + 1 WHERE id = 5');
    await write(lob, 'NEW');
    expect(await rowsOf(connection, 'SELECT c, changes FROM docs WHERE id = 5')).toEqual([['NEW text', '1']]);
    await connection.rollback();
    expect(await rowsOf(connection, 'SELECT c, changes FROM docs WHERE id = 5')).toEqual([['old text', '0']]);
    const again = await lobOf('SELECT c FROM docs WHERE id = 5 FOR UPDATE');
    await write(again, long);
    await connection.commit();
    expect(await oneOf(connection, 'SELECT c FROM docs WHERE id = 5')).toBe(long);
  });

  test('of a new row are written through the locator that RETURNING gave', async () => {
    const { outBinds } = await connection.execute<{ c: oracledb.Lob[] }>(
      'INSERT INTO docs (id, c) VALUES (6, EMPTY_CLOB()) RETURNING c INTO :c',
      { c: { dir: oracledb.BIND_OUT, type: oracledb.DB_TYPE_CLOB } },
    );
    await write(outBinds?.c[0] as oracledb.Lob, 'written later');
    await connection.commit();
    expect(await oneOf(connection, 'SELECT c FROM docs WHERE id = 6')).toBe('written later');
  });

  test('of a row that is not locked are not written', async () => {
    const lob = await lobOf('SELECT c FROM docs WHERE id = 5');
    expect(await errorOf(write(lob, 'x'))).toBe('ORA-22920: row containing the LOB value is not locked');
  });

  test('many small ones of many rows', async () => {
    await connection.execute(
      `INSERT INTO docs (id, c) SELECT LEVEL + 1000, TO_CLOB('text ' || LEVEL) FROM dual CONNECT BY LEVEL <= 500`,
    );
    const { rows = [] } = await connection.execute<[number, oracledb.Lob]>(
      'SELECT id, c FROM docs WHERE id > 1000 ORDER BY id',
    );
    expect(rows).toHaveLength(500);
    for (const [id, lob] of rows.slice(0, 20)) expect(await lob.getData()).toBe(`text ${id - 1000}`);
    await connection.rollback();
  });

  test('functions of DBMS_LOB', async () => {
    expect(
      await rowsOf(
        connection,
        'SELECT DBMS_LOB.GETLENGTH(c), DBMS_LOB.SUBSTR(c, 5, 2), LENGTH(c) FROM docs WHERE id = 6',
      ),
    ).toEqual([['13', 'ritte', '13']]);
    // The driver counts as the package does: JavaScript's strings are UTF-16, too.
    const text = 'x😀yz';
    await connection.execute('INSERT INTO docs (id, c) VALUES (7, :1)', [text]);
    const { rows = [] } = await connection.execute<[number, string, number, oracledb.Lob]>(
      `SELECT DBMS_LOB.GETLENGTH(c), DBMS_LOB.SUBSTR(c, 3, 2), DBMS_LOB.INSTR(c, 'z'), c FROM docs WHERE id = 7`,
    );
    const [length, part, at, lob] = rows[0] as [number, string, number, oracledb.Lob];
    expect([length, part, at]).toEqual([text.length, text.slice(1, 4), text.indexOf('z') + 1]);
    expect([lob.length, await lob.getData()]).toEqual([text.length, text]);
    await connection.rollback();
  });
});
