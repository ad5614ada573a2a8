/** Chunks, look-ups and streams beyond the contract: composite keys, padding, rows without a key, places of rows. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { ROWID_PREFIX } from '../../../src/connectors/oracle/rowid-ranges.ts';
import type { EntityPlan } from '../../../src/domain/entity.ts';
import { never, piecesOf, planOf, rowsOf } from '../kit.ts';
import { type OracleUnderTest, startOracle } from './oracle-kit.ts';

let oracle: OracleUnderTest;
let source: Source;

beforeAll(async () => {
  oracle = await startOracle();
  source = oracle.source();
});
afterAll(() => oracle.close());

const everything = { lower: null, upper: null };
const read = { format: 'rows', pieceBytes: 64 * 1024, signal: never } as const;
const limits = { chunkRows: 100, chunkBytes: 1e9, lanes: 2, signal: never } as const;

async function chunksOf(plan: EntityPlan): Promise<{ lower: string | null; rows: (string | null)[][] }[]> {
  const { ranges } = await source.planChunks(plan, limits);
  const chunks = [];
  for (const range of ranges) {
    chunks.push({ lower: range.lower, rows: rowsOf(await piecesOf(source.readChunk(plan, range, read))) });
  }
  return chunks;
}

async function fill(table: string, count: number, row: (i: number) => unknown[]): Promise<void> {
  const connection = await oracle.connect();
  const rows = Array.from({ length: count }, (_, i) => row(i));
  const places = (rows[0] as unknown[]).map((_, i) => `:${i + 1}`).join(', ');
  await connection.executeMany(`INSERT INTO ${table} VALUES (${places})`, rows as never);
  await connection.commit();
}

describe('a key of two parts', () => {
  let plan: EntityPlan;

  beforeAll(async () => {
    const table = oracle.name('pairs');
    await oracle.execute(
      `CREATE TABLE ${table} (region VARCHAR2(20) NOT NULL, nr NUMBER(9) NOT NULL, name VARCHAR2(20), PRIMARY KEY (region, nr))`,
    );
    const regions = ['a|b', 'a\\', 'a', 'Z', 'é'];
    await fill(table, 500, (i) => [regions[i % 5], i, `row ${i}`]);
    plan = await planOf(source, { read: { kind: 'table', table }, key: ['region', 'nr'] });
  });

  test('is walked in the order of bytes, each row by one chunk', async () => {
    const rows = (await chunksOf(plan)).flatMap((chunk) => chunk.rows);
    expect(rows).toHaveLength(500);
    const keys = rows.map(([region, nr]) => ({ region: region as string, nr: Number(nr) }));
    const sorted = [...keys].sort(
      (a, b) => Buffer.compare(Buffer.from(a.region), Buffer.from(b.region)) || a.nr - b.nr,
    );
    expect(keys).toEqual(sorted);
  });

  test('is gone on behind, and looked up', async () => {
    const [first] = await piecesOf(source.readChunk(plan, everything, { ...read, pieceBytes: 400 }));
    const rest = source.readChunk(plan, { lower: first?.position ?? '', upper: null }, read);
    expect(rowsOf(await piecesOf(rest))).toHaveLength(500 - (first?.rows ?? 0));
    const found = source.lookUpKeys(plan, ['a\\|b|5', 'a\\\\|1', 'no|1'], read);
    expect(rowsOf(await piecesOf(found)).map(([region, nr]) => [region, nr])).toEqual([
      ['a\\', '1'],
      ['a|b', '5'],
    ]);
  });
});

describe('a table that no index gives in key order', () => {
  let plan: EntityPlan;
  let table: string;

  beforeAll(async () => {
    table = oracle.name('heap');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) NOT NULL, name VARCHAR2(20))`);
    await fill(table, 1_000, (i) => [1_000 - i, `row ${i}`]);
    plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
  });

  test('is read by places, and its deletes found by a list of keys', async () => {
    const shape = await source.describe(plan.spec, never);
    expect(shape.keyOrder).toBe('unproved');
    expect(shape.advice[0]?.problem).toContain('in key order');
    const chunks = await chunksOf(plan);
    expect(chunks).toHaveLength(10);
    expect(chunks[1]?.lower?.startsWith(ROWID_PREFIX)).toBe(true);
    const ids = chunks.flatMap(({ rows }) => rows.map(([id]) => Number(id))).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  test('is gone on behind a place', async () => {
    const { ranges } = await source.planChunks(plan, limits);
    const range = ranges[3] as (typeof ranges)[number];
    const pieces = await piecesOf(source.readChunk(plan, range, { ...read, pieceBytes: 500 }));
    expect(pieces.length).toBeGreaterThan(1);
    const rest = source.readChunk(plan, { ...range, lower: pieces[0]?.position ?? '' }, read);
    expect(rowsOf(await piecesOf(rest))).toHaveLength(100 - (pieces[0]?.rows ?? 0));
  });

  test('is read by keys once there is an index', async () => {
    await oracle.execute(`CREATE INDEX ${table}_ID ON ${table} (id)`);
    const { ranges } = await source.planChunks(plan, limits);
    expect(ranges[0]?.upper).toBe('100');
    expect((await source.describe(plan.spec, never)).keyOrder).toBe('bytes');
  });
});

test('rows without a key belong to the last chunk', async () => {
  const table = oracle.name('nulls');
  await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9), name VARCHAR2(20))`);
  await fill(table, 250, (i) => [i % 50 === 0 ? null : i, `row ${i}`]);
  const plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
  const chunks = await chunksOf(plan);
  expect(chunks.length).toBe(3);
  expect(chunks.map(({ rows }) => rows.filter(([id]) => id === null).length)).toEqual([0, 0, 5]);
  expect(chunks.flatMap(({ rows }) => rows)).toHaveLength(250);
});

test.each(['CHAR(5)', 'NVARCHAR2(5)'])('keys of %s have an order of their own', async (type) => {
  const table = oracle.name('texts');
  await oracle.execute(`CREATE TABLE ${table} (code ${type} PRIMARY KEY, nr NUMBER(9))`);
  await fill(table, 300, (i) => [`x${i}`, i]);
  const plan = await planOf(source, { read: { kind: 'table', table }, key: ['code'] });
  expect((await source.describe(plan.spec, never)).keyOrder).toBe('unproved');
  const rows = (await chunksOf(plan)).flatMap((chunk) => chunk.rows);
  expect(rows).toHaveLength(300);
  expect(new Set(rows.map(([code]) => code)).size).toBe(300);
  const code = type === 'CHAR(5)' ? 'x7   ' : 'x7';
  expect((await source.readOne(plan, code, never))?.rows).toBe(1);
});

test.each([
  ['DATE', `TO_DATE('2024-01-01', 'YYYY-MM-DD') + :i`, '2024-01-08 00:00:00'],
  [
    'TIMESTAMP(6)',
    `TIMESTAMP '2024-01-01 00:00:00.250000' + NUMTODSINTERVAL(:i, 'DAY')`,
    '2024-01-08 00:00:00.25',
  ],
  ['RAW(4)', `HEXTORAW(LPAD(TO_CHAR(:i), 8, '0'))`, '\\x00000007'],
  ['NUMBER', ':i + 0.5', '7.5'],
])('keys of %s are walked, gone on behind and looked up', async (type, expression, seventh) => {
  const table = oracle.name('typed');
  await oracle.execute(`CREATE TABLE ${table} (k ${type} PRIMARY KEY, nr NUMBER(9))`);
  const connection = await oracle.connect();
  for (let i = 0; i < 230; i++) {
    await connection.execute(`INSERT INTO ${table} VALUES (${expression}, :nr)`, { i, nr: i });
  }
  await connection.commit();
  const plan = await planOf(source, { read: { kind: 'table', table }, key: ['k'] });
  const chunks = await chunksOf(plan);
  expect(chunks.map(({ rows }) => rows.length)).toEqual([100, 100, 30]);
  expect(chunks.flatMap(({ rows }) => rows.map(([, nr]) => Number(nr)))).toEqual(
    Array.from({ length: 230 }, (_, i) => i),
  );
  const one = await source.readOne(plan, seventh, never);
  expect(one === null ? [] : rowsOf([one])).toEqual([[seventh, '7']]);
});

describe('a stream', () => {
  let plan: EntityPlan;

  beforeAll(async () => {
    const table = oracle.name('many');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, name VARCHAR2(100))`);
    await fill(table, 20_000, (i) => [i, `a name of some length ${i}`]);
    plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
  });

  test('asks for no more than its taker takes', async () => {
    let progress = 0;
    const options = { ...read, pieceBytes: 4_000, onProgress: () => progress++ };
    const stream = source.readChunk(plan, everything, options)[Symbol.asyncIterator]();
    await stream.next();
    await expect.poll(() => progress).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const asked = progress;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(progress).toBe(asked);
    let rows = 0;
    for (let next = await stream.next(); !next.done; next = await stream.next()) rows += next.value.rows;
    expect(rows).toBeGreaterThan(19_000);
    expect(progress).toBeGreaterThan(asked);
  });

  test('that is left early, or stopped, gives its session back', async () => {
    const busy = oracle.source({}, { concurrency: 1 });
    for (let i = 0; i < 10; i++) {
      for await (const piece of busy.readChunk(plan, everything, { ...read, pieceBytes: 4_000 })) {
        expect(piece.rows).toBeGreaterThan(0);
        break;
      }
      const stop = new AbortController();
      const stream = busy
        .readChunk(plan, everything, { ...read, pieceBytes: 4_000, signal: stop.signal })
        [Symbol.asyncIterator]();
      await stream.next();
      stop.abort(new Error('enough'));
      await expect(stream.next()).rejects.toThrow('enough');
    }
    expect((await busy.sample(plan, 3, never)).rows).toBe(3);
  });

  test('of a query keeps one snapshot, in a session that says whose work it does', async () => {
    const correlationId = 'run 4711';
    const table = plan.spec.read.kind === 'table' ? plan.spec.read.table : '';
    const sql = { kind: 'sql', sql: `SELECT id, name FROM ${table}` } as const;
    const query = await planOf(source, { read: sql, key: ['id'] });
    const stream = source
      .named({ correlationId })
      .readChunk(query, everything, { ...read, pieceBytes: 4_000 })
      [Symbol.asyncIterator]();
    let rows = 0;
    const count = (next: Awaited<ReturnType<typeof stream.next>>) => {
      rows += next.done ? 0 : next.value.rows;
      return next.done !== true;
    };
    count(await stream.next());
    const sessions = await oracle.query(
      `SELECT module, action, client_info FROM v$session WHERE client_identifier = '${correlationId}'`,
    );
    expect(sessions).toEqual([['syncline', 'read', expect.stringMatching(/^syncline\//)]]);
    await oracle.execute(`DELETE FROM ${table} WHERE id >= 19000`);
    while (count(await stream.next()));
    expect(rows).toBe(20_000);
    expect((await piecesOf(source.readChunk(query, { lower: '18998', upper: null }, read)))[0]?.rows).toBe(1);
    for (let id = 19_000; id < 20_000; id += 500) {
      const ids = Array.from({ length: 500 }, (_, i) => [id + i, `a name of some length ${id + i}`]);
      const connection = await oracle.connect();
      await connection.executeMany(`INSERT INTO ${table} VALUES (:1, :2)`, ids as never);
      await connection.commit();
    }
  });

  test('of a thousand keys gives them all', async () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => String(i * 20));
    const rows = rowsOf(await piecesOf(source.lookUpKeys(plan, keys, read)));
    expect(rows.map(([id]) => id)).toEqual(keys);
  });

  test('runs beside others on one source', async () => {
    const streams = Array.from({ length: 4 }, () => piecesOf(source.readChunk(plan, everything, read)));
    for (const pieces of await Promise.all(streams)) {
      expect(pieces.reduce((sum, piece) => sum + piece.rows, 0)).toBe(20_000);
    }
  });
});

test('a filter and a query with a comment at its end are read like a table', async () => {
  const table = oracle.name('filtered');
  await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, kind VARCHAR2(1))`);
  await fill(table, 300, (i) => [i, i % 3 === 0 ? 'a' : 'b']);
  const reads = [
    { kind: 'table', table, where: `kind = 'a' OR kind = 'c' -- a or c` },
    { kind: 'sql', sql: `SELECT id, kind FROM ${table} WHERE kind = 'a' -- a only;` },
    { kind: 'sql', sql: `SELECT * FROM ${table};`, where: `"KIND" = 'a'` },
  ] as const;
  for (const each of reads) {
    const plan = await planOf(source, { read: each, key: ['id'] });
    const rows = (await chunksOf(plan)).flatMap((chunk) => chunk.rows);
    expect(rows).toHaveLength(100);
  }
});
