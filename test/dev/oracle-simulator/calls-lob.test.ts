import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cell, Column, LobCell, LobKind } from '../../../dev/oracle-simulator/types.ts';
import { column, lobOf, oracleType, type ScriptedServer, scriptedServer } from './calls-support.ts';

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

const SELECT = 'select id, doc from t';
const columns = (kind: LobKind): readonly Column[] => [
  column('ID', oracleType('NUMBER')),
  column('DOC', oracleType(kind)),
];
const scriptRows = (kind: LobKind, values: readonly (string | Uint8Array | null)[]): void => {
  server.scripts.set(SELECT, {
    columns: () => columns(kind),
    rows: (_, session) =>
      values.map((value, at): Cell[] => [String(at), value === null ? null : lobOf(session, kind, value)]),
  });
};
/** Characters of one, two, three and four bytes. */
const TEXT = 'aé€😀'.repeat(5000);
const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));

describe('LOBs of rows', () => {
  it.each([
    ['CLOB', TEXT],
    ['NCLOB', TEXT],
    ['BLOB', BYTES],
  ] as const)('%s by locator', async (kind, data) => {
    scriptRows(kind, [data, null, data.slice(0, 1)]);
    for (let time = 0; time < 2; time++) {
      const { rows } = await connection.execute<[number, oracledb.Lob]>(SELECT);
      expect(rows?.map(([id]) => id)).toEqual([0, 1, 2]);
      expect(rows?.[1]?.[1]).toBe(null);
      const lob = rows?.[0]?.[1] as oracledb.Lob;
      expect(lob.length).toBe(data.length);
      expect(await lob.getData()).toEqual(data);
    }
  });

  it('are read in pieces that split characters', async () => {
    scriptRows('CLOB', [TEXT]);
    const { rows } = await connection.execute<[number, oracledb.Lob]>(SELECT);
    const lob = rows?.[0]?.[1] as oracledb.Lob;
    lob.pieceSize = 7;
    lob.setEncoding('utf8');
    const pieces: string[] = [];
    for await (const piece of lob) pieces.push(piece as string);
    expect(pieces.length).toBeGreaterThan(1000);
    expect(pieces.join('') === TEXT).toBe(true);
  });

  it.each([
    ['CLOB', TEXT, oracledb.STRING],
    ['NCLOB', TEXT, oracledb.DB_TYPE_NVARCHAR],
    ['BLOB', BYTES, oracledb.BUFFER],
  ] as const)('%s in the row, defined as LONG', async (kind, data, type) => {
    scriptRows(kind, [data, null, data]);
    for (let time = 0; time < 3; time++) {
      const { rows } = await connection.execute(SELECT, [], {
        fetchTypeHandler: ({ name }) => (name === 'DOC' ? { type } : undefined),
      });
      expect(rows).toEqual([
        [0, data],
        [1, null],
        [2, data],
      ]);
    }
    // What has been sent is not kept.
    expect(server.session().liveLobs.size).toBe(0);
  });

  it('come in pages', async () => {
    scriptRows(
      'CLOB',
      Array.from({ length: 25 }, (_, at) => `row ${at}`),
    );
    const { rows } = await connection.execute(SELECT, [], {
      fetchArraySize: 10,
      prefetchRows: 10,
      fetchTypeHandler: ({ name }) => (name === 'DOC' ? { type: oracledb.STRING } : undefined),
    });
    expect(rows).toEqual(Array.from({ length: 25 }, (_, at) => [at, `row ${at}`]));
  });

  it('keep what was defined when other columns change their types', async () => {
    const sql = 'select :x, doc from t';
    server.scripts.set(sql, {
      binds: ['X'],
      columns: ([bind]) => [
        column('X', bind?.type ?? oracleType('NUMBER')),
        column('DOC', oracleType('CLOB')),
      ],
      rows: ([x], session) => [[x ?? null, lobOf(session, 'CLOB', 'text')]],
    });
    const options: oracledb.ExecuteOptions = {
      fetchTypeHandler: ({ name }) => (name === 'DOC' ? { type: oracledb.STRING } : undefined),
    };
    expect((await connection.execute(sql, [7], options)).rows).toEqual([[7, 'text']]);
    expect((await connection.execute(sql, ['seven'], options)).rows).toEqual([['seven', 'text']]);
    expect((await connection.execute(sql, [8], options)).rows).toEqual([[8, 'text']]);
  });
});

describe('LOBs of the client', () => {
  const script = (): Cell[] => {
    const seen: Cell[] = [];
    server.scripts.set('insert into t values (:doc)', {
      kind: 'dml',
      binds: ['DOC'],
      dml: (rows) => {
        for (const [cell] of rows) seen.push(cell ?? null);
        return { rowCounts: rows.map(() => 1), returned: [], errors: [] };
      },
    });
    return seen;
  };

  it.each([
    ['CLOB', oracledb.CLOB, TEXT],
    ['NCLOB', oracledb.DB_TYPE_NCLOB, TEXT],
    ['BLOB', oracledb.BLOB, BYTES],
  ] as const)('%s is written, read and freed', async (kind, type, data) => {
    const seen = script();
    const lob = await connection.createLob(type as never);
    await new Promise((resolve, reject) => {
      lob.on('finish', resolve).on('error', reject);
      lob.end(data);
    });
    await connection.execute('insert into t values (:doc)', { doc: { type, val: lob } as never });
    const cell = seen[0] as LobCell;
    expect(cell.kind).toBe(kind);
    const stored = server.session().liveLobs.get(cell.lob);
    expect(typeof stored === 'string' ? stored : Buffer.from(stored as Uint8Array)).toEqual(data);
    await lob.close();
    await connection.ping();
    expect(server.session().liveLobs.size).toBe(0);
  });

  it('are written at an offset and trimmed', async () => {
    const lob = (await connection.createLob(oracledb.CLOB)) as unknown as {
      _impl: { write(offset: number, data: string): Promise<void>; trim(length: number): Promise<void> };
      getData(): Promise<string>;
    };
    await lob._impl.write(1, 'hello world');
    await lob._impl.write(7, 'there');
    expect(await lob.getData()).toBe('hello there');
    await lob._impl.trim(5);
    expect(await lob.getData()).toBe('hello');
    await expect(lob._impl.trim(50)).rejects.toThrow(/ORA-22926/);
    await expect(lob._impl.write(0, 'x')).rejects.toThrow(/ORA-24801/);
  });

  it('are bound as a string of any length', async () => {
    const seen = script();
    await connection.execute('insert into t values (:doc)', { doc: { type: oracledb.CLOB, val: TEXT } });
    expect(server.session().liveLobs.get((seen[0] as LobCell).lob)).toBe(TEXT);
  });

  it('come back from RETURNING and from blocks', async () => {
    const sql = 'insert into t values (1) returning doc into :doc';
    server.scripts.set(sql, {
      kind: 'dml',
      binds: ['DOC'],
      returningBinds: 1,
      dml: () => ({
        rowCounts: [1],
        returned: [[[lobOf(server.session(), 'CLOB', TEXT)]]],
        errors: [],
      }),
    });
    const out = { doc: { dir: oracledb.BIND_OUT, type: oracledb.CLOB } };
    const inserted = await connection.execute<{ doc: oracledb.Lob[] }>(sql, out);
    expect((await inserted.outBinds?.doc[0]?.getData()) === TEXT).toBe(true);

    const block = 'begin :doc := p(); end;';
    server.scripts.set(block, { kind: 'block', binds: ['DOC'], block: () => [TEXT] });
    const called = await connection.execute<{ doc: oracledb.Lob }>(block, out);
    expect((await called.outBinds?.doc.getData()) === TEXT).toBe(true);
    const asText = await connection.execute<{ doc: string }>(block, {
      doc: { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 100_000 },
    });
    expect(asText.outBinds?.doc === TEXT).toBe(true);
  });

  it('of another session are not known', async () => {
    const other = await server.connect();
    const lob = await other.createLob(oracledb.CLOB);
    script();
    await expect(
      connection.execute('insert into t values (:doc)', { doc: { type: oracledb.CLOB, val: lob } }),
    ).rejects.toThrow(/ORA-22275|NJS/);
    await other.close();
  });

  it('refuse what is not there: append and files', async () => {
    const lob = (await connection.createLob(oracledb.CLOB)) as unknown as {
      _impl: { _sendMessage(options: object): Promise<unknown> };
    };
    for (const operation of [0x04, 0x08, 0x10, 0x100]) {
      await expect(
        lob._impl._sendMessage({ operation, sourceLobImpl: lob._impl }),
        operation.toString(16),
      ).rejects.toThrow(/ORA-03001/);
    }
  });

  it('are opened and closed', async () => {
    const lob = (await connection.createLob(oracledb.CLOB)) as unknown as {
      _impl: { _sendMessage(options: object): Promise<unknown> };
    };
    const send = (operation: number): Promise<unknown> =>
      lob._impl._sendMessage({ operation, sourceLobImpl: lob._impl });
    await expect(send(0x10000)).rejects.toThrow(/ORA-22289/);
    await send(0x8000);
    await expect(send(0x8000)).rejects.toThrow(/ORA-22293/);
    await send(0x11000);
    await send(0x10000);
    await send(0x8000);
  });
});
