import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import type { EntityPlan } from '../../../src/domain/entity.ts';
import { isSyncError } from '../../../src/domain/errors.ts';
import { type FreshDatabase, freshDatabase, ownCluster, sourceServer } from '../../support/servers.ts';
import { never, openPostgres, piecesOf, planOf, rowsOf } from '../kit.ts';

const everything = { lower: null, upper: null };
const read = { format: 'rows', pieceBytes: 1e6, signal: never } as const;

describe('reads of PostgreSQL', () => {
  let database: FreshDatabase;
  let source: Source;
  let db: pg.Client;

  beforeAll(async () => {
    database = await freshDatabase(await sourceServer(), 'reads');
    source = openPostgres(database.url, {}, { timeZone: 'Europe/Berlin' });
    db = new pg.Client({ connectionString: database.url });
    await db.connect();
  });
  afterAll(async () => {
    await source.close();
    await db.end();
    await database.drop();
  });

  const table = (name: string, changes: object = {}) =>
    planOf(source, { read: { kind: 'table', table: name }, ...changes });

  /** All rows through the ranges of a plan, and through pieces of one row each: every row once, whichever way. */
  async function readEveryWay(plan: EntityPlan, chunkRows: number): Promise<string[][]> {
    const { ranges } = await source.planChunks(plan, { chunkRows, chunkBytes: 1e9, lanes: 2, signal: never });
    const byRanges: string[] = [];
    for (const range of ranges) {
      byRanges.push(
        ...rowsOf(await piecesOf(source.readChunk(plan, range, read))).map((row) => row.join('·')),
      );
    }
    const resumed: string[] = [];
    let lower: string | null = null;
    for (;;) {
      const stream = source
        .readChunk(plan, { lower, upper: null }, { ...read, pieceBytes: 1 })
        [Symbol.asyncIterator]();
      const piece = await stream.next();
      await stream.return?.();
      if (piece.done) break;
      resumed.push(...rowsOf([piece.value]).map((row) => row.join('·')));
      lower = piece.value.position;
      if (piece.value.last) break;
    }
    return [byRanges, resumed];
  }

  it('reads a table without a row, in both formats', async () => {
    await db.query('CREATE TABLE nobody (id uuid PRIMARY KEY)');
    const plan = await table('nobody');
    for (const format of ['rows', 'pg-binary'] as const) {
      const pieces = await piecesOf(source.readChunk(plan, everything, { ...read, format }));
      expect(pieces.map(({ rows }) => rows)).toEqual(pieces.map(() => 0));
    }
  });

  it('orders text keys by their bytes, whatever the collation of the column', async () => {
    await db.query(`CREATE TABLE words (id text COLLATE "en-x-icu" PRIMARY KEY)`);
    const words = [
      'a',
      'B',
      'ä',
      'Z',
      '',
      'a b',
      'a-b',
      `quote ' " \\`,
      '€',
      '\u{1F600}',
      '\uFFFD',
      'a\tb',
      '|',
      '\\|',
    ];
    await db.query('INSERT INTO words SELECT unnest($1::text[])', [words]);
    const plan = await table('words');
    const sorted = [...words].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const rows of await readEveryWay(plan, 3)) expect(rows).toEqual(sorted);
    expect(rowsOf(await piecesOf(source.lookUpKeys(plan, words, read)))).toHaveLength(words.length);
    const shape = await source.describe(plan.spec, never);
    expect(shape.keyOrder).toBe('bytes');
    expect(shape.advice.map((entry) => entry.sql)).toEqual([
      'CREATE INDEX CONCURRENTLY ON "public"."words" ("id" COLLATE "C");',
    ]);
  });

  it('reads composite keys, of enums and numbers too', async () => {
    await db.query(`CREATE TYPE size AS ENUM ('small', 'large', 'huge')`);
    await db.query('CREATE TABLE stock (size size, price numeric(9,3), n int, PRIMARY KEY (size, price, n))');
    await db.query(
      `INSERT INTO stock SELECT s, p, n FROM unnest(enum_range(NULL::size)) s, unnest('{1.5,10,2.125}'::numeric[]) p, generate_series(1, 3) n`,
    );
    const plan = await table('stock', { key: ['size', 'price', 'n'] });
    const [byRanges, resumed] = await readEveryWay(plan, 4);
    expect(byRanges).toHaveLength(27);
    expect(byRanges?.[0]).toBe('huge·1.500·1');
    expect(resumed).toEqual(byRanges);
    const found = await piecesOf(source.lookUpKeys(plan, ['large|10|2', 'large|10|9', 'tiny|1|1'], read));
    expect(rowsOf(found)).toEqual([['large', '10.000', '2']]);
    expect(found[0]?.position).toBe('large|10|2');
  });

  it('reads keys of other types', async () => {
    for (const [type, values] of [
      ['uuid', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000']],
      ['timestamptz', ['2026-01-01 00:00:00.000001+00', '2026-01-01 00:00:00+00', 'infinity']],
      ['date', ['2026-01-01', '0044-03-15 BC']],
      ['bytea', ['\\x00', '\\xff', '\\x']],
      ['numeric', ['1.0', '-5', '1e30', 'NaN']],
    ] as const) {
      await db.query(`DROP TABLE IF EXISTS typed; CREATE TABLE typed (id ${type} PRIMARY KEY)`);
      await db.query(`INSERT INTO typed SELECT unnest($1::text[])::${type}`, [values]);
      const plan = await table('typed');
      const [byRanges, resumed] = await readEveryWay(plan, 1);
      expect(byRanges, type).toHaveLength(values.length);
      expect(resumed, type).toEqual(byRanges);
      const binary = await piecesOf(source.readChunk(plan, everything, { ...read, format: 'pg-binary' }));
      const text = await piecesOf(source.readChunk(plan, everything, read));
      expect(binary[0]?.position, type).toBe(text[0]?.position);
    }
  });

  it('calls the order of char(n) unproved, and still reads every row once', async () => {
    await db.query(
      `CREATE TABLE padded (id char(4) PRIMARY KEY); INSERT INTO padded VALUES ('a'), ('ab'), (E'a\\x01'), ('b')`,
    );
    const plan = await table('padded');
    expect((await source.describe(plan.spec, never)).keyOrder).toBe('unproved');
    for (const rows of await readEveryWay(plan, 2))
      expect([...rows].sort()).toEqual(['a\x01  ', 'a   ', 'ab  ', 'b   '].sort());
  });

  it('keeps rows of one key in one piece, in both formats', async () => {
    await db.query(
      'CREATE TABLE doubled (id int, n int); INSERT INTO doubled SELECT n / 7, n FROM generate_series(0, 69) n',
    );
    const plan = await table('doubled');
    for (const format of ['rows', 'pg-binary'] as const) {
      const pieces = await piecesOf(source.readChunk(plan, everything, { ...read, format, pieceBytes: 10 }));
      expect(pieces.length).toBe(10);
      expect(pieces.map((piece) => piece.rows)).toEqual(Array(10).fill(7));
    }
    const limited = source.readChunk(plan, everything, { ...read, maxRows: 8 });
    expect(rowsOf(await piecesOf(limited))).toHaveLength(14);
  });

  it('finds the same boundaries with and without an index in the order of the key', async () => {
    await db.query(`
      CREATE TABLE walked (a int NOT NULL, b text COLLATE "C" NOT NULL, PRIMARY KEY (a, b));
      INSERT INTO walked SELECT n / 7, 'b' || n % 7 FROM generate_series(1, 900) n;
      CREATE TABLE counted AS TABLE walked;
      ALTER TABLE counted ALTER a SET NOT NULL, ALTER b SET NOT NULL`);
    await db.query('VACUUM ANALYZE walked');
    for (const chunkRows of [1, 7, 100, 899, 900, 1000]) {
      const [walked, counted] = await Promise.all(
        ['walked', 'counted'].map(async (name) => {
          const plan = await table(name, { key: ['a', 'b'] });
          return source.planChunks(plan, { chunkRows, chunkBytes: 1e9, lanes: 2, signal: never });
        }),
      );
      expect(walked).toEqual(counted);
      expect(walked?.ranges.length).toBe(Math.ceil(900 / chunkRows));
    }
  });

  it('reads rows without a key by the last chunk, once', async () => {
    await db.query(
      'CREATE TABLE holes (a int, b int); INSERT INTO holes SELECT NULLIF(n, 5), NULLIF(n, 3) FROM generate_series(1, 10) n',
    );
    const plan = await table('holes', { key: ['a', 'b'] });
    const { ranges } = await source.planChunks(plan, {
      chunkRows: 3,
      chunkBytes: 1e9,
      lanes: 2,
      signal: never,
    });
    expect(ranges.length).toBe(3);
    const counts = [];
    for (const range of ranges)
      counts.push(rowsOf(await piecesOf(source.readChunk(plan, range, read))).length);
    expect(counts).toEqual([3, 3, 4]);
    const binary = await piecesOf(source.readChunk(plan, everything, { ...read, format: 'pg-binary' }));
    expect(binary.map((piece) => [piece.rows, piece.position])).toEqual([[10, null]]);
    const small = await piecesOf(source.readChunk(plan, everything, { ...read, pieceBytes: 1 }));
    expect(small.map(({ position }) => position)).toEqual([
      ...['1|1', '2|2', null, '4|4', '6|6', '7|7', '8|8', '9|9', '10|10', null],
    ]);
  });

  it('tells a query that is refused as such from a row that cannot be read', async () => {
    await db.query('CREATE TABLE told (id int, n int); INSERT INTO told VALUES (1, 1), (2, 0)');
    const failure = async (plan: EntityPlan): Promise<unknown> =>
      piecesOf(source.readChunk(plan, everything, read)).catch((error: unknown) => error);
    const divided = await planOf(source, {
      read: { kind: 'sql', sql: 'SELECT id, 1 / n AS part FROM told' },
    });
    expect(await failure(divided)).toMatchObject({ code: 'SOURCE_QUERY', details: {} });
    const plan = await table('told');
    await db.query('ALTER TABLE told DROP COLUMN n');
    expect(await failure(plan)).toMatchObject({ code: 'SOURCE_QUERY', details: { scope: 'entity' } });
  });

  it('reads a query with a filter, comments and a semicolon', async () => {
    await db.query(
      'CREATE TABLE sale (id int PRIMARY KEY, amount int); INSERT INTO sale SELECT n, n FROM generate_series(1, 20) n',
    );
    const plan = await planOf(source, {
      read: {
        kind: 'sql',
        sql: 'SELECT id, amount * 2 AS twice FROM sale; ',
        where: 'twice > 30 -- only large ones',
      },
    });
    expect(rowsOf(await piecesOf(source.readChunk(plan, { lower: '17', upper: '19' }, read)))).toEqual([
      ['18', '36'],
      ['19', '38'],
    ]);
    expect(await source.readOne(plan, '1', never)).toBeNull();
    expect((await source.readOne(plan, '20', never))?.rows).toBe(1);
  });

  it('takes values of many megabytes and holds little ahead of its taker', async () => {
    await db.query(
      `CREATE TABLE big (id int PRIMARY KEY, body text); INSERT INTO big SELECT n, repeat('x', 5000000) FROM generate_series(1, 30) n`,
    );
    const plan = await table('big');
    const pool = (id: string) =>
      db.query(
        `SELECT wait_event FROM pg_stat_activity WHERE application_name = 'syncline/${id}' AND wait_event_type = 'Client'`,
      );
    const stream = source
      .named({ correlationId: 'slow-taker' })
      .readChunk(plan, everything, read)
      [Symbol.asyncIterator]();
    let rows = (await stream.next()).value.rows;
    // The server waits for us to read on: nothing gathers on this side.
    await expect.poll(async () => (await pool('slow-taker')).rowCount).toBe(1);
    for (;;) {
      const next = await stream.next();
      if (next.done) break;
      expect(rowsOf([next.value])[0]?.[1]).toHaveLength(5_000_000);
      rows += next.value.rows;
    }
    expect(rows).toBe(30);
  });

  it('frees its sessions after ends, errors and early returns', async () => {
    const small = openPostgres(database.url, {}, { concurrency: 1 });
    const plan = await planOf(small, {
      read: { kind: 'sql', sql: 'SELECT n AS id, 1 / (n - 3) AS v FROM generate_series(1, 5) n' },
    });
    for (let i = 0; i < 12; i++) {
      const failure = await piecesOf(small.readChunk(plan, everything, read)).catch(
        (error: unknown) => error,
      );
      expect(isSyncError(failure, 'SOURCE_QUERY')).toBe(true);
      const stream = small.readChunk(plan, everything, read)[Symbol.asyncIterator]();
      const pulled = stream.next().catch(() => undefined);
      await stream.return?.();
      await pulled;
    }
    await small.close();
  });

  it('calls a pool in full use SOURCE_BUSY, which no breaker counts', async () => {
    const small = openPostgres(database.url, { connectTimeoutMs: 300 }, { concurrency: 1 });
    const plan = await planOf(small, { read: { kind: 'sql', sql: 'SELECT 1 AS id FROM pg_sleep(30)' } });
    const abort = new AbortController();
    const streams = [1, 2, 3].map(() =>
      piecesOf(small.readChunk(plan, everything, { ...read, signal: abort.signal })).catch(() => undefined),
    );
    const failure = await piecesOf(small.readChunk(plan, everything, read)).catch((error: unknown) => error);
    expect(isSyncError(failure, 'SOURCE_BUSY')).toBe(true);
    abort.abort();
    await Promise.all(streams);
    await small.close();
  });
});
describe('a source in another encoding', () => {
  it('gives exact text, and proves the order of numbers only (C5)', async () => {
    const cluster = await ownCluster({ encoding: 'LATIN1' });
    const db = new pg.Client({ connectionString: cluster.url('postgres') });
    await db.connect();
    await db.query(
      `SET client_encoding = 'UTF8'; CREATE TABLE word (id int PRIMARY KEY, word text UNIQUE NOT NULL)`,
    );
    await db.query(`INSERT INTO word VALUES (1, 'é'), (2, 'z'), (3, 'ÿ')`);
    const source = openPostgres(cluster.url('postgres'));
    const byWord = await planOf(source, { read: { kind: 'table', table: 'word' }, key: ['word'] });
    const byId = await planOf(source, { read: { kind: 'table', table: 'word' } });
    expect((await source.describe(byWord.spec, never)).keyOrder).toBe('unproved');
    expect((await source.describe(byId.spec, never)).keyOrder).toBe('bytes');
    expect((await source.testConnection(never)).degraded.map((entry) => entry.code)).toEqual([
      'KEY_ORDER_UNPROVED',
    ]);
    const rows = rowsOf(await piecesOf(source.readChunk(byWord, { lower: 'z', upper: null }, read)));
    expect(rows.map((row) => row[0])).toEqual(['é', 'ÿ']);
    await source.close();
    await db.end();
    await cluster.remove();
  });
});
