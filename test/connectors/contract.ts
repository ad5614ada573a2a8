/**
 * What every connector must do, whatever its source. A kind passes it by a file of its own that calls
 * `connectorContract` with a way to make a table `items` in its source and to change it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/connectors/contract.ts';
import type { EntityPlan } from '../../src/domain/entity.ts';
import { isSyncError } from '../../src/domain/errors.ts';
import type { KeyRange } from '../../src/domain/source-shape.ts';
import { changedAt, never, piecesOf, planOf, rowsOf } from './kit.ts';

export type ContractFixture = {
  readonly source: Source;
  /** The entity `items`: id (a 64-bit integer, the key), name (text, may be NULL), changed_at (a time with zone). */
  readonly items: Parameters<typeof planOf>[1];
  /** Rows 1 to `count`: name `item <id>`, NULL for each tenth; changed_at: the minute `id` of 2026-01-01, UTC. */
  fill(count: number): Promise<void>;
  /** Writes a row, in a transaction of its own. `at`: an instant; left out: the source's now. */
  put(row: { id: number; name: string; at?: string }): Promise<void>;
  remove(id: number): Promise<void>;
  /** Inserts a row and leaves the transaction open. */
  putLate(id: number): Promise<{ commit(): Promise<void> }>;
  /** A source whose address nobody answers at. */
  unreachable(): Source;
  /** How many of our statements are at work in the source under the correlation id. */
  running(correlationId: string): Promise<number>;
  /** A query of the source's that works for so long before it gives a row of `items`. */
  slow(seconds: number): Parameters<typeof planOf>[1];
  close(): Promise<void>;
};

const everything: KeyRange = { lower: null, upper: null };
const minute = (id: number): string => {
  const at = new Date(Date.UTC(2026, 0, 1, 0, id));
  return `${at.toISOString().slice(0, 19)}.000000Z`;
};
const read = { pieceBytes: 64 * 1024, signal: never } as const;

export function connectorContract(kind: string, open: () => Promise<ContractFixture>): void {
  describe(`connector contract: ${kind}`, () => {
    let fixture: ContractFixture;
    let source: Source;
    let plan: EntityPlan;
    const COUNT = 5_000;

    beforeAll(async () => {
      fixture = await open();
      source = fixture.source;
      await fixture.fill(COUNT);
      plan = await planOf(source, { ...fixture.items, changedAt: changedAt('changed_at') });
    });
    afterAll(() => fixture.close());

    it('tells who it is, the same each time, and how far its clock is off', async () => {
      await expect(source.proveLogin(never)).resolves.toBeUndefined();
      const report = await source.testConnection(never);
      expect(report.identity).toEqual(await source.identity(never));
      expect(report.identity.id).not.toBe('');
      expect(Math.abs(report.clockOffsetMs)).toBeLessThan(5_000);
      expect(JSON.stringify(report)).not.toContain('password');
    });

    it('describes columns with the types that hold them', async () => {
      const shape = await source.describe(plan.spec, never);
      expect(shape.columns.map((column) => [column.name, column.mirrorType])).toEqual([
        ['id', 'bigint'],
        ['name', 'text'],
        ['changed_at', 'timestamp with time zone'],
      ]);
      expect(shape.keyOrder).toBe('bytes');
      expect(shape.seesAllRows).toBe(true);
    });

    it('plans ranges that meet, first and last unbounded, and reads each row by exactly one', async () => {
      const { ranges } = await source.planChunks(plan, {
        chunkRows: 700,
        chunkBytes: 1e9,
        lanes: 2,
        signal: never,
      });
      expect(ranges.length).toBe(8);
      expect(ranges[0]?.lower).toBeNull();
      expect(ranges.at(-1)?.upper).toBeNull();
      for (const [i, range] of ranges.entries()) if (i > 0) expect(range.lower).toBe(ranges[i - 1]?.upper);
      const ids: string[] = [];
      for (const range of ranges) {
        const rows = rowsOf(await piecesOf(source.readChunk(plan, range, { ...read, format: 'rows' })));
        expect(rows.length).toBeLessThanOrEqual(700);
        ids.push(...rows.map((row) => row[0] as string));
      }
      expect(ids).toEqual(Array.from({ length: COUNT }, (_, i) => String(i + 1)));
    });

    it('sizes chunks by bytes too', async () => {
      const { ranges } = await source.planChunks(plan, {
        chunkRows: COUNT,
        chunkBytes: 20_000,
        lanes: 2,
        signal: never,
      });
      expect(ranges.length).toBeGreaterThan(2);
    });

    it.each(['rows', bytesFormat(kind)] as const)(
      'reads bounded pieces that end at rows, and can go on behind any of them (%s)',
      async (format) => {
        const pieces = await piecesOf(source.readChunk(plan, everything, { ...read, format }));
        expect(pieces.length).toBeGreaterThan(1);
        expect(pieces.reduce((sum, piece) => sum + piece.rows, 0)).toBe(COUNT);
        expect(pieces.map((piece) => piece.last === true)).toEqual(
          pieces.map((_, i) => i === pieces.length - 1),
        );
        const rest = source.readChunk(
          plan,
          { lower: pieces[0]?.position ?? '', upper: null },
          { ...read, format },
        );
        const restRows = (await piecesOf(rest)).reduce((sum, piece) => sum + piece.rows, 0);
        expect(restRows).toBe(COUNT - (pieces[0]?.rows ?? 0));
      },
    );

    it('gives NULL as null and text as it is', async () => {
      const name = 'tab\tline\nback\\slash \\N \u{1F600} é \r';
      await fixture.put({ id: 900_001, name });
      const piece = await source.lookUpKeys(plan, ['10', '900001'], { ...read, format: 'rows' });
      const rows = rowsOf(await piecesOf(piece));
      expect(rows.map((row) => row.slice(0, 2))).toEqual([
        ['10', null],
        ['900001', name],
      ]);
      await fixture.remove(900_001);
    });

    it('stops at maxRows', async () => {
      const pieces = await piecesOf(
        source.readChunk(plan, everything, { ...read, format: 'rows', maxRows: 42 }),
      );
      expect(rowsOf(pieces)).toHaveLength(42);
    });

    it('reads an empty range as no piece at all', async () => {
      const beyond = source.readChunk(plan, { lower: '9999999', upper: null }, { ...read, format: 'rows' });
      expect(await piecesOf(beyond)).toEqual([]);
    });

    it('keeps one snapshot for a stream, whatever is written meanwhile', async () => {
      const stream = source.readChunk(plan, everything, { ...read, format: 'rows' })[Symbol.asyncIterator]();
      const first = await stream.next();
      await fixture.put({ id: 900_002, name: 'later' });
      const rows = rowsOf(first.done ? [] : [first.value]);
      for (;;) {
        const next = await stream.next();
        if (next.done) break;
        rows.push(...rowsOf([next.value]));
      }
      expect(rows).toHaveLength(COUNT);
      await fixture.remove(900_002);
    });

    it('looks up keys in key order and leaves out those that are gone', async () => {
      const stream = source.lookUpKeys(plan, ['30', '9', '123456789', '200'], { ...read, format: 'rows' });
      expect(rowsOf(await piecesOf(stream)).map((row) => row[0])).toEqual(['9', '30', '200']);
      expect((await source.readOne(plan, '77', never))?.rows).toBe(1);
      expect(await source.readOne(plan, '123456789', never)).toBeNull();
    });

    it('samples rows', async () => {
      expect((await source.sample(plan, 5, never)).rows).toBe(5);
    });

    it('reads changes in (changedAt, key) order from low, inclusive, and goes on behind a position', async () => {
      const range = { low: minute(4_000), now: minute(10_000), after: null };
      const pieces = await piecesOf(
        source.readChanges(plan, range, { ...read, pieceBytes: 8_000, format: 'rows' }),
      );
      const ids = rowsOf(pieces).map((row) => Number(row[0]));
      expect(ids).toEqual(Array.from({ length: COUNT - 3_999 }, (_, i) => 4_000 + i));
      expect(pieces.length).toBeGreaterThan(2);
      const after = pieces[1]?.position ?? null;
      const rest = await piecesOf(source.readChanges(plan, { ...range, after }, { ...read, format: 'rows' }));
      const seen = (pieces[0]?.rows ?? 0) + (pieces[1]?.rows ?? 0);
      expect(rowsOf(rest).map((row) => Number(row[0]))).toEqual(ids.slice(seen));
    });

    it('goes on in the middle of rows that changed at the same time', async () => {
      const at = '2026-06-01T00:00:00.123456Z';
      for (let id = 910_001; id <= 910_020; id++) await fixture.put({ id, name: 'tie', at });
      const range = { low: at, now: at, after: null };
      const first = (
        await piecesOf(source.readChanges(plan, range, { ...read, pieceBytes: 200, format: 'rows' }))
      )[0];
      expect(first?.rows).toBeLessThan(20);
      const rest = await piecesOf(
        source.readChanges(plan, { ...range, after: first?.position ?? null }, { ...read, format: 'rows' }),
      );
      expect(rowsOf(rest)).toHaveLength(20 - (first?.rows ?? 0));
      for (let id = 910_001; id <= 910_020; id++) await fixture.remove(id);
    });

    it('counts rows without a time of change and rows from the future', async () => {
      await fixture.put({ id: 920_001, name: 'future', at: '9999-12-31T00:00:00.000000Z' });
      expect(await source.countOddRows(plan, minute(6_000), never)).toEqual({
        nullChangedAt: 0,
        futureChangedAt: 1,
      });
      await fixture.remove(920_001);
    });

    it('holds the mark below a transaction that is open, and names it (C3)', async () => {
      const late = await fixture.putLate(930_001);
      const { mark, now, heldBackBy } = await source.safeHighMark({ previous: null, signal: never });
      await late.commit();
      const [row] = rowsOf(await piecesOf(source.lookUpKeys(plan, ['930001'], { ...read, format: 'rows' })));
      const written = `${(row?.[2] ?? '').replace(' ', 'T').replace(/\+00$/, '')}`;
      expect(mark < written).toBe(true);
      expect(mark < now).toBe(true);
      expect(heldBackBy?.since.slice(0, 19)).toBe(written.slice(0, 19));
      const after = await source.safeHighMark({ previous: mark, signal: never });
      expect(after.mark > mark).toBe(true);
      await fixture.remove(930_001);
    });

    it('says that its clock is behind the watermark (C2)', async () => {
      const { degraded } = await source.safeHighMark({
        previous: '9000-01-01T00:00:00.000000Z',
        signal: never,
      });
      expect(degraded.map((entry) => entry.code)).toContain('SOURCE_CLOCK_BEHIND');
    });

    it('digests rows independently of how they are cut into ranges', async () => {
      const whole = await source.canonicalChecksum(plan, everything, never);
      expect(whole.rows).toBe(COUNT);
      const low = await source.canonicalChecksum(plan, { lower: null, upper: '1000' }, never);
      const high = await source.canonicalChecksum(plan, { lower: '1000', upper: null }, never);
      const sum = (BigInt(low.digest) + BigInt(high.digest)) % 2n ** 64n;
      expect(sum).toBe(BigInt(whole.digest));
      expect((await source.canonicalChecksum(plan, everything, never)).digest).toBe(whole.digest);
    });

    it.each(['return', 'abort'] as const)('stops the statement in the database: %s', async (how) => {
      const correlationId = `stop-${how}`;
      const slow = await planOf(source, fixture.slow(60));
      const abort = new AbortController();
      const options = { ...read, format: 'rows', signal: abort.signal } as const;
      const stream = source
        .named({ correlationId })
        .readChunk(slow, everything, options)
        [Symbol.asyncIterator]();
      const pulled = stream.next();
      pulled.catch(() => undefined);
      await expect.poll(() => fixture.running(correlationId), { timeout: 10_000 }).toBe(1);
      if (how === 'abort') {
        abort.abort(new Error('enough'));
        await expect(pulled).rejects.toThrow('enough');
      } else {
        await stream.return?.();
        expect((await pulled).done).toBe(true);
      }
      await expect.poll(() => fixture.running(correlationId), { timeout: 5_000 }).toBe(0);
    });

    it('calls what it cannot reach SOURCE_UNAVAILABLE', async () => {
      const nobody = fixture.unreachable();
      try {
        const failure = await nobody.identity(never).catch((error: unknown) => error);
        expect(isSyncError(failure, 'SOURCE_UNAVAILABLE')).toBe(true);
        const read = nobody.readChunk(plan, everything, { format: 'rows', pieceBytes: 1, signal: never });
        const streamFailure = await piecesOf(read).catch((error: unknown) => error);
        expect(isSyncError(streamFailure, 'SOURCE_UNAVAILABLE')).toBe(true);
      } finally {
        await nobody.close();
      }
    });

    it('calls a query that the source refuses SOURCE_QUERY', async () => {
      const spec = { ...plan.spec, read: { kind: 'sql', sql: 'SELECT nothing FROM nowhere' } } as const;
      const failure = await source.describe(spec, never).catch((error: unknown) => error);
      expect(isSyncError(failure, 'SOURCE_QUERY')).toBe(true);
    });
  });
}

/** Only PostgreSQL gives its own bytes. */
function bytesFormat(kind: string): 'rows' | 'pg-binary' {
  return kind === 'postgres' ? 'pg-binary' : 'rows';
}
