import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityPlan, Reject } from '../../src/domain/entity.ts';
import type { LoadJob } from '../../src/store/load-job.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import {
  all,
  binaryPiece,
  int32,
  jobFor,
  mirrorRows,
  openTestStore,
  planOf,
  startRun,
  type TestRow,
  type TestStore,
  textPiece,
} from './load-kit.ts';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore('load_quarantine');
});
afterAll(() => test.drop());

const columns = {
  id: 'integer',
  name: 'character varying(5)',
  amount: 'numeric',
  at: 'timestamp with time zone',
};

async function ready(entity: string, plan: EntityPlan = planOf({ entity, columns })) {
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const job = (more: Partial<LoadJob> = {}) => jobFor(test.store, plan, { run, ...more });
  const load = async (rows: TestRow[], rejects: Reject[] = []) =>
    loadPiece(test.store, await job(), textPiece(rows, rejects));
  const ids = async () => (await mirrorRows(test.store, plan)).map((row) => row.id);
  return { plan, run, job, load, ids };
}

const entries = (entity: string) =>
  all<{
    key: string;
    reason: string;
    detail: string;
    payload: Record<string, string | null>;
    occurrences: number;
  }>(
    test.store,
    'SELECT key, reason, detail, payload, occurrences FROM syncline.quarantine WHERE entity = $1 ORDER BY key',
    [entity],
  );

const reject = (key: string | null, more: Partial<Reject> = {}): Reject => ({
  key,
  reason: 'VALIDATION',
  severity: 'error',
  detail: 'amount must not be negative',
  payload: { ID: key, AMOUNT: '-100' },
  ...more,
});

describe('quarantine', () => {
  it('keeps the rejects of shaping with reason, severity and payload, and loads the rest', async () => {
    const { load, ids } = await ready('shaped');
    const counts = await load(
      [['1', 'a', '1', null]],
      [reject('2'), reject('3', { reason: 'OVERSIZED', severity: 'critical' })],
    );
    expect(counts).toMatchObject({ fetched: 3, inserted: 1, quarantined: 2 });
    expect(await ids()).toEqual(['1']);
    expect(await entries('shaped')).toMatchObject([
      { key: '2', reason: 'VALIDATION', payload: { ID: '2', AMOUNT: '-100' }, occurrences: 1 },
      { key: '3', reason: 'OVERSIZED' },
    ]);
  });

  it('finds every value that its type refuses, and sets only those rows aside', async () => {
    const { load, ids } = await ready('invalid');
    const rows = [
      ['1', 'a', '1', '2020-01-01 00:00:00+00'],
      ['2', 'too long', '1', null],
      ['3', 'c', 'twelve', null],
      ['4', 'd', '4', 'infinity'],
      ['x5', 'e', '5', null],
      ['6', 'f', 'NaN', '2020-02-30 00:00:00+00'],
    ];
    expect(await load(rows)).toMatchObject({ inserted: 2, quarantined: 4 });
    expect(await ids()).toEqual(['1', '4']);
    const found = await entries('invalid');
    expect(found.map(({ key, reason }) => [key, reason])).toEqual([
      ['2', 'INVALID_VALUE'],
      ['3', 'INVALID_VALUE'],
      ['6', 'INVALID_VALUE'],
      ['x5', 'INVALID_VALUE'],
    ]);
    expect(found[1]?.detail).toBe('amount is no numeric.');
    expect(found[1]?.payload).toEqual({ ID: '3', NAME: 'c', AMOUNT: 'twelve', AT: null });
    expect(JSON.stringify(found.map(({ detail }) => detail))).not.toContain('twelve');
  });

  it('finds bad bytes of a binary piece by halving it', async () => {
    const plan = planOf({ entity: 'bytes', columns: { id: 'integer', name: 'text' } });
    const { ids, job } = await ready('bytes', plan);
    const rows = Array.from({ length: 40 }, (_, i) => [
      int32(i),
      i % 13 === 7 ? Buffer.from([0x61, 0xff]) : Buffer.from('ok'),
    ]);
    const counts = await loadPiece(test.store, await job(), binaryPiece(rows));
    expect(counts).toMatchObject({ fetched: 40, inserted: 37, quarantined: 3 });
    expect(await ids()).toHaveLength(37);
    expect((await entries('bytes')).map(({ key, reason, detail }) => [key, reason, detail])).toEqual([
      ['20', 'INVALID_VALUE', 'name is no text.'],
      ['33', 'INVALID_VALUE', 'name is no text.'],
      ['7', 'INVALID_VALUE', 'name is no text.'],
    ]);
  });

  it('halves a piece for constraints of the user, and names the constraint', async () => {
    const { load, ids } = await ready('checked');
    await test.store.pool.query(
      'ALTER TABLE checked ADD CONSTRAINT amount_is_positive CHECK (amount > 0), ALTER COLUMN name SET NOT NULL',
    );
    await load([['1', 'a', '1', null]]);
    const rows = Array.from(
      { length: 300 },
      (_, i): TestRow => [`${i}`, i === 17 ? null : 'n', i % 100 === 1 ? '-1' : '1', null],
    );
    expect(await load(rows)).toMatchObject({ inserted: 296, quarantined: 4, updated: 0 });
    expect(await ids()).toHaveLength(297);
    expect(await mirrorRows(test.store, planOf({ entity: 'checked', columns }))).toContainEqual({
      id: '1',
      name: 'a',
      amount: '1',
      at: null,
      deleted: false,
    });
    expect((await entries('checked')).map(({ key, reason, detail }) => [key, reason, detail])).toEqual([
      ['1', 'CONSTRAINT', 'The mirror refuses the row: constraint amount_is_positive (23514).'],
      ['101', 'CONSTRAINT', 'The mirror refuses the row: constraint amount_is_positive (23514).'],
      ['17', 'CONSTRAINT', 'The mirror refuses the row: column name (23502).'],
      ['201', 'CONSTRAINT', 'The mirror refuses the row: constraint amount_is_positive (23514).'],
    ]);
  });

  it('survives a piece of nothing but bad rows', async () => {
    const { load, ids } = await ready('all_bad');
    await test.store.pool.query('ALTER TABLE all_bad ADD CHECK (amount > 0)');
    const rows = Array.from({ length: 5_000 }, (_, i): TestRow => [`${i}`, 'n', '-1', null]);
    expect(await load(rows)).toMatchObject({ inserted: 0, quarantined: 5_000 });
    expect(await ids()).toEqual([]);
  });

  it('keeps one of two rows that a unique constraint of the user excludes, deferred or not', async () => {
    const { load, ids } = await ready('unique_names');
    await test.store.pool.query('ALTER TABLE unique_names ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED');
    expect(
      await load([
        ['1', 'a', '1', null],
        ['2', 'a', '1', null],
        ['3', 'b', '1', null],
      ]),
    ).toMatchObject({ inserted: 2, quarantined: 1 });
    expect(await ids()).toEqual(['1', '3']);
  });

  it('sets aside what a trigger of the user refuses', async () => {
    const { load, ids } = await ready('triggered');
    await test.store.pool.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.amount = 13 THEN RAISE EXCEPTION 'thirteen'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION refuse()`);
    expect(
      await load([
        ['1', 'a', '13', null],
        ['2', 'b', '14', null],
      ]),
    ).toMatchObject({ inserted: 1, quarantined: 1 });
    expect(await ids()).toEqual(['2']);
  });

  it('loads none of the rows that share a key; the mirror keeps what it had (C15)', async () => {
    const { plan, load } = await ready('twice');
    await load([['1', 'old', '1', null]]);
    expect(
      await load([
        ['1', 'old', '1', null],
        ['1', 'new', '1', null],
        ['2', 'b', '2', null],
      ]),
    ).toMatchObject({
      fetched: 3,
      inserted: 1,
      updated: 0,
      unchanged: 0,
      quarantined: 2,
    });
    expect(await mirrorRows(test.store, plan)).toMatchObject([{ id: '1', name: 'old' }, { id: '2' }]);
    expect(await entries('twice')).toMatchObject([
      { key: '1', reason: 'DUPLICATE_KEY', detail: '2 rows of the source have this key.' },
    ]);
  });

  it('sees a duplicate in 1.0 and 1.00, and none in texts that another collation would call equal', async () => {
    const numbers = await ready(
      'numbers',
      planOf({ entity: 'numbers', columns: { id: 'numeric', name: 'text' } }),
    );
    expect(
      await numbers.load([
        ['1.0', 'a'],
        ['1.00', 'b'],
      ]),
    ).toMatchObject({ inserted: 0, quarantined: 2 });
    expect((await entries('numbers')).map(({ key }) => key)).toEqual(['1']);
    const texts = await ready('texts', planOf({ entity: 'texts', columns: { id: 'text', name: 'text' } }));
    expect(
      await texts.load([
        ['a', 'x'],
        ['A', 'x'],
        ['a ', 'x'],
        ['á', 'x'],
      ]),
    ).toMatchObject({ inserted: 4, quarantined: 0 });
    expect(await texts.ids()).toEqual(['A', 'a', 'a ', 'á']);
  });

  it('stores payloads that PostgreSQL could not hold as they are', async () => {
    const { load } = await ready('odd');
    const payload = { ID: '1', NAME: 'a\0b', AMOUNT: '\ud800', AT: 'x'.repeat(100_000) };
    await load([], [reject('1', { reason: 'INVALID_VALUE', payload }), reject('nul\0key', { payload })]);
    const [first, second] = await entries('odd');
    expect(first?.payload).toMatchObject({ NAME: 'a␀b', AMOUNT: '\ufffd' });
    expect(first?.payload.AT?.length).toBeLessThan(70_000);
    expect(second?.key).toBe('nul␀key');
  });

  it('is keyed by entity and key over runs, counts up, and is cleared by a good version of the row (C24)', async () => {
    const { plan, load } = await ready('cleared');
    const composite = await ready(
      'cleared_too',
      planOf({ entity: 'cleared_too', columns: { id: 'integer' } }),
    );
    await composite.load([], [reject('2')]);
    await load([], [reject('2'), reject('3')]);
    const later = await startRun(test.store, plan);
    await loadPiece(test.store, await jobFor(test.store, plan, { run: later }), textPiece([], [reject('2')]));
    expect(await entries('cleared')).toMatchObject([
      { key: '2', occurrences: 2 },
      { key: '3', occurrences: 1 },
    ]);
    await load([['2', 'b', '2', null]]);
    expect((await entries('cleared')).map(({ key }) => key)).toEqual(['3']);
    // Another entity's row of the same key is none of its business.
    expect(await entries('cleared_too')).toHaveLength(1);
  });

  it('clears an entry also when the good version is what the mirror has already', async () => {
    const { load } = await ready('same_again');
    await load([['1', 'a', '1', null]]);
    await load([], [reject('1')]);
    expect(await load([['1', 'a', '1', null]])).toMatchObject({ unchanged: 1 });
    expect(await entries('same_again')).toEqual([]);
  });

  it('keeps one entry of a row whose key cannot be read, however often it comes', async () => {
    const { load } = await ready('keyless');
    await load([], [reject(null, { reason: 'UNREADABLE_KEY' })]);
    await load([], [reject(null, { reason: 'UNREADABLE_KEY' })]);
    expect(await entries('keyless')).toMatchObject([{ reason: 'UNREADABLE_KEY', occurrences: 2 }]);
  });
});
