import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import type { Cell, Column } from '../../../dev/oracle-simulator/types.ts';
import { column, oracleType, type Row, type ScriptedServer, scriptedServer } from './calls-support.ts';

const COUNT = column('N', oracleType('NUMBER'));

let server: ScriptedServer;
let connection: oracledb.Connection;

beforeAll(async () => {
  server = await scriptedServer();
});
afterAll(async () => {
  await server.close();
});
beforeEach(async () => {
  server.scripts.clear();
  connection = await server.connect();
  return async () => {
    await connection.close();
    expect(server.defects).toEqual([]);
  };
});

const rows = (count: number): (readonly Cell[])[] => Array.from({ length: count }, (_, at) => [String(at)]);
const script = (text: string, columns: readonly Column[], values: readonly (readonly Cell[])[]): void => {
  server.scripts.set(text, { kind: 'query', columns: () => columns, rows: () => values });
};

describe('columns', () => {
  it('are described with precision, scale, sizes and nullability', async () => {
    script(
      'select types',
      [
        column('ID', oracleType('NUMBER', { precision: 10, scale: 0 }), false),
        column('MONEY', oracleType('NUMBER', { precision: 12, scale: 2 })),
        column('NEG', oracleType('NUMBER', { precision: 5, scale: -2 })),
        column('ANY', oracleType('NUMBER')),
        column('F', oracleType('FLOAT', { precision: 63 })),
        column('C10', oracleType('VARCHAR2', { length: 10, unit: 'CHAR' })),
        column('B10', oracleType('VARCHAR2', { length: 10, unit: 'BYTE' })),
        column('N10', oracleType('NVARCHAR2', { length: 10, unit: 'CHAR' })),
        column('mixed Name', oracleType('RAW', { length: 16 }), false),
        column('TS', oracleType('TIMESTAMP', { scale: 3 })),
        column('TZ', oracleType('TIMESTAMP WITH TIME ZONE', { scale: 9 })),
        column('BF', oracleType('BINARY_FLOAT')),
      ],
      [],
    );
    const { metaData } = await connection.execute('select types');
    const seen = metaData?.map(({ name, dbTypeName, nullable, precision, scale, byteSize }) =>
      JSON.parse(JSON.stringify({ name, dbTypeName, nullable, precision, scale, byteSize })),
    );
    expect(seen).toEqual([
      { name: 'ID', dbTypeName: 'NUMBER', nullable: false, precision: 10, scale: 0 },
      { name: 'MONEY', dbTypeName: 'NUMBER', nullable: true, precision: 12, scale: 2 },
      { name: 'NEG', dbTypeName: 'NUMBER', nullable: true, precision: 5, scale: -2 },
      { name: 'ANY', dbTypeName: 'NUMBER', nullable: true, precision: 0, scale: -127 },
      { name: 'F', dbTypeName: 'NUMBER', nullable: true, precision: 63, scale: -127 },
      { name: 'C10', dbTypeName: 'VARCHAR2', nullable: true, byteSize: 10 },
      { name: 'B10', dbTypeName: 'VARCHAR2', nullable: true, byteSize: 10 },
      { name: 'N10', dbTypeName: 'NVARCHAR2', nullable: true, byteSize: 10 },
      { name: 'mixed Name', dbTypeName: 'RAW', nullable: false, byteSize: 16 },
      { name: 'TS', dbTypeName: 'TIMESTAMP', nullable: true, precision: 3 },
      { name: 'TZ', dbTypeName: 'TIMESTAMP WITH TIME ZONE', nullable: true, precision: 9 },
      { name: 'BF', dbTypeName: 'BINARY_FLOAT', nullable: true },
    ]);
  });

  it('are described without an execution', async () => {
    script('select types', [column('ID', oracleType('NUMBER', { precision: 10, scale: 0 }), false)], []);
    const info = await connection.getStatementInfo('select types');
    expect(info.metaData?.map(({ name, precision }) => ({ name, precision }))).toEqual([
      { name: 'ID', precision: 10 },
    ]);
    expect(server.session().log).toEqual([]);
  });
});

describe('values', () => {
  const only = async (type: Column['type'], value: Cell): Promise<unknown> => {
    script('select one', [column('V', type)], [[value], [null]]);
    const result = await connection.execute<[unknown]>('select one', [], {
      fetchTypeHandler: ({ dbType }) =>
        dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined,
    });
    expect(result.rows?.[1]).toEqual([null]);
    return result.rows?.[0]?.[0];
  };

  it.each([
    ['0', '0'],
    ['-12.5', '-12.5'],
    ['0.001', '.001'],
    ['1234567890123456789012345678901234567890', '1234567890123456789012345678901234567890'],
    ['99999999999999999999.999999999999999999', '99999999999999999999.999999999999999999'],
  ])('NUMBER %s', async (value, seen) => {
    expect(await only(oracleType('NUMBER'), value)).toBe(seen);
  });

  it('characters in both character sets, short and long', async () => {
    for (const name of ['VARCHAR2', 'NVARCHAR2', 'CHAR', 'NCHAR'] as const) {
      for (const text of ['a', 'é😀', 'x'.repeat(252), 'x'.repeat(253), 'é'.repeat(8000)]) {
        expect(await only(oracleType(name), text)).toBe(text);
      }
    }
    expect(await only(oracleType('VARCHAR2'), 'x'.repeat(32_767))).toHaveLength(32_767);
  });

  it('fails for what no string can hold', async () => {
    script('select long', [column('V', oracleType('VARCHAR2'))], [['é'.repeat(16_384)]]);
    await expect(connection.execute('select long')).rejects.toThrow(/ORA-01489/);
    script('select long', [COUNT], rows(1));
    expect((await connection.execute('select long')).rows).toEqual([[0]]);
  });

  it('LONG, with its indicator', async () => {
    const text = 'x'.repeat(100_000);
    expect(await only(oracleType('LONG'), text)).toBe(text);
    expect(await only(oracleType('LONG RAW'), Buffer.from(text))).toEqual(Buffer.from(text));
  });

  it('RAW', async () => {
    expect(await only(oracleType('RAW'), Uint8Array.of(0, 255, 1))).toEqual(Buffer.of(0, 255, 1));
  });

  it('floating point', async () => {
    expect(await only(oracleType('BINARY_DOUBLE'), '-1e+300')).toBe(-1e300);
    expect(await only(oracleType('BINARY_DOUBLE'), 'NaN')).toBe(Number.NaN);
    expect(await only(oracleType('BINARY_FLOAT'), '-Infinity')).toBe(Number.NEGATIVE_INFINITY);
    expect(await only(oracleType('BINARY_FLOAT'), '0.5')).toBe(0.5);
  });

  it('dates and times', async () => {
    expect(await only(oracleType('DATE'), '2024-05-01 10:00:00')).toEqual(new Date(2024, 4, 1, 10));
    expect(await only(oracleType('TIMESTAMP'), '9999-12-31 23:59:59.999999999')).toEqual(
      new Date(9999, 11, 31, 23, 59, 59, 999),
    );
    for (const name of ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH LOCAL TIME ZONE'] as const) {
      expect(await only(oracleType(name), '2024-05-01 10:00:00.25+02:30')).toEqual(
        new Date('2024-05-01T07:30:00.250Z'),
      );
    }
  });

  it('intervals', async () => {
    expect(await only(oracleType('INTERVAL YEAR TO MONTH'), '-3-11')).toMatchObject({
      years: -3,
      months: -11,
    });
    expect(await only(oracleType('INTERVAL DAY TO SECOND'), '12 03:04:05.000000006')).toMatchObject({
      days: 12,
      hours: 3,
      minutes: 4,
      seconds: 5,
      fseconds: 6,
    });
  });

  it('rowids', async () => {
    expect(await only(oracleType('ROWID'), 'AAAAABAACAAAAADAAE')).toBe('AAAAABAACAAAAADAAE');
    expect(await only(oracleType('UROWID'), 'AAAAABAACAAAAADAAE')).toBe('AAAAABAACAAAAADAAE');
  });
});

describe('binds', () => {
  const echo = async (value: unknown): Promise<unknown> => {
    const result = await connection.execute<[unknown]>('select :v from dual', [
      value as oracledb.BindParameter,
    ]);
    return result.rows?.[0]?.[0];
  };
  const typed = (type: oracledb.DbType, val: unknown): oracledb.BindParameter => ({ type, val });

  it('come back as they went', async () => {
    const now = new Date(2024, 4, 1, 10, 11, 12, 345);
    expect(await echo(-12.5)).toBe(-12.5);
    expect(await echo('é😀')).toBe('é😀');
    expect(await echo(typed(oracledb.DB_TYPE_NVARCHAR, 'é😀'))).toBe('é😀');
    expect(await echo(Buffer.of(0, 1, 255))).toEqual(Buffer.of(0, 1, 255));
    expect(await echo(typed(oracledb.DB_TYPE_TIMESTAMP, now))).toEqual(now);
    expect(await echo(typed(oracledb.DB_TYPE_TIMESTAMP_TZ, now))).toEqual(now);
    expect(await echo(typed(oracledb.DB_TYPE_TIMESTAMP_LTZ, now))).toEqual(now);
    expect(await echo(typed(oracledb.DB_TYPE_DATE, now))).toEqual(new Date(2024, 4, 1, 10, 11, 12));
    expect(await echo(typed(oracledb.DB_TYPE_BINARY_DOUBLE, Number.NEGATIVE_INFINITY))).toBe(
      Number.NEGATIVE_INFINITY,
    );
    expect(await echo(typed(oracledb.DB_TYPE_BINARY_FLOAT, 0.5))).toBe(0.5);
    expect(await echo(null)).toBe(null);
    expect(await echo('')).toBe(null);
  });

  it('of other types get another description, whatever was cached', async () => {
    expect(await echo(7)).toBe(7);
    expect(await echo(typed(oracledb.DB_TYPE_BINARY_DOUBLE, -2.5))).toBe(-2.5);
    expect(await echo('abc')).toBe('abc');
    expect(await echo(7)).toBe(7);
    expect(server.cursors.at(-1)?.size).toBe(1);
  });

  it('longer than 32,767 bytes come last in their row, and are put back in their place', async () => {
    const seen: Row[] = [];
    const text = 'insert into t values (:a, :b, :c, :d)';
    server.scripts.set(text, {
      kind: 'dml',
      binds: ['A', 'B', 'C', 'D'],
      dml: (rows) => {
        seen.push(...rows);
        return { rowCounts: rows.map(() => 1), returned: [], errors: [] };
      },
    });
    const long = 'é'.repeat(40_000);
    const bytes = Buffer.alloc(70_000, 7);
    await connection.executeMany(text, [
      [1, long, 'short', bytes],
      [2, null, 'short', null],
    ]);
    expect(seen).toEqual([
      ['1', long, 'short', Uint8Array.from(bytes)],
      ['2', null, 'short', null],
    ]);
  });

  it('that no Oracle value can be fail without harm to the connection', async () => {
    await expect(echo(typed(oracledb.DB_TYPE_DATE, new Date(20_000, 1, 1)))).rejects.toThrow(/ORA-018/);
    expect(await echo(5)).toBe(5);
  });

  it('are counted', async () => {
    server.scripts.set('select :a from dual', { binds: ['A', 'B'], columns: () => [COUNT] });
    await expect(connection.execute('select :a from dual', [1])).rejects.toThrow(/ORA-01008/);
    server.scripts.set('select :b from dual', { binds: [], columns: () => [COUNT] });
    await expect(connection.execute('select :b from dual', [1])).rejects.toThrow(/ORA-01006/);
  });
});

describe('rows in pages', () => {
  it.each([0, 1, 99, 100, 101, 250])('%i rows, 100 at a time', async (count) => {
    script('select count', [COUNT], rows(count));
    const { resultSet } = await connection.execute('select count', [], {
      resultSet: true,
      prefetchRows: 100,
      fetchArraySize: 100,
    });
    const seen: unknown[] = [];
    for (let page = await resultSet?.getRows(100); page?.length; page = await resultSet?.getRows(100)) {
      seen.push(...page);
    }
    await resultSet?.close();
    expect(seen).toEqual(rows(count).map(([value]) => [Number(value)]));
    expect(server.session().openQueries.size).toBe(0);
  });

  it('fetches no more than was asked for', async () => {
    script('select count', [COUNT], rows(1000));
    const { resultSet } = await connection.execute('select count', [], {
      resultSet: true,
      prefetchRows: 10,
      fetchArraySize: 10,
    });
    await resultSet?.getRows(10);
    expect(server.session().fetched.rows).toBeLessThanOrEqual(20);
    await resultSet?.close();
    // The next call tells the server that the rest is not wanted.
    await connection.ping();
    expect(server.session().openQueries.size).toBe(0);
  });

  it('goes without prefetching', async () => {
    script('select count', [COUNT], rows(5));
    const { rows: seen } = await connection.execute('select count', [], {
      prefetchRows: 0,
      fetchArraySize: 2,
    });
    expect(seen).toEqual([[0], [1], [2], [3], [4]]);
  });

  it('executes again with function 78, and 4 without prefetching', async () => {
    script('select count', [COUNT], rows(3));
    for (let time = 0; time < 3; time++) {
      expect((await connection.execute('select count')).rows).toHaveLength(3);
      expect((await connection.execute('select count', [], { prefetchRows: 0 })).rows).toHaveLength(3);
    }
    expect(server.cursors.at(-1)?.size).toBe(1);
  });

  it('ends with the error of a fetch, and the statement can be executed again', async () => {
    const error = new OraError(1555, 'snapshot too old');
    server.scripts.set('select count', {
      columns: () => [COUNT],
      rows: () => rows(100),
      failsAfter: { rows: 50, error },
    });
    const options = { prefetchRows: 20, fetchArraySize: 20 };
    await expect(connection.execute('select count', [], options)).rejects.toThrow(
      /ORA-01555: snapshot too old/,
    );
    expect(server.session().openQueries.size).toBe(0);
    script('select count', [COUNT], rows(100));
    expect((await connection.execute('select count', [], options)).rows).toHaveLength(100);
  });
});

describe('cursors', () => {
  it('are closed by the client in passing', async () => {
    for (let at = 0; at < 100; at++) {
      script(`select count ${at}`, [COUNT], rows(1));
      await connection.execute(`select count ${at}`);
    }
    await connection.ping();
    // The statement cache holds 30.
    expect(server.cursors.at(-1)?.size).toBeLessThanOrEqual(31);
  });

  it('are limited in number', async () => {
    const open: oracledb.ResultSet<unknown>[] = [];
    const more = async (): Promise<void> => {
      script(`select open ${open.length}`, [COUNT], rows(10));
      const { resultSet } = await connection.execute(`select open ${open.length}`, [], {
        resultSet: true,
        prefetchRows: 1,
      });
      open.push(resultSet as oracledb.ResultSet<unknown>);
    };
    const all = async (): Promise<void> => {
      for (let at = 0; at < 301; at++) await more();
    };
    await expect(all()).rejects.toThrow(/ORA-01000/);
    expect(open).toHaveLength(300);
    for (const resultSet of open) await resultSet.close();
    await connection.ping();
    expect(server.cursors.at(-1)?.size).toBeLessThanOrEqual(30);
  });

  it('go with an error of the parser, which names the place', async () => {
    await expect(connection.execute('select syntax from dual')).rejects.toMatchObject({
      errorNum: 900,
      offset: 7,
    });
    await expect(connection.execute('select syntax, :x from dual', ['x'.repeat(40_000)])).rejects.toThrow(
      /ORA-00900/,
    );
    await expect(
      connection.execute('insert into syntax values (:a) returning x into :b', {
        a: 1,
        b: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
      }),
    ).rejects.toThrow(/ORA-00900/);
    expect(server.cursors.at(-1)?.size).toBe(0);
    script('select count', [COUNT], rows(1));
    expect((await connection.execute('select count')).rows).toEqual([[0]]);
  });

  it('refuse those of PL/SQL', async () => {
    server.scripts.set('begin :c := null; end;', { kind: 'block', binds: ['C'] });
    await expect(
      connection.execute('begin :c := null; end;', { c: { dir: oracledb.BIND_OUT, type: oracledb.CURSOR } }),
    ).rejects.toThrow(/ORA-03115.*REF CURSOR/);
    script('select count', [COUNT], rows(1));
    expect((await connection.execute('select count')).rows).toEqual([[0]]);
  });
});

describe('faults', () => {
  it('strike at parse, execute and fetch', async () => {
    for (const at of ['parse', 'execute', 'fetch'] as const) {
      script('select count', [COUNT], rows(3));
      server.faults.add({ when: { at, sql: /count/ }, fault: { do: 'error', number: 60, text: 'deadlock' } });
      await expect(connection.execute('select count'), at).rejects.toThrow(/ORA-00060/);
      expect((await connection.execute('select count')).rows).toHaveLength(3);
      // A statement that is cached is not parsed again.
      await connection.execute('select count', [], { keepInStmtCache: false });
    }
  });

  it('strike after so many rows', async () => {
    script('select count', [COUNT], rows(100));
    server.faults.add({
      when: { at: 'fetch', afterRows: 50 },
      fault: { do: 'error', number: 1555, text: 'snapshot too old' },
    });
    const { resultSet } = await connection.execute('select count', [], {
      resultSet: true,
      prefetchRows: 20,
      fetchArraySize: 20,
    });
    let seen = 0;
    await expect(
      (async () => {
        while ((await resultSet?.getRow()) !== undefined) seen++;
      })(),
    ).rejects.toThrow(/ORA-01555/);
    expect(seen).toBe(60);
    await resultSet?.close();
  });
});
