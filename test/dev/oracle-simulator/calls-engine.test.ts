import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { strings, type WholeServer, wholeServer } from './calls-whole.ts';

let server: WholeServer;
let connection: oracledb.Connection;

const run = (sql: string): Promise<oracledb.Result<unknown>> => connection.execute(sql);

beforeAll(async () => {
  server = await wholeServer();
});
afterAll(async () => {
  await server?.close();
});
beforeEach(async () => {
  connection = await server.connect();
  return async () => {
    await connection.close();
    expect(server.defects.splice(0)).toEqual([]);
  };
});

describe('a table', () => {
  it('is made, filled, changed and read', async () => {
    await run('create table basic (id number(10) not null primary key, name varchar2(30 char), at date)');
    const at = new Date(2024, 4, 1, 10, 11, 12);
    const inserted = await connection.executeMany(
      'insert into basic (id, name, at) values (:id, :name, :at)',
      Array.from({ length: 250 }, (_, id) => ({ id, name: `n${id} é`, at })),
      {
        bindDefs: {
          id: { type: oracledb.NUMBER },
          name: { type: oracledb.STRING, maxSize: 100 },
          at: { type: oracledb.DB_TYPE_DATE },
        },
      },
    );
    expect(inserted.rowsAffected).toBe(250);
    await connection.commit();
    const { rows, metaData } = await connection.execute('select * from basic order by id', [], {
      fetchArraySize: 33,
    });
    expect(rows).toHaveLength(250);
    expect(rows?.[249]).toEqual([249, 'n249 é', at]);
    expect(metaData?.map(({ name, nullable, dbTypeName }) => [name, nullable, dbTypeName])).toEqual([
      ['ID', false, 'NUMBER'],
      ['NAME', true, 'VARCHAR2'],
      ['AT', true, 'DATE'],
    ]);
    const updated = await connection.execute<{ id: number[] }>(
      'update basic set name = :name where id < 3 returning id into :id',
      { name: 'x', id: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER } },
    );
    expect(updated.outBinds?.id.toSorted()).toEqual([0, 1, 2]);
    await connection.rollback();
    expect((await connection.execute("select count(*) from basic where name = 'x'")).rows).toEqual([[0]]);
  });

  it('reports failed rows of a batch, and keeps the others', async () => {
    await run('create table batch (id number primary key)');
    const result = await connection.executeMany('insert into batch values (:1)', [[1], [2], [1], [3], [2]], {
      batchErrors: true,
      dmlRowCounts: true,
    });
    expect(result.batchErrors?.map(({ offset }) => offset)).toEqual([2, 4]);
    expect(result.batchErrors?.[0]?.message).toMatch(/ORA-00001/);
    expect(result.dmlRowCounts).toEqual([1, 1, 0, 1, 0]);
    await connection.commit();
    expect((await connection.execute('select id from batch order by id')).rows).toEqual([[1], [2], [3]]);
  });

  it('gives what a query binds back with the type that it has', async () => {
    const sql = 'select :v as v from dual';
    const one = async (value: unknown): Promise<unknown> =>
      (await connection.execute<[unknown]>(sql, [value as oracledb.BindParameter])).rows?.[0]?.[0];
    expect(await one(7)).toBe(7);
    expect(await one({ type: oracledb.DB_TYPE_BINARY_DOUBLE, val: -2.5 })).toBe(-2.5);
    expect(await one('abc')).toBe('abc');
    expect(await one({ type: oracledb.DB_TYPE_TIMESTAMP, val: new Date(2024, 1, 1) })).toEqual(
      new Date(2024, 1, 1),
    );
    expect(await one(7)).toBe(7);
  });

  it('has rowids that find its rows', async () => {
    await run('create table r (id number)');
    await connection.executeMany('insert into r values (:1)', [[1], [2]]);
    const { rows } = await connection.execute<[string, number]>('select rowid, id from r order by id');
    for (const [rowid, id] of rows ?? []) {
      expect((await connection.execute('select id from r where rowid = :1', [rowid])).rows).toEqual([[id]]);
    }
  });
});

describe('LOBs', () => {
  it('are streamed in and out', async () => {
    await run('create table docs (id number primary key, doc clob, data blob)');
    const long = 'aé€😀'.repeat(30_000);
    const bytes = Buffer.alloc(300_000, 'xyz');
    await connection.execute('insert into docs values (:1, :2, :3)', [1, long, bytes]);
    const { rows } = await connection.execute<[oracledb.Lob, oracledb.Lob]>('select doc, data from docs');
    const [doc, data] = rows?.[0] ?? [];
    expect((await doc?.getData()) === long).toBe(true);
    expect(Buffer.compare((await data?.getData()) as Buffer, bytes)).toBe(0);
  });

  it('are written through a locator that was selected for update', async () => {
    await run('create table notes (id number primary key, doc clob)');
    await connection.execute("insert into notes values (1, 'old text')");
    await connection.commit();
    const { rows } = await connection.execute<[oracledb.Lob]>(
      'select doc from notes where id = 1 for update',
    );
    const lob = rows?.[0]?.[0] as oracledb.Lob;
    await new Promise((resolve, reject) => {
      lob.on('finish', resolve).on('error', reject);
      lob.end('new');
    });
    await connection.commit();
    const other = await server.connect();
    const { rows: read } = await other.execute('select doc from notes', [], { fetchTypeHandler: strings });
    expect(read).toEqual([['new text']]);
    await other.close();
  });
});

describe('blocks', () => {
  it('assign binds', async () => {
    const result = await connection.execute<{ a: number; b: string }>(
      "begin :a := :a + 1; :b := 'x' || :c; end;",
      {
        a: { dir: oracledb.BIND_INOUT, type: oracledb.NUMBER, val: 41 },
        b: { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 20 },
        c: 'y',
      },
    );
    expect(result.outBinds).toEqual({ a: 42, b: 'xy' });
  });

  it('raise errors of their own', async () => {
    await expect(run("begin raise_application_error(-20001, 'no'); end;")).rejects.toMatchObject({
      errorNum: 20_001,
    });
  });
});
