import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArrayDmlError, OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import type { Cell, DmlOptions } from '../../../dev/oracle-simulator/types.ts';
import { type Row, type ScriptedServer, scriptedServer } from './calls-support.ts';

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

const INSERT = 'insert into t values (:a, :b)';
const duplicate = new OraError(1, 'unique constraint (SCOTT.PK) violated');

/** Fails for rows whose first value is negative; the others count as many rows as it says. */
function scriptInsert(): { readonly seen: Row[]; readonly options: DmlOptions[] } {
  const seen: Row[] = [];
  const options: DmlOptions[] = [];
  server.scripts.set(INSERT, {
    kind: 'dml',
    binds: ['A', 'B'],
    dml: (rows, option) => {
      options.push(option);
      const counts: number[] = [];
      const errors: { offset: number; error: OraError }[] = [];
      for (const [offset, row] of rows.entries()) {
        const count = Number(row[0]);
        if (count >= 0) {
          seen.push(row);
          counts.push(count);
        } else if (option.onError === 'collect') {
          errors.push({ offset, error: duplicate });
          counts.push(0);
        } else {
          throw new ArrayDmlError(duplicate, counts);
        }
      }
      return { rowCounts: counts, returned: [], errors };
    },
  });
  return { seen, options };
}

describe('DML', () => {
  it('counts rows, and names the last one', async () => {
    server.scripts.set('update t set a = :a', {
      kind: 'dml',
      binds: ['A'],
      dml: () => ({ rowCounts: [3], returned: [], errors: [], rowid: 'AAAAABAACAAAAADAAE' }),
    });
    const result = await connection.execute('update t set a = :a', [1]);
    expect(result.rowsAffected).toBe(3);
    expect(result.lastRowid).toBe('AAAAABAACAAAAADAAE');
  });

  it('is executed again with other values and other types', async () => {
    const { seen } = scriptInsert();
    await connection.execute(INSERT, [1, 'x']);
    await connection.execute(INSERT, [2, 'y']);
    await connection.execute(INSERT, [3, Buffer.of(1)]);
    await connection.execute(INSERT, [4, 'z'.repeat(1000)]);
    expect(seen).toEqual([
      ['1', 'x'],
      ['2', 'y'],
      ['3', Uint8Array.of(1)],
      ['4', 'z'.repeat(1000)],
    ]);
    expect(server.cursors.at(-1)?.size).toBe(1);
  });

  it('fails with the cursor kept, and is executed again', async () => {
    scriptInsert();
    await expect(connection.execute(INSERT, [-1, null])).rejects.toThrow(/ORA-00001/);
    expect((await connection.execute(INSERT, [1, null])).rowsAffected).toBe(1);
  });

  it('commits on success only', async () => {
    scriptInsert();
    const options = { autoCommit: true };
    await expect(connection.execute(INSERT, [-1, null], options)).rejects.toThrow(/ORA-00001/);
    expect(server.session().log).not.toContain('commit');
    await connection.execute(INSERT, [1, null], options);
    expect(server.session().log.filter((each) => each === 'commit')).toHaveLength(1);
    await connection.execute(INSERT, [2, null], options);
    expect(server.session().log.filter((each) => each === 'commit')).toHaveLength(2);
    expect(server.session().inTransaction).toBe(false);
  });

  it('tells whether a transaction is open', async () => {
    scriptInsert();
    await connection.execute(INSERT, [1, null]);
    expect(connection.transactionInProgress).toBe(true);
    await connection.commit();
    expect(connection.transactionInProgress).toBe(false);
  });
});

describe('array DML', () => {
  it('goes through many packets', async () => {
    const { seen } = scriptInsert();
    const rows = Array.from({ length: 5000 }, (_, at) => [1, `${at} ${'x'.repeat(at % 300)}`]);
    const result = await connection.executeMany(INSERT, rows);
    expect(result.rowsAffected).toBe(5000);
    expect(seen).toEqual(rows.map(([, text]) => ['1', text]));
  });

  it('counts rows of each iteration when asked', async () => {
    scriptInsert();
    const rows = [2, 0, 300].map((count) => [count, null]);
    const result = await connection.executeMany(INSERT, rows, { dmlRowCounts: true, bindDefs: defs });
    expect(result.dmlRowCounts).toEqual([2, 0, 300]);
    expect(result.rowsAffected).toBe(302);
  });

  it.each([1, 60, 61, 300])('collects %i errors', async (failing) => {
    const { seen } = scriptInsert();
    const rows = Array.from({ length: failing * 2 }, (_, at) => [at % 2 === 0 ? 1 : -1, null]);
    const options = { batchErrors: true, dmlRowCounts: true, bindDefs: defs, autoCommit: true };
    const result = await connection.executeMany(INSERT, rows, options);
    expect(seen).toHaveLength(failing);
    expect(result.rowsAffected).toBe(failing);
    expect(result.dmlRowCounts).toEqual(rows.map(([count]) => Math.max(0, count as number)));
    expect(result.batchErrors?.map(({ offset }) => offset)).toEqual(
      Array.from({ length: failing }, (_, at) => at * 2 + 1),
    );
    expect(result.batchErrors?.[0]?.message).toMatch(/ORA-00001: unique constraint/);
    // Rows that failed keep the others from being committed.
    expect(server.session().log).not.toContain('commit');
  });

  it('has no batch errors when nothing fails, and commits', async () => {
    scriptInsert();
    const result = await connection.executeMany(INSERT, [[1, null]], {
      batchErrors: true,
      bindDefs: defs,
      autoCommit: true,
    });
    expect(result.batchErrors ?? []).toEqual([]);
    expect(server.session().log).toContain('commit');
  });

  it('stops at the first error without them', async () => {
    const { seen } = scriptInsert();
    await expect(
      connection.executeMany(
        INSERT,
        [
          [1, null],
          [2, null],
          [-1, null],
          [3, null],
        ],
        { bindDefs: defs },
      ),
    ).rejects.toThrow(/ORA-00001/);
    expect(seen).toHaveLength(2);
  });

  it('counts what came before the failed one, when asked', async () => {
    scriptInsert();
    const options: oracledb.ExecuteManyOptions = { bindDefs: defs, dmlRowCounts: true };
    const failing = connection.executeMany(
      INSERT,
      [[4], [5], [-1], [6]].map(([count]) => [count, null]),
      options,
    );
    await expect(failing).rejects.toThrow(/ORA-00001/);
    expect((await connection.executeMany(INSERT, [[7, null]], options)).dmlRowCounts).toEqual([7]);
  });

  it('runs without binds as often as it is told', async () => {
    let iterations = 0;
    server.scripts.set('insert into t values (1)', {
      kind: 'dml',
      dml: (rows) => {
        iterations = rows.length;
        return { rowCounts: rows.map(() => 1), returned: [], errors: [] };
      },
    });
    expect((await connection.executeMany('insert into t values (1)', 7)).rowsAffected).toBe(7);
    expect(iterations).toBe(7);
  });
});

const defs = [{ type: oracledb.NUMBER }, { type: oracledb.STRING, maxSize: 100 }];

describe('RETURNING', () => {
  const sql = 'update t set a = :a returning id, name into :id, :name';
  const out = {
    id: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
    name: { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 20 },
  };
  const script = (returned: (row: Row) => readonly (readonly Cell[])[]): Row[] => {
    const seen: Row[] = [];
    server.scripts.set(sql, {
      kind: 'dml',
      binds: ['A', 'ID', 'NAME'],
      returningBinds: 2,
      dml: (rows, options) => {
        expect(options.returning.map(({ type }) => type.name)).toEqual(['NUMBER', 'VARCHAR2']);
        seen.push(...rows);
        const each = rows.map(returned);
        return { rowCounts: each.map(({ length }) => length), returned: each, errors: [] };
      },
    });
    return seen;
  };

  it('gives all rows of a statement back', async () => {
    const seen = script(() => [
      ['1', 'é'],
      ['-2.5', null],
    ]);
    const { outBinds, rowsAffected } = await connection.execute(sql, { a: 5, ...out });
    expect(outBinds).toEqual({ id: [1, -2.5], name: ['é', null] });
    expect(rowsAffected).toBe(2);
    expect(seen).toEqual([['5']]);
  });

  it('gives none back when there are none', async () => {
    script(() => []);
    const { outBinds } = await connection.execute(sql, { a: 5, ...out });
    expect(outBinds).toEqual({ id: [], name: [] });
  });

  it('gives rows of each iteration back, and again', async () => {
    script((row) => (row[0] === '0' ? [] : [[row[0] as Cell, `n${row[0]}`]]));
    for (let time = 0; time < 2; time++) {
      const { outBinds } = await connection.executeMany(sql, [{ a: 1 }, { a: 0 }, { a: 3 }], {
        bindDefs: { a: { type: oracledb.NUMBER }, ...out },
      });
      expect(outBinds).toEqual([
        { id: [1], name: ['n1'] },
        { id: [], name: [] },
        { id: [3], name: ['n3'] },
      ]);
    }
  });

  it('tells of values that are longer than their bind', async () => {
    script(() => [['1', 'x'.repeat(200)]]);
    await expect(connection.execute(sql, { a: 5, ...out })).rejects.toThrow(/NJS-016/);
  });

  it('gives every type back', async () => {
    const types = {
      a: oracledb.DB_TYPE_DATE,
      b: oracledb.DB_TYPE_TIMESTAMP,
      c: oracledb.DB_TYPE_RAW,
      d: oracledb.DB_TYPE_BINARY_DOUBLE,
      e: oracledb.DB_TYPE_NVARCHAR,
      f: oracledb.DB_TYPE_ROWID,
      g: oracledb.DB_TYPE_TIMESTAMP_TZ,
    };
    const names = Object.keys(types);
    const text = `delete from t returning ${names.join(', ')} into ${names.map((name) => `:${name}`).join(', ')}`;
    server.scripts.set(text, {
      kind: 'dml',
      binds: names.map((name) => name.toUpperCase()),
      returningBinds: names.length,
      dml: () => ({
        rowCounts: [1],
        errors: [],
        returned: [
          [
            [
              '2024-05-01 10:00:00',
              '2024-05-01 10:00:00.5',
              Uint8Array.of(1),
              '-2.5',
              'é',
              'AAAAABAACAAAAADAAE',
              '2024-05-01 10:00:00+02:00',
            ],
          ],
        ],
      }),
    });
    const binds = Object.fromEntries(
      Object.entries(types).map(([name, type]) => [name, { dir: oracledb.BIND_OUT, type }]),
    );
    const { outBinds } = await connection.execute(text, binds as oracledb.BindParameters);
    expect(outBinds).toEqual({
      a: [new Date(2024, 4, 1, 10)],
      b: [new Date(2024, 4, 1, 10, 0, 0, 500)],
      c: [Buffer.of(1)],
      d: [-2.5],
      e: ['é'],
      f: ['AAAAABAACAAAAADAAE'],
      g: [new Date('2024-05-01T08:00:00Z')],
    });
  });
});

describe('blocks', () => {
  const sql = 'begin p(:a, :b, :c); end;';
  const binds = ['A', 'B', 'C'];

  it('run without binds', async () => {
    server.scripts.set('begin null; end;', { kind: 'block' });
    await connection.execute('begin null; end;');
    await connection.execute('begin null; end;');
    expect(server.session().log).toEqual(['block begin null; end;', 'block begin null; end;']);
  });

  it('give the binds back that they assigned', async () => {
    const seen: Row[] = [];
    server.scripts.set(sql, {
      kind: 'block',
      binds,
      block: (row) => {
        seen.push(row);
        return [undefined, `${row[1]}!`, row[0] === '1' ? null : '17'];
      },
    });
    const call = (a: number): Promise<oracledb.Result<unknown>> =>
      connection.execute(sql, {
        a,
        b: { dir: oracledb.BIND_INOUT, type: oracledb.STRING, val: 'x', maxSize: 10 },
        c: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
      });
    expect((await call(0)).outBinds).toEqual({ b: 'x!', c: 17 });
    expect((await call(1)).outBinds).toEqual({ b: 'x!', c: null });
    expect((await call(2)).outBinds).toEqual({ b: 'x!', c: 17 });
    expect(seen.map(([a, b]) => [a, b])).toEqual([
      ['0', 'x'],
      ['1', 'x'],
      ['2', 'x'],
    ]);
  });

  it('run for an array of binds', async () => {
    server.scripts.set(sql, { kind: 'block', binds, block: (row) => [undefined, undefined, `${row[0]}0`] });
    const { outBinds } = await connection.executeMany(
      sql,
      [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
        { a: 3, b: 'z' },
      ],
      {
        bindDefs: {
          a: { type: oracledb.NUMBER },
          b: { type: oracledb.STRING, maxSize: 10 },
          c: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
        },
      },
    );
    expect(outBinds).toEqual([{ c: 10 }, { c: 20 }, { c: 30 }]);
  });

  it('take booleans as 1 and 0', async () => {
    const seen: Row[] = [];
    server.scripts.set(sql, {
      kind: 'block',
      binds,
      block: (row) => {
        seen.push(row);
        return [undefined, row[0] as Cell, null];
      },
    });
    const call = (val: boolean | null): Promise<oracledb.Result<{ b: boolean; c: boolean }>> =>
      connection.execute(sql, {
        a: { type: oracledb.DB_TYPE_BOOLEAN, val },
        b: { dir: oracledb.BIND_OUT, type: oracledb.DB_TYPE_BOOLEAN },
        c: { dir: oracledb.BIND_OUT, type: oracledb.DB_TYPE_BOOLEAN },
      });
    expect((await call(true)).outBinds).toEqual({ b: true, c: null });
    expect((await call(false)).outBinds).toEqual({ b: false, c: null });
    expect((await call(null)).outBinds).toEqual({ b: null, c: null });
    expect(seen.map(([a]) => a)).toEqual(['1', '0', null]);
  });

  it('fail for what is longer than its bind', async () => {
    server.scripts.set(sql, { kind: 'block', binds, block: () => [undefined, 'x'.repeat(100), undefined] });
    const b = { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 10 };
    await expect(connection.execute(sql, { a: 1, b, c: 2 })).rejects.toThrow(/ORA-06502/);
  });

  it('refuse arrays of PL/SQL', async () => {
    server.scripts.set(sql, { kind: 'block', binds });
    await expect(
      connection.execute(sql, {
        a: { type: oracledb.NUMBER, val: [1, 2, 3] as unknown as number },
        b: 'x',
        c: 2,
      }),
    ).rejects.toThrow(/ORA-03115.*arrays/);
    await connection.ping();
  });

  it('fail with their own errors', async () => {
    server.scripts.set(sql, {
      kind: 'block',
      binds,
      block: () => {
        throw new OraError(20_001, 'no stock left');
      },
    });
    await expect(connection.execute(sql, [1, 'x', 2])).rejects.toMatchObject({
      errorNum: 20_001,
      message: expect.stringContaining('ORA-20001: no stock left'),
    });
  });
});

describe('other statements', () => {
  it('run, and end transactions as calls of their own', async () => {
    server.scripts.set('create table t (a number)', { kind: 'other' });
    server.scripts.set('/* now */ commit work', { kind: 'other' });
    server.scripts.set('rollback to savepoint here', { kind: 'other' });
    server.scripts.set('rollback', { kind: 'other' });
    await connection.execute('create table t (a number)');
    await connection.execute('/* now */ commit work');
    await connection.execute('rollback to savepoint here');
    await connection.execute('rollback');
    expect(server.session().log).toEqual([
      'create table t (a number)',
      'commit',
      'rollback to savepoint here',
      'rollback',
    ]);
  });

  it('meet the faults of a commit', async () => {
    server.scripts.set('commit', { kind: 'other' });
    server.faults.add({ when: { at: 'commit' }, fault: { do: 'error', number: 2091, text: 'rolled back' } });
    await expect(connection.execute('commit')).rejects.toThrow(/ORA-02091/);
  });
});
