/** Groups whose changes are of several entities: one transaction, in which rows made offline name each other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyUpload } from '../../src/activities/apply-upload.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { contextOf, type Kit } from '../runs/run-kit.ts';
import { mortal } from './crash-kit.ts';
import { createGroupKit, insert, remove, update } from './group-kit.ts';
import { process, stage, upload, verdictsOf } from './upload-kit.ts';

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  kit = await createGroupKit();
  deps = kit.worker();
}, 60_000);
afterAll(() => kit?.close());

async function source(sql: string): Promise<unknown[]> {
  return (await kit.source.query({ text: sql, rowMode: 'array' })).rows;
}
async function store(sql: string): Promise<unknown[]> {
  return (await kit.store.pool.query({ text: sql, rowMode: 'array' })).rows;
}
const codes = (verdicts: readonly { status: string; code?: string }[]) =>
  verdicts.map(({ status, code }) => code ?? status);
const applied = (count: number) => Array(count).fill('applied');

describe('a group at a source', () => {
  test('makes parents and children that name them, in whatever order they were sent', async () => {
    const verdicts = await upload(deps, [
      insert(['people', 'p2'], { name: 'second', firm: 'f', boss: 'p1', note: 'n2' }),
      insert(['people', 'p1'], { name: 'first', firm: 'f' }),
      update(['people', 1], { firm: 'f', name: 'moved' }, { base: { values: { firm: '1', name: 'old' } } }),
      insert(['firms', 'f'], { name: 'new' }),
      insert(['brands', 'b'], { name: 'brand' }),
      remove(['firms', 1], { base: { values: { name: 'old' } } }),
    ]);
    expect(codes(verdicts)).toEqual(applied(6));
    const sql = `SELECT p.name, f.name, b.name FROM co.people AS p LEFT JOIN co.firms AS f ON f.id = p.firm
                   LEFT JOIN co.people AS b ON b.id = p.boss WHERE p.id = 1 OR p.id >= 2000 ORDER BY p.name`;
    const rows = [
      ['first', 'new', null],
      ['moved', 'new', null],
      ['second', 'new', 'first'],
    ];
    expect(await source(sql)).toEqual(rows);
    expect(await store(sql)).toEqual(rows);
    expect(await store(`SELECT name FROM co.brands WHERE sync_id = 'b'`)).toEqual([['brand']]);
    expect(await store(`SELECT id FROM co.firms WHERE name = 'brand'`)).toEqual([]);
    expect(await store(`SELECT note, sync_id FROM co.people WHERE name = 'second'`)).toEqual([['n2', 'p2']]);
    expect(await store('SELECT sync_deleted_at IS NOT NULL FROM co.firms WHERE id = 1')).toEqual([[true]]);
    const [firm] = await store(`SELECT id::text FROM co.firms WHERE sync_id = 'f'`);
    const change = `SELECT change->'fields'->'firm'->>'new' FROM syncline.change_log WHERE entity = 'people' AND origin = 'd1'
                     ORDER BY id LIMIT 1`;
    expect(await store(change)).toEqual([firm]);
    // All of it became visible at once.
    const xids = `SELECT count(DISTINCT xid)::int FROM (SELECT sync_xid AS xid FROM co.people WHERE sync_id IN ('p1', 'p2')
                   UNION ALL SELECT sync_xid FROM co.firms WHERE sync_id = 'f') AS x`;
    expect(await store(xids)).toEqual([[1]]);
  });

  test('of which one row is refused leaves nothing of any entity', async () => {
    const group = (name: string) => [
      insert(['people', `q-${name}`], { name, firm: `g-${name}` }),
      insert(['firms', `g-${name}`], { name: 'nothing' }),
    ];
    expect(codes(await upload(deps, group('')))).toEqual(['23514', 'GROUP_FAILED']);
    expect(codes(await upload(deps, group('nobody')))).toEqual(['RULE_REJECTED', 'GROUP_FAILED']);
    const [why, other] = await upload(deps, [
      ...[update(['people', 2], { firm: 'h' }, { base: { values: { firm: '7' } } })],
      ...[insert(['firms', 'h'], { name: 'nothing' })],
    ]);
    // A name of a row to come clashes like any other.
    expect([why, other]).toMatchObject([{ code: 'GROUP_FAILED' }, { code: 'GROUP_FAILED' }]);
    expect(await source(`SELECT FROM co.firms WHERE name = 'nothing'`)).toEqual([]);
    expect(await store(`SELECT FROM co.firms WHERE name = 'nothing'`)).toEqual([]);
  });

  test('whose rows name each other in a circle says so', async () => {
    const verdicts = await upload(deps, [
      insert(['people', 'c1'], { name: 'one', boss: 'c2' }),
      insert(['people', 'c2'], { name: 'two', boss: 'c1' }),
      insert(['firms', 'c3'], { name: 'nothing' }),
    ]);
    expect(codes(verdicts).sort()).toEqual(['GROUP_FAILED', 'GROUP_FAILED', 'REFERENCE_CYCLE']);
  });

  test('is of one source, or of mirrors alone', async () => {
    const both = await upload(deps, [
      update(['firms', 5], { name: 'x' }),
      update(['shops', 5], { name: 'x' }),
    ]);
    const mixed = await upload(deps, [
      update(['firms', 5], { name: 'x' }),
      insert(['sites', 's'], { name: 'x' }),
    ]);
    const unknown = await upload(deps, [
      update(['firms', 5], { name: 'x' }),
      update(['ghosts', 5], { name: 'x' }),
    ]);
    for (const verdicts of [both, mixed, unknown])
      expect(codes(verdicts)).toEqual(['GROUP_INVALID', 'GROUP_INVALID']);
    expect(both[0]?.message).toContain('source erp and source erp2');
    expect(mixed[0]?.message).toContain('source erp and the mirror');
    expect(unknown[0]?.message).toContain('ghosts');
  });

  test('is not applied in part where some of it was sent before', async () => {
    const device = 'parts';
    const [one, two, three] = [6, 7, 8].map((id) => ({
      ...update(['firms', id], { name: 'part' }),
      mutation: `firm-${id}`,
    }));
    await upload(deps, [{ ...one, group: undefined }], { device });
    const verdicts = await upload(deps, [one, two], { device });
    expect(codes(verdicts)).toEqual(['applied', 'GROUP_INVALID']);
    // Whole groups that are sent again are known, also without ids.
    const group = [{ ...three, mutation: undefined }, update(['people', 8], { name: 'part' })];
    for (let sent = 0; sent < 2; sent++)
      expect(codes(await upload(deps, group, { device }))).toEqual(applied(2));
    const other = [{ ...three, mutation: undefined }, update(['people', 9], { name: '' })];
    expect(codes(await upload(deps, other, { device }))).toEqual(['GROUP_FAILED', '23514']);
  });

  test('may be of several pipelines of that source, and wait for changes of one of them', async () => {
    const { p, q } = deps.config.pipelines;
    if (p === undefined || q?.entities.shops === undefined) throw new Error('There are two pipelines');
    await kit.source.query(`INSERT INTO co.shops (id, name) VALUES (1, 'old')`);
    const shops = { ...q.entities.shops, source: 'erp' };
    const pipelines = { p, q: { ...q, source: 'erp', entities: { shops } } };
    const one: ActivityDeps = { ...deps, config: { ...deps.config, pipelines } };
    const verdicts = await upload(one, [
      insert(['firms', 'w'], { name: 'wide' }),
      update(['shops', 1], { name: 'first' }, { base: { values: { name: 'old' } }, group: undefined }),
      update(['shops', 1], { name: 'second' }, { base: { values: { name: 'first' } } }),
    ]);
    expect(codes(verdicts)).toEqual(applied(3));
    expect(await source('SELECT name FROM co.shops WHERE id = 1')).toEqual([['second']]);
    expect(await source(`SELECT count(*)::int FROM co.firms WHERE name = 'wide'`)).toEqual([[1]]);
  });

  test('is whole, whenever its worker dies', async () => {
    let died: string | null = '';
    let rounds = 0;
    for (let step = 1; died !== null; step += 5) {
      rounds++;
      const ref = { device: `g${rounds}`, key: 'u' };
      const [firm, name] = [`firm-${rounds}`, `crash-${rounds}`];
      await stage(
        deps,
        [insert(['people', `person-${rounds}`], { name, firm }), insert(['firms', firm], { name })],
        ref,
      );
      const worker = mortal(deps, { step, when: rounds % 2 === 0 ? 'before' : 'after' });
      await process(worker.deps, ref).catch((error: unknown) => {
        if (worker.diedAt() === null) throw error;
      });
      died = worker.diedAt();
      await kit.store.pool.query('DELETE FROM syncline.source_slot');
      await process(deps, ref);
      expect(codes(await verdictsOf(deps, ref)), `the worker died ${died}`).toEqual(applied(2));
    }
    expect(rounds).toBeGreaterThan(8);
    const joined = `SELECT count(*)::int FROM co.people AS p JOIN co.firms AS f ON f.id = p.firm AND f.name = p.name
                     WHERE p.name LIKE 'crash-%'`;
    expect([await source(joined), await store(joined)]).toEqual([[[rounds]], [[rounds]]]);
    expect(await source(`SELECT count(*)::int FROM co.firms WHERE name LIKE 'crash-%'`)).toEqual([[rounds]]);
  }, 120_000);
});

describe('a circle of references', () => {
  test('between a group and single changes is cut, and holds up nothing', async () => {
    const verdicts = await upload(deps, [
      insert(['people', 'k1'], { name: 'in the group', boss: 'k2' }),
      insert(['firms', 'k3'], { name: 'lost' }),
      insert(['people', 'k2'], { name: 'alone', boss: 'k1' }, { group: undefined }),
      insert(['people', 'k4'], { name: 'hangs on it', boss: 'k2' }, { group: undefined }),
      insert(['people', 'k5'], { name: 'free' }, { group: undefined }),
    ]);
    expect(codes(verdicts)).toEqual([
      'REFERENCE_CYCLE',
      'GROUP_FAILED',
      'REFERENCE_CYCLE',
      expect.not.stringMatching(/applied|NONE/),
      'applied',
    ]);
  });

  test('between two uploads, and through earlier changes of a row, is cut too', async () => {
    const [one, two] = [
      { device: 'circle', key: 'one' },
      { device: 'circle', key: 'two' },
    ];
    const alone = { group: undefined };
    await stage(deps, [insert(['people', 'x1'], { name: 'one', boss: 'x2' }, alone)], one);
    await stage(
      deps,
      [
        update(['people', 30], { boss: 'x1' }, alone),
        update(['people', 30], { name: 'in the group' }),
        insert(['people', 'x2'], { name: 'two' }),
      ],
      two,
    );
    const look = (ref: typeof one) =>
      applyUpload(deps, { ...ref, pipeline: 'p', timeBoxMs: 5_000 }, contextOf());
    await look(one);
    await process(deps, two);
    await process(deps, one);
    expect(codes(await verdictsOf(deps, one))).toEqual(['REFERENCE_CYCLE']);
    expect(codes(await verdictsOf(deps, two))).toEqual(['INVALID_VALUE', 'applied', 'applied']);
  });
});

describe('changes of several entities that stay in mirrors', () => {
  test('follow the foreign keys of the mirrors, without a group', async () => {
    const verdicts = await upload(deps, [
      { ...insert(['visits', 'v1'], { site: 's1', grade: 1 }), group: undefined },
      { ...insert(['sites', 's1'], { name: 'one' }), group: undefined },
    ]);
    expect(codes(verdicts)).toEqual(applied(2));
    const gone = [
      { ...remove(['sites', 's1']), group: undefined },
      { ...remove(['visits', 'v1']), group: undefined },
    ];
    expect(codes(await upload(deps, gone))).toEqual(applied(2));
  });

  test('and in one: all or nothing', async () => {
    const good = [
      insert(['visits', 'v2'], { site: 's2', grade: 1 }),
      insert(['sites', 's2'], { name: 'two' }),
    ];
    expect(codes(await upload(deps, good))).toEqual(applied(2));
    const bad = [
      insert(['visits', 'v3'], { site: 'nowhere', grade: 1 }),
      insert(['sites', 's3'], { name: 'three' }),
    ];
    expect(codes(await upload(deps, bad))).toEqual(['CONSTRAINT', 'GROUP_FAILED']);
    expect(await store('SELECT id FROM co.sites WHERE sync_deleted_at IS NULL ORDER BY id')).toEqual([
      ['s2'],
    ]);
  });
});
