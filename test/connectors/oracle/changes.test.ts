/** Changes that are not lost: late commits, wall times that come twice, several times of change. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import type { EntityPlan } from '../../../src/domain/entity.ts';
import { parseInstant } from '../../../src/domain/instants.ts';
import { changedAt, never, piecesOf, planOf, rowsOf } from '../kit.ts';
import { type OracleUnderTest, startOracle } from './oracle-kit.ts';

let oracle: OracleUnderTest;

beforeAll(async () => {
  oracle = await startOracle();
});
afterAll(() => oracle.close());

const read = { format: 'rows', pieceBytes: 64 * 1024, signal: never } as const;

async function idsChanged(source: Source, plan: EntityPlan, low: string): Promise<number[]> {
  const now = '2999-01-01T00:00:00.000000Z';
  const stream = source.readChanges(plan, { low, now, after: null }, read);
  return rowsOf(await piecesOf(stream)).map(([id]) => Number(id));
}

describe('late commits (C3)', () => {
  test('of transactions that overlap are all seen by increments that follow the mark', async () => {
    const source = oracle.source({ slackMs: 0 });
    const table = oracle.name('late');
    await oracle.execute(
      `CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, at TIMESTAMP(6) WITH TIME ZONE DEFAULT SYSTIMESTAMP NOT NULL)`,
    );
    const plan = await planOf(source, {
      read: { kind: 'table', table },
      key: ['id'],
      changedAt: changedAt('at'),
    });
    const seen = new Set<number>();
    let watermark = (await source.safeHighMark({ previous: null, signal: never })).mark;
    const increment = async (): Promise<void> => {
      const { mark } = await source.safeHighMark({ previous: watermark, signal: never });
      for (const id of await idsChanged(source, plan, watermark)) seen.add(id);
      watermark = mark;
    };
    const writers = await Promise.all([oracle.connect(), oracle.connect(), oracle.connect()]);
    let id = 0;
    for (let round = 0; round < 8; round++) {
      for (const [i, writer] of writers.entries()) {
        await writer.execute(`INSERT INTO ${table} (id) VALUES (:id)`, { id: id++ });
        // Each writer commits in another round than the one before it, so that marks meet open transactions.
        if ((round + i) % 3 === 0) await writer.commit();
      }
      await increment();
    }
    for (const writer of writers) await writer.commit();
    await increment();
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: id }, (_, i) => i));
  });

  test('hold the mark, which names who holds it, and let it go', async () => {
    const source = oracle.source();
    const table = oracle.name('held');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY)`);
    const writer = await oracle.connect();
    await writer.execute(`INSERT INTO ${table} VALUES (1)`);
    const held = await source.safeHighMark({ previous: null, signal: never });
    expect(held.heldBackBy?.what).toContain('session');
    expect(held.heldBackBy?.what).toContain(oracle.login.user.toUpperCase());
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const still = await source.safeHighMark({ previous: held.mark, signal: never });
    expect(still.mark).toBe(held.mark);
    await writer.rollback();
    expect((await source.safeHighMark({ previous: held.mark, signal: never })).mark > held.mark).toBe(true);
  });

  test('our own readers hold no mark', async () => {
    const source = oracle.source({ slackMs: 0 });
    const table = oracle.name('own');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY)`);
    for (let id = 0; id < 200; id++) await oracle.execute(`INSERT INTO ${table} VALUES (:id)`, { id });
    const reads = [
      { kind: 'table', table } as const,
      { kind: 'sql', sql: `SELECT id FROM ${table}` } as const,
    ];
    for (const each of reads) {
      const plan = await planOf(source, { read: each, key: ['id'] });
      const stream = source
        .readChunk(plan, { lower: null, upper: null }, { ...read, pieceBytes: 100 })
        [Symbol.asyncIterator]();
      await stream.next();
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const { mark, now, heldBackBy } = await source.safeHighMark({ previous: null, signal: never });
      expect({ mark, heldBackBy }).toEqual({ mark: now, heldBackBy: null });
      await stream.return?.();
    }
  });
});

describe('wall times', () => {
  test('of an hour that came twice are read again', async () => {
    const source = oracle.source({}, { timeZone: 'Europe/Berlin' });
    const table = oracle.name('dst');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, at DATE)`);
    const put = (id: number, at: string) =>
      oracle.execute(`INSERT INTO ${table} VALUES (:id, TO_DATE(:at, 'YYYY-MM-DD HH24:MI:SS'))`, { id, at });
    await put(1, '2024-10-27 01:59:59');
    await put(2, '2024-10-27 02:10:00');
    await put(3, '2024-10-27 02:50:00');
    const plan = await planOf(source, {
      read: { kind: 'table', table },
      key: ['id'],
      changedAt: changedAt('at'),
    });
    const since = (instant: string) => idsChanged(source, plan, parseInstant(instant) as string);
    // 02:30 summer time; the clock shows 02:00 once more half an hour later.
    expect(await since('2024-10-27T00:30:00Z')).toEqual([2, 3]);
    expect(await since('2024-10-27T01:30:00Z')).toEqual([3]);
    expect(await source.countOddRows(plan, '2024-10-27T01:30:00.000000Z', never)).toEqual({
      nullChangedAt: 0,
      futureChangedAt: 1,
    });
  });
});

describe('bounds between two values of a column', () => {
  // A bound goes down to the column's next value: a row too many is read again, none is missed.
  test.each([
    ['DATE', [2, 3, 4]],
    ['TIMESTAMP(0)', [2, 3, 4]],
    ['TIMESTAMP(1)', [2, 3, 4]],
    ['TIMESTAMP(6)', [3, 4]],
    ['TIMESTAMP(9)', [3, 4]],
    ['TIMESTAMP(0) WITH TIME ZONE', [2, 3, 4]],
    ['TIMESTAMP(3) WITH LOCAL TIME ZONE', [3, 4]],
  ] as const)('of %s', async (type, expected) => {
    const source = oracle.source();
    const table = oracle.name('bounds');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, at ${type} NOT NULL)`);
    const isWhole = type === 'DATE' || type.startsWith('TIMESTAMP(0)');
    const seconds = isWhole ? ['04', '05', '06', '07'] : ['05.0', '05.4', '05.5', '05.6'];
    for (const [i, second] of seconds.entries()) {
      const literal = `TIMESTAMP '2024-01-02 03:04:${second}${type.includes('ZONE') ? ' +00:00' : ''}'`;
      await oracle.execute(`INSERT INTO ${table} VALUES (${i + 1}, ${literal})`);
    }
    const plan = await planOf(source, {
      read: { kind: 'table', table },
      key: ['id'],
      columns: [
        { role: 'from', name: 'id', from: 'ID' },
        { role: 'from', name: 'at', from: 'AT', type: 'text', rounding: true },
      ],
      changedAt: changedAt('at'),
    });
    const low = isWhole ? '2024-01-02T03:04:05.500000Z' : '2024-01-02T03:04:05.412345Z';
    expect(await idsChanged(source, plan, low)).toEqual(expected);
    // A row of the very second, or digit, is not later than the moment within it.
    expect(await source.countOddRows(plan, '2024-01-02T03:04:05.612345Z', never)).toEqual({
      nullChangedAt: 0,
      futureChangedAt: isWhole ? 2 : 0,
    });
  });

  test('of a column without NULLs: its rows of the future are looked for alone', async () => {
    const source = oracle.source();
    const table = oracle.name('odd');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, a DATE, b DATE)`);
    const put = (id: number, a: string, b: string) =>
      oracle.execute(`INSERT INTO ${table} VALUES (${id}, ${a}, ${b})`);
    await put(1, 'NULL', 'NULL');
    await put(2, `DATE '2999-01-01'`, 'NULL');
    await put(3, 'NULL', `DATE '2020-01-01'`);
    const odd = async (where: string) => {
      const spec = {
        read: { kind: 'table', table, where },
        key: ['id'],
        changedAt: changedAt('a', 'b'),
      } as const;
      return source.countOddRows(await planOf(source, spec), '2024-01-01T00:00:00.000000Z', never);
    };
    expect(await odd('1 = 1')).toEqual({ nullChangedAt: 1, futureChangedAt: 1 });
    await oracle.execute(`DELETE FROM ${table} WHERE id IN (1, 3)`);
    await oracle.execute(`ALTER TABLE ${table} MODIFY (a NOT NULL)`);
    expect(await odd('1 = 1')).toEqual({ nullChangedAt: 0, futureChangedAt: 1 });
    expect(await odd('id > 2')).toEqual({ nullChangedAt: 0, futureChangedAt: 0 });
  });
});

describe('several times of change (C20)', () => {
  test.each([
    ['DATE', 'DATE'],
    ['TIMESTAMP(6)', 'DATE'],
    ['TIMESTAMP(6) WITH TIME ZONE', 'TIMESTAMP(6) WITH TIME ZONE'],
    ['TIMESTAMP(6) WITH TIME ZONE', 'DATE'],
    ['TIMESTAMP(6) WITH LOCAL TIME ZONE', 'TIMESTAMP(6) WITH TIME ZONE'],
  ])('%s and %s: a row is read when any of them is late enough', async (own, joined) => {
    const source = oracle.source();
    const [employees, departments] = [oracle.name('emp'), oracle.name('dep')];
    await oracle.execute(`CREATE TABLE ${departments} (id NUMBER(9) PRIMARY KEY, at ${joined})`);
    await oracle.execute(`CREATE TABLE ${employees} (id NUMBER(9) PRIMARY KEY, dep NUMBER(9), at ${own})`);
    const at = (type: string, day: number) =>
      type === 'DATE'
        ? `DATE '2024-01-${String(day).padStart(2, '0')}'`
        : `TIMESTAMP '2024-01-${String(day).padStart(2, '0')} 00:00:00${type.includes('ZONE') ? ' +00:00' : ''}'`;
    await oracle.execute(`INSERT INTO ${departments} VALUES (1, ${at(joined, 2)})`);
    await oracle.execute(`INSERT INTO ${departments} VALUES (2, ${at(joined, 20)})`);
    const people: [number, number | null, number][] = [
      [1, 1, 3],
      [2, 2, 3],
      [3, 1, 25],
      [4, null, 22],
      [5, null, 4],
    ];
    for (const [id, dep, day] of people) {
      await oracle.execute(`INSERT INTO ${employees} VALUES (${id}, ${dep ?? 'NULL'}, ${at(own, day)})`);
    }
    const plan = await planOf(source, {
      read: {
        kind: 'sql',
        sql: `SELECT e.id, e.at, d.at AS dep_at FROM ${employees} e LEFT JOIN ${departments} d ON d.id = e.dep`,
      },
      key: ['id'],
      changedAt: changedAt('at', 'dep_at'),
    });
    expect(await idsChanged(source, plan, '2024-01-15T00:00:00.000000Z')).toEqual([2, 4, 3]);
    const range = { low: '2024-01-01T00:00:00.000000Z', now: '2999-01-01T00:00:00.000000Z' };
    const all = await piecesOf(
      source.readChanges(plan, { ...range, after: null }, { ...read, pieceBytes: 1 }),
    );
    expect(rowsOf(all).map(([id]) => Number(id))).toEqual([1, 5, 2, 4, 3]);
    const after = all[1]?.position ?? '';
    const rest = await piecesOf(source.readChanges(plan, { ...range, after }, read));
    expect(rowsOf(rest).map(([id]) => Number(id))).toEqual([2, 4, 3]);
  });

  test('renaming a department shows its employees again', async () => {
    const source = oracle.source({ slackMs: 0 });
    const [employees, departments] = [oracle.name('staff'), oracle.name('units')];
    const time = 'TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL';
    await oracle.execute(
      `CREATE TABLE ${departments} (id NUMBER(9) PRIMARY KEY, name VARCHAR2(20), at ${time})`,
    );
    await oracle.execute(`CREATE TABLE ${employees} (id NUMBER(9) PRIMARY KEY, dep NUMBER(9), at ${time})`);
    await oracle.execute(`INSERT INTO ${departments} (id, name) VALUES (1, 'Sales')`);
    await oracle.execute(`INSERT INTO ${departments} (id, name) VALUES (2, 'Lab')`);
    for (let id = 1; id <= 6; id++) {
      await oracle.execute(`INSERT INTO ${employees} (id, dep) VALUES (${id}, ${(id % 2) + 1})`);
    }
    const plan = await planOf(source, {
      read: {
        kind: 'sql',
        sql: `SELECT e.id, d.name AS department, e.at, d.at AS dep_at
                FROM ${employees} e LEFT JOIN ${departments} d ON d.id = e.dep`,
      },
      key: ['id'],
      changedAt: changedAt('at', 'dep_at'),
    });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { mark } = await source.safeHighMark({ previous: null, signal: never });
    expect(await idsChanged(source, plan, mark)).toEqual([]);
    await oracle.execute(`UPDATE ${departments} SET name = 'Laboratory', at = SYSTIMESTAMP WHERE id = 2`);
    expect((await idsChanged(source, plan, mark)).sort()).toEqual([1, 3, 5]);
  });
});
