/** An entity in a run, from prepareEntity to finishEntity: mode, drift, identity, checkpoint, verdict. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyDeletes } from '../../src/activities/apply-deletes.ts';
import { closeRun } from '../../src/activities/close-run.ts';
import { copyChanges } from '../../src/activities/copy-changes.ts';
import { copyChunks } from '../../src/activities/copy-chunks.ts';
import { finishEntity, judgeEntity } from '../../src/activities/finish-entity.ts';
import { openRun } from '../../src/activities/open-run.ts';
import { planChunks } from '../../src/activities/plan-chunks.ts';
import { prepareEntity } from '../../src/activities/prepare-entity.ts';
import type { EntitySpec } from '../../src/domain/entity.ts';
import type { EntityRef, EntitySummary, RunMode, SyncPipelineInput } from '../../src/domain/run.ts';
import {
  type Checkpoint,
  moveCheckpoint,
  readCheckpoint,
  requireFullRun,
} from '../../src/store/checkpoints.ts';
import { enqueueRefresh } from '../../src/store/refresh.ts';
import { all, openTestStore, type TestStore } from '../store/load-kit.ts';
import {
  COLUMNS,
  column,
  context,
  depsOf,
  entityOf,
  type FakeRow,
  type FakeSource,
  fakeSource,
  type Kit,
} from './kit.ts';

let at: TestStore;
let runs = 0;
let entities = 0;
beforeAll(async () => {
  at = await openTestStore('entity_life');
});
afterAll(() => at.drop());

const DAY = (day: number): string => `2026-01-${String(day).padStart(2, '0')}T00:00:00.000000Z`;
const row = (id: number, day: number, name: string | null = `row ${id}`): FakeRow => ({
  id,
  name,
  changed: DAY(day),
});

type Life = { kit: Kit; entity: string; source: FakeSource; respec(more: Partial<EntitySpec>): void };

/** An entity of a pipeline of its own. */
function life(rows: readonly FakeRow[], more: Partial<EntitySpec> = {}): Life {
  const entity = `entity_${++entities}`;
  const source = fakeSource(rows);
  source.mark = DAY(10);
  const spec = { ...more, pipeline: entity };
  const made: Life = {
    kit: depsOf(at.store, [entityOf(entity, spec)], { source }),
    entity,
    source,
    respec: (change) => {
      made.kit = depsOf(at.store, [entityOf(entity, { ...spec, ...change })], { source });
    },
  };
  return made;
}

async function begin({ kit, entity }: Life, mode: RunMode, more: Partial<SyncPipelineInput> = {}) {
  const run: SyncPipelineInput = { pipeline: entity, mode, ...more };
  const ids = { workflowId: `run/${entity}`, workflowRunId: `run-${++runs}` };
  const opened = await openRun(kit, { run, ...ids, trigger: 'test' }, context());
  if (opened.outcome !== 'opened') throw new Error(opened.outcome);
  const ref: EntityRef = { ...opened.ref, entity };
  return { ref, run, mode: opened.entities[0]?.mode ?? mode };
}

/** The entity's part of the workflow, without its retries. */
async function sync(one: Life, mode: RunMode, more: Partial<SyncPipelineInput> = {}): Promise<EntitySummary> {
  const begun = await begin(one, mode, more);
  const { kit } = one;
  const { ref, run } = begun;
  try {
    const prepared = await prepareEntity(kit, begun, context());
    if (prepared.action === 'run') {
      if (prepared.mode === 'full') {
        await planChunks(kit, { ref, run }, context());
        await copyChunks(kit, { ref, lane: 1, timeBoxMs: 60_000 }, context());
        await applyDeletes(kit, { ref, run }, context());
      }
      await copyChanges(kit, { ref, timeBoxMs: 60_000 }, context());
    }
    return await finishEntity(kit, { ref, run }, context());
  } finally {
    await closeRun(kit, { ref, cancelled: false });
  }
}

const names = async ({ entity }: Life): Promise<Record<number, string | null>> => {
  const rows = await all<{ id: number; name: string | null }>(
    at.store,
    `SELECT id, name FROM public.${entity} WHERE sync_deleted_at IS NULL ORDER BY id`,
  );
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
};

const checkpoint = ({ entity }: Life) => readCheckpoint(at.store.pool, entity);

describe('a run of an entity', () => {
  test('is full by itself on an empty mirror; then increments start at the frozen mark (C2)', async () => {
    const one = life([row(1, 1), row(2, 2)]);
    expect(await sync(one, 'incremental')).toMatchObject({
      mode: 'full',
      status: 'SUCCESS',
      watermark: DAY(10),
      counts: { inserted: 2 },
    });
    expect(await checkpoint(one)).toMatchObject({
      watermark: DAY(10),
      sourceIdentity: 'cluster-1/1',
      version: 1,
    });

    one.source.rows = [row(1, 1), row(2, 11, 'changed')];
    one.source.mark = DAY(12);
    expect(await sync(one, 'incremental')).toMatchObject({
      mode: 'incremental',
      watermark: DAY(12),
      counts: { fetched: 1, updated: 1 },
    });
    expect(await checkpoint(one)).toMatchObject({ watermark: DAY(12), version: 2 });
    expect(await names(one)).toEqual({ 1: 'row 1', 2: 'changed' });
  });

  test('first_load says that the mirror is empty, tombstones included (C15)', async () => {
    const one = life([row(1, 1)]);
    const firstLoads = async () =>
      (
        await all<{ firstLoad: boolean }>(
          at.store,
          `SELECT first_load AS "firstLoad" FROM syncline.sync_run_entity WHERE entity = $1 ORDER BY started_at`,
          [one.entity],
        )
      ).map(({ firstLoad }) => firstLoad);
    await sync(one, 'full');
    await at.store.pool.query(`UPDATE public.${one.entity} SET sync_deleted_at = now()`);
    await at.store.pool.query('DELETE FROM syncline.checkpoint WHERE entity = $1', [one.entity]);
    await sync(one, 'full');
    expect(await firstLoads()).toEqual([true, false]);
    const [index] = await all(
      at.store,
      `SELECT FROM pg_indexes WHERE tablename = $1 AND indexdef LIKE '%sync_xid%'`,
      [one.entity],
    );
    expect(index).toBeDefined();
  });

  test('deletes what the source no longer has, and removes what it needed on the way', async () => {
    const one = life([row(1, 1), row(2, 2)]);
    await sync(one, 'full');
    one.source.rows = [row(1, 1)];
    expect(await sync(one, 'full')).toMatchObject({ status: 'SUCCESS', counts: { tombstoned: 1 } });
    expect(await names(one)).toEqual({ 1: 'row 1' });
    expect(
      await all(at.store, 'SELECT FROM syncline.delete_candidate WHERE entity = $1', [one.entity]),
    ).toEqual([]);
  });

  test('bounded by since or maxRows: loads what it says, and leaves the checkpoint', async () => {
    const one = life([row(1, 1), row(2, 8)]);
    expect(await sync(one, 'full', { since: DAY(5) })).toMatchObject({
      counts: { inserted: 1 },
      status: 'SUCCESS',
    });
    expect(await checkpoint(one)).toBeNull();
    expect(await names(one)).toEqual({ 2: 'row 2' });
    expect(await sync(one, 'full', { since: DAY(5), maxRows: 1 })).toMatchObject({
      counts: { unchanged: 1 },
    });
    await sync(one, 'full');
    const before = await checkpoint(one);
    one.source.rows = [row(2, 8)];
    expect(await sync(one, 'full', { maxRows: 1 })).toMatchObject({ counts: { tombstoned: 0 } });
    expect(await checkpoint(one)).toEqual(before);
    expect(await names(one)).toEqual({ 1: 'row 1', 2: 'row 2' });
  });

  test('since without changedAt is refused', async () => {
    const one = life([row(1, 1)], { changedAt: null });
    await expect(sync(one, 'full', { since: DAY(5) })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('an increment without changedAt is skipped, unless keys wait to be read again', async () => {
    const one = life([row(1, 1)], { changedAt: null });
    await sync(one, 'full');
    expect(await sync(one, 'incremental')).toMatchObject({ status: 'SKIPPED', counts: { fetched: 0 } });
    one.source.rows = [row(1, 2, 'again')];
    await enqueueRefresh(at.store.pool, { entity: one.entity, keys: ['1'], reason: 'test' });
    expect(await sync(one, 'incremental')).toMatchObject({ status: 'SUCCESS', mode: 'incremental' });
    expect(await names(one)).toEqual({ 1: 'again' });
  });
});

describe('C2: another source', () => {
  test('stops an increment; a full run takes it over and starts over', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    one.source.identityId = 'cluster-2/1';
    one.source.mark = DAY(3);
    await expect(sync(one, 'incremental')).rejects.toMatchObject({
      code: 'SOURCE_IDENTITY_CHANGED',
      remedy: expect.stringContaining(`${one.entity} --full`),
    });
    expect(await checkpoint(one)).toMatchObject({ sourceIdentity: 'cluster-1/1', watermark: DAY(10) });
    await sync(one, 'full');
    expect(await checkpoint(one)).toMatchObject({ sourceIdentity: 'cluster-2/1', watermark: DAY(3) });
    const [last] = await all(
      at.store,
      'SELECT watermark_from FROM syncline.sync_run_entity WHERE entity = $1 ORDER BY started_at DESC LIMIT 1',
      [one.entity],
    );
    expect(last).toEqual({ watermark_from: null });
  });
});

describe('C21: the source’s columns change', () => {
  const WIDER = [...COLUMNS, column('note', 'text')];

  test('a missing column stops the entity before it reads or deletes anything', async () => {
    const one = life([row(1, 1), row(2, 1)]);
    await sync(one, 'full');
    one.source.columns = COLUMNS.filter(({ name }) => name !== 'name');
    one.source.rows = [];
    one.source.calls.length = 0;
    await expect(sync(one, 'full')).rejects.toMatchObject({ code: 'SCHEMA_CHANGED', message: /name/ });
    expect(one.source.calls).not.toContain('readChunk');
    expect(await names(one)).toEqual({ 1: 'row 1', 2: 'row 2' });
  });

  test('a new column stops it with the remedy, and is taken over where that is wanted: by a full run', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    one.source.columns = WIDER;
    await expect(sync(one, 'incremental')).rejects.toMatchObject({
      code: 'SCHEMA_CHANGED',
      remedy: expect.stringContaining('plan --apply'),
    });
    one.respec({ schemaChanges: 'apply' });
    one.source.rows = [{ ...row(1, 1), note: 'filled' } as FakeRow];
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full', status: 'SUCCESS' });
    expect(await all(at.store, `SELECT note FROM public.${one.entity}`)).toEqual([{ note: 'filled' }]);
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'incremental' });
  });

  test('a column that comes up in mid-run is not taken for filled: another worker may have left it out', async () => {
    const one = life([{ ...row(1, 1), note: 'late' } as FakeRow], { schemaChanges: 'apply' });
    const begun = await begin(one, 'full');
    const { ref, run } = begun;
    await prepareEntity(one.kit, begun, context());
    await planChunks(one.kit, begun, context());
    await copyChunks(one.kit, { ref, lane: 1, timeBoxMs: 60_000 }, context());
    one.source.columns = WIDER;
    // A worker that was started since sees the source as it is now.
    one.respec({ schemaChanges: 'apply' });
    await at.store.pool.query(`ALTER TABLE public.${one.entity} ADD COLUMN note text`);
    await copyChanges(one.kit, { ref, timeBoxMs: 60_000 }, context());
    expect(await finishEntity(one.kit, { ref, run }, context())).toMatchObject({ status: 'SUCCESS' });
    await closeRun(one.kit, { ref, cancelled: false });
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full' });
    expect(await all(at.store, `SELECT note FROM public.${one.entity}`)).toEqual([{ note: 'late' }]);
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'incremental' });
  });

  test('a column that somebody else added to the mirror is filled by a full run, too', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    await at.store.pool.query(`ALTER TABLE public.${one.entity} ADD COLUMN note text`);
    one.source.columns = WIDER;
    one.source.rows = [{ ...row(1, 1), note: 'filled' } as FakeRow];
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full' });
    expect(await all(at.store, `SELECT note FROM public.${one.entity}`)).toEqual([{ note: 'filled' }]);
  });
});

describe('the configuration changes', () => {
  test.each([
    { what: 'changedAt', more: { changedAt: { columns: ['other'], setBy: 'database', overlapMs: 0 } } },
    { what: 'softDelete', more: { softDelete: { column: 'name', values: ['gone'] } } },
    {
      what: 'deduplicate',
      more: {
        deduplicate: { by: ['name'], at: 'changed', withinMs: 1_000, scope: 'entity', retentionMs: 1e12 },
      },
    },
  ] satisfies { what: string; more: Partial<EntitySpec> }[])(
    'another $what makes the next run full: rows that do not change would never follow it',
    async ({ more }) => {
      const one = life([row(1, 1)]);
      one.source.columns = [...COLUMNS, column('other', 'timestamp with time zone')];
      await sync(one, 'full');
      one.respec(more);
      expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full', status: 'SUCCESS' });
      expect(await sync(one, 'incremental')).toMatchObject({ mode: 'incremental', status: 'SUCCESS' });
      one.respec({});
      expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full', status: 'SUCCESS' });
    },
  );

  test('without `deduplicate`, what it left out comes in, and nothing of it is remembered', async () => {
    const deduplicate = {
      by: ['name'],
      at: 'changed',
      withinMs: 1_000,
      scope: 'entity',
      retentionMs: 1e12,
    } as const;
    const one = life([row(1, 1, 'twin'), row(2, 1, 'twin')], { deduplicate });
    expect(await sync(one, 'full')).toMatchObject({ counts: { inserted: 1, skipped: 1 } });
    one.respec({ deduplicate: null });
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full', counts: { inserted: 1 } });
    expect(await names(one)).toEqual({ 1: 'twin', 2: 'twin' });
    for (const memory of ['dedupe_survivor', 'skipped_row']) {
      const left = `SELECT FROM syncline.${memory} WHERE entity = '${one.entity}'`;
      expect(await all(at.store, left)).toEqual([]);
    }
  });

  test('rows that a wider `read` lets in have not changed, so the next run is full', async () => {
    const one = life([row(1, 1)], { read: { kind: 'table', table: 'sales', where: 'id < 2' } });
    await sync(one, 'full');
    one.source.rows = [row(1, 1), row(2, 1)];
    one.respec({ read: { kind: 'table', table: 'sales' } });
    // Not late: no increment could have seen it.
    expect(await sync(one, 'incremental')).toMatchObject({
      mode: 'full',
      counts: { inserted: 1, lateRows: 0 },
    });
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'incremental' });
  });

  test('a changedAt that is new has no mark to start at, so the next run is full', async () => {
    const one = life([row(1, 1)], { changedAt: null });
    await sync(one, 'full');
    expect(await checkpoint(one)).toMatchObject({ watermark: null });
    one.source.rows = [row(1, 5, 'changed before the mark')];
    one.respec({ changedAt: { columns: ['changed'], setBy: 'database', overlapMs: 0 } });
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full' });
    expect(await names(one)).toEqual({ 1: 'changed before the mark' });
  });
});

describe('C4: the checkpoint', () => {
  async function prepared(one: Life) {
    const begun = await begin(one, 'full');
    await prepareEntity(one.kit, begun, context());
    await planChunks(one.kit, begun, context());
    return begun;
  }

  test('does not pass a chunk that is undone', async () => {
    const one = life([row(1, 1)]);
    const { ref, run } = await prepared(one);
    expect(await finishEntity(one.kit, { ref, run }, context())).toMatchObject({ status: 'PARTIAL' });
    expect(await checkpoint(one)).toBeNull();
  });

  test('does not pass a chunk that failed; the entity goes first in the next run', async () => {
    const one = life([row(1, 1)]);
    const { ref, run } = await prepared(one);
    await at.store.pool.query(
      `UPDATE syncline.sync_chunk SET state = 'failed', failures = 3, error = '{"code": "SOURCE_QUERY", "message": "bad view"}'
        WHERE run_id = $1`,
      [ref.runId],
    );
    expect(await finishEntity(one.kit, { ref, run }, context())).toMatchObject({
      status: 'FAILED',
      error: { code: 'CHUNK_FAILED', message: expect.stringContaining('bad view') },
    });
    expect(await checkpoint(one)).toBeNull();
  });

  test('moves by compare-and-set only', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    const { version, needsFull, entity, ...now } = (await checkpoint(one)) as Checkpoint;
    const ref = { runId: 'x', pipeline: entity, fence: 1, configHash: 'x', entity };
    const move = (from: number | null) =>
      moveCheckpoint(at.store.pool, ref, { ...now, mode: 'full', watermark: DAY(20), from });
    expect(await move(null)).toBe(false);
    expect(await move(version + 1)).toBe(false);
    expect(await checkpoint(one)).toMatchObject({ watermark: DAY(10), version });
    expect(await move(version)).toBe(true);
    expect(await move(version)).toBe(false);
    expect(await checkpoint(one)).toMatchObject({ watermark: DAY(20), version: version + 1, needsFull });
  });

  test('does not move when another run has moved it since this one began', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    const { ref, run } = await prepared(one);
    await copyChunks(one.kit, { ref, lane: 1, timeBoxMs: 60_000 }, context());
    await copyChanges(one.kit, { ref, timeBoxMs: 60_000 }, context());
    await at.store.pool.query(
      `UPDATE syncline.checkpoint SET version = version + 1, watermark = $2 WHERE entity = $1`,
      [one.entity, DAY(20)],
    );
    expect(await finishEntity(one.kit, { ref, run }, context())).toMatchObject({
      status: 'PARTIAL',
      error: { code: 'FENCED' },
    });
    expect(await checkpoint(one)).toMatchObject({ watermark: DAY(20) });
  });

  test('keeps the need of a full run that came up while one was at work', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    await requireFullRun(at.store.pool, one.entity);
    const { ref, run } = await prepared(one);
    await copyChunks(one.kit, { ref, lane: 1, timeBoxMs: 60_000 }, context());
    await requireFullRun(at.store.pool, one.entity);
    await copyChanges(one.kit, { ref, timeBoxMs: 60_000 }, context());
    await finishEntity(one.kit, { ref, run }, context());
    await closeRun(one.kit, { ref, cancelled: false });
    expect(await checkpoint(one)).toMatchObject({ needsFull: true });
    expect(await sync(one, 'incremental')).toMatchObject({ mode: 'full' });
    expect(await checkpoint(one)).toMatchObject({ needsFull: false });
  });

  test('does not move for a run that lost its fence', async () => {
    const one = life([row(1, 1)]);
    const { ref, run } = await prepared(one);
    await copyChunks(one.kit, { ref, lane: 1, timeBoxMs: 60_000 }, context());
    await at.store.pool.query(`UPDATE syncline.sync_run SET fence = fence + 1 WHERE id = $1`, [ref.runId]);
    await expect(finishEntity(one.kit, { ref, run }, context())).rejects.toMatchObject({
      code: 'RUN_CANCELLED',
    });
    expect(await checkpoint(one)).toBeNull();
  });

  test('finishEntity tells the same when it is tried again, also after the run is over', async () => {
    const one = life([row(1, 1)]);
    const { ref, run } = await prepared(one);
    await copyChunks(one.kit, { ref, lane: 1, timeBoxMs: 60_000 }, context());
    await copyChanges(one.kit, { ref, timeBoxMs: 60_000 }, context());
    const first = await finishEntity(one.kit, { ref, run }, context());
    expect(await finishEntity(one.kit, { ref, run }, context())).toEqual(first);
    await closeRun(one.kit, { ref, cancelled: false });
    expect(await finishEntity(one.kit, { ref, run }, context())).toEqual(first);
    expect(await checkpoint(one)).toMatchObject({ version: 1 });
  });

  test('chunks are planned once, whatever the source says at a second try', async () => {
    const one = life([row(1, 1)]);
    const begun = await prepared(one);
    one.source.planChunks = async () => ({
      ranges: [
        { lower: null, upper: '1' },
        { lower: '1', upper: null },
      ],
    });
    expect(await planChunks(one.kit, begun, context())).toEqual({ chunks: 1 });
    expect(
      await all(at.store, 'SELECT lower, upper FROM syncline.sync_chunk WHERE run_id = $1', [
        begun.ref.runId,
      ]),
    ).toEqual([{ lower: null, upper: null }]);
  });

  test('an entity that failed before it was prepared is seen all the same', async () => {
    const one = life([row(1, 1)]);
    const { ref, run } = await begin(one, 'full');
    const error = { code: 'SCHEMA_CHANGED', message: 'a column is gone' };
    expect(await finishEntity(one.kit, { ref, run, error }, context())).toMatchObject({
      status: 'FAILED',
      error,
    });
    expect(await closeRun(one.kit, { ref, cancelled: false })).toMatchObject({ status: 'FAILED' });
  });
});

describe('C24: quarantine', () => {
  const quarantined = ({ entity }: Life) =>
    all(at.store, 'SELECT key, reason FROM syncline.quarantine WHERE entity = $1 ORDER BY key', [entity]);

  async function setAside({ entity }: Life, key: string): Promise<void> {
    await at.store.pool.query(
      `INSERT INTO syncline.quarantine (entity, key, pipeline, reason, severity, detail, payload, run_id)
       VALUES ($1, $2, $1, 'VALIDATION', 'error', 'x', '{}', 'earlier')`,
      [entity, key],
    );
  }

  test('more than maxQuarantined is PARTIAL, with what to do; the rest is in', async () => {
    const one = life([row(1, 1)], { maxQuarantined: 0 });
    const begun = await begin(one, 'full');
    await closeRun(one.kit, { ref: begun.ref, cancelled: false });
    await sync(one, 'full');
    await setAside(one, '77');
    one.source.rows = [row(1, 1), row(2, 11)];
    one.source.mark = DAY(12);
    expect(await sync(one, 'incremental')).toMatchObject({
      status: 'PARTIAL',
      error: { code: 'TOO_MANY_QUARANTINED', remedy: expect.stringContaining('quarantine') },
    });
    expect(await names(one)).toEqual({ 1: 'row 1', 2: 'row 2' });
  });

  test('a full run forgets entries of rows that the source no longer has; an increment keeps them', async () => {
    const one = life([row(1, 1)]);
    await sync(one, 'full');
    await setAside(one, '77');
    await sync(one, 'incremental');
    expect(await quarantined(one)).toEqual([{ key: '77', reason: 'VALIDATION' }]);
    await sync(one, 'full', { since: DAY(1) });
    expect(await quarantined(one)).toHaveLength(1);
    await sync(one, 'full');
    expect(await quarantined(one)).toEqual([]);
  });
});

describe('judgeEntity', () => {
  const end = { failedChunks: 0, doneChunks: 3, undoneChunks: 0, chunkError: null, error: null };
  const guard = { code: 'MASS_DELETE', message: 'too many' };
  const error = { code: 'SOURCE_QUERY', message: 'x' };
  test.each([
    { what: 'all done', status: 'SUCCESS' },
    { what: 'cancelled', input: { cancelled: true }, status: 'CANCELLED' },
    { what: 'an error after some chunks', input: { error }, status: 'PARTIAL', code: 'SOURCE_QUERY' },
    {
      what: 'an error before any',
      at: { doneChunks: 0 },
      input: { error },
      status: 'FAILED',
      code: 'SOURCE_QUERY',
    },
    { what: 'a failed chunk', at: { failedChunks: 1 }, status: 'PARTIAL', code: 'CHUNK_FAILED' },
    {
      what: 'only failed chunks',
      at: { failedChunks: 1, doneChunks: 0 },
      status: 'FAILED',
      code: 'CHUNK_FAILED',
    },
    { what: 'chunks left undone', at: { undoneChunks: 1 }, status: 'PARTIAL', code: 'INTERNAL' },
    { what: 'deletes that wait for a person', at: { error: guard }, status: 'PARTIAL', code: 'MASS_DELETE' },
  ])('$what: $status', ({ at: changed = {}, input = {}, status, code }) => {
    const verdict = judgeEntity({ end: { ...end, ...changed }, input, quarantined: 5, maxQuarantined: null });
    expect([verdict.status, verdict.error?.code]).toEqual([status, code]);
  });

  test.each([
    [5, 5, 'SUCCESS'],
    [6, 5, 'PARTIAL'],
    [1, 0, 'PARTIAL'],
  ])('%i in quarantine where %i may be: %s', (quarantined, maxQuarantined, status) => {
    expect(judgeEntity({ end, input: {}, quarantined, maxQuarantined }).status).toBe(status);
  });
});
