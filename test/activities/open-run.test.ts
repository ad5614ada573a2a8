/** Opening, steering, sweeping and closing runs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeRun, judgeRun } from '../../src/activities/close-run.ts';
import { checkConfigHash } from '../../src/activities/deps.ts';
import { openRun } from '../../src/activities/open-run.ts';
import { steerRun } from '../../src/activities/steer-run.ts';
import { sweepRuns } from '../../src/activities/sweep.ts';
import type { RunMode, RunRef, RunStatus, SyncPipelineInput } from '../../src/domain/run.ts';
import { all, openTestStore, type TestStore } from '../store/load-kit.ts';
import { context, depsOf, entityOf, type Kit } from './kit.ts';

let at: TestStore;
let pipelines = 0;
beforeAll(async () => {
  at = await openTestStore('open_run');
});
afterAll(() => at.drop());

/** A pipeline of its own for each test, so that leases do not meet. */
function pipelineKit(names: readonly string[] = ['sales']): Kit & { pipeline: string } {
  const pipeline = `pipeline-${++pipelines}`;
  const entities = names.map((name) => entityOf(`${pipeline}-${name}`, { pipeline }));
  return { ...depsOf(at.store, entities), pipeline };
}

function open(kit: Kit & { pipeline: string }, runId: string, more: Partial<SyncPipelineInput> = {}) {
  const run: SyncPipelineInput = { pipeline: kit.pipeline, mode: 'full', ...more };
  const ids = { workflowId: `run/${kit.pipeline}`, workflowRunId: `${kit.pipeline}/${runId}` };
  return openRun(kit, { run, ...ids, trigger: 'test' }, context());
}

async function opened(kit: Kit & { pipeline: string }, runId: string, more: Partial<SyncPipelineInput> = {}) {
  const answer = await open(kit, runId, more);
  if (answer.outcome !== 'opened') throw new Error(answer.outcome);
  return answer;
}

const runRow = async (ref: RunRef) =>
  (await all(at.store, 'SELECT * FROM syncline.sync_run WHERE id = $1', [ref.runId]))[0];

async function endEntities(
  ref: RunRef,
  statuses: Record<string, string>,
  mode: RunMode = 'full',
): Promise<void> {
  for (const [entity, status] of Object.entries(statuses)) {
    await at.store.pool.query(
      `INSERT INTO syncline.sync_run_entity (run_id, entity, mode, status, source_identity, fetched, finished_at)
       VALUES ($1, $2, $3, $4, 'x', 10, clock_timestamp())`,
      [ref.runId, entity, mode, status],
    );
  }
}

const close = (kit: Kit, ref: RunRef, cancelled = false) => closeRun(kit, { ref, cancelled });

describe('openRun', () => {
  test('writes the run with who and what, once', async () => {
    const kit = pipelineKit();
    const first = await opened(kit, 'a', { requestedBy: 'maria', since: '2026-02-01' });
    expect(await open(kit, 'a', { requestedBy: 'maria', since: '2026-02-01' })).toEqual(first);
    expect(first.ref).toMatchObject({ pipeline: kit.pipeline, configHash: 'hash-of-the-configuration' });
    expect(await runRow(first.ref)).toMatchObject({
      mode: 'full',
      trigger: 'test',
      requested_by: 'maria',
      source: 'shop',
      source_kind: 'fake',
      status: 'RUNNING',
      config_hash: 'hash-of-the-configuration',
      input: { since: '2026-02-01T00:00:00.000000Z' },
    });
  });

  test.each([
    ['a pipeline', { pipeline: 'nowhere' }, 'CONFIG_UNKNOWN'],
    ['an entity', { entities: ['nothing'] }, 'CONFIG_UNKNOWN'],
    ['a mode', { mode: 'fast' as RunMode }, 'CONFIG_UNKNOWN'],
    ['a time', { since: 'yesterday' }, 'CONFIG_INVALID'],
    ['a number of rows', { maxRows: 0 }, 'CONFIG_INVALID'],
  ])('refuses %s that does not exist, and writes nothing', async (_what, more, code) => {
    const kit = pipelineKit();
    await expect(open(kit, 'wrong', more)).rejects.toMatchObject({ code });
    expect(await all(at.store, 'SELECT FROM syncline.sync_run WHERE pipeline = $1', [kit.pipeline])).toEqual(
      [],
    );
    expect((await open(kit, 'right')).outcome).toBe('opened');
  });

  test('names what there is when a name is unknown', async () => {
    const kit = pipelineKit(['sales', 'staff']);
    await expect(open(kit, 'x', { entities: ['sale'] })).rejects.toThrow(/-sales, .*-staff/);
    await expect(open(kit, 'x', { pipeline: 'nowhere' })).rejects.toThrow(new RegExp(kit.pipeline));
  });

  test('an increment yields to a run at work, and leaves no row', async () => {
    const kit = pipelineKit();
    const { ref } = await opened(kit, 'full');
    expect(await open(kit, 'inc', { mode: 'incremental' })).toEqual({
      outcome: 'yielded',
      holder: ref.runId,
    });
    expect(
      await all(at.store, 'SELECT id FROM syncline.sync_run WHERE pipeline = $1', [kit.pipeline]),
    ).toEqual([{ id: ref.runId }]);
  });

  test('a full run asks again, and increments yield to it meanwhile', async () => {
    const kit = pipelineKit();
    const { ref } = await opened(kit, 'inc', { mode: 'incremental' });
    await expect(open(kit, 'full')).rejects.toMatchObject({
      code: 'LEASE_HELD',
      details: { holder: ref.runId, retryAfterMs: expect.any(Number) },
    });
    await close(kit, ref);
    expect(await open(kit, 'inc-2', { mode: 'incremental' })).toEqual({
      outcome: 'yielded',
      holder: `${kit.pipeline}/full`,
    });
    expect((await open(kit, 'full')).outcome).toBe('opened');
  });

  test('entities that ended badly go first; one without a checkpoint runs full', async () => {
    const kit = pipelineKit(['one', 'two', 'three', 'four']);
    const [one, two, three, four] = Object.keys(kit.config.pipelines[kit.pipeline]?.entities ?? {}) as [
      string,
      string,
      string,
      string,
    ];
    const before = await opened(kit, 'before');
    await endEntities(before.ref, {
      [one]: 'SUCCESS',
      [two]: 'PARTIAL',
      [three]: 'SUCCESS',
      [four]: 'FAILED',
    });
    await close(kit, before.ref);
    await at.store.pool.query(
      `INSERT INTO syncline.checkpoint (entity, pipeline, source_identity, source_columns, read_hash, needs_full, run_id)
       SELECT entity, 'x', 'x', '[]', 'x', entity = $2, 'x' FROM unnest($1::text[]) AS entity`,
      [[one, two, three], three],
    );
    const { entities } = await opened(kit, 'after', { mode: 'incremental' });
    expect(entities).toEqual([
      { entity: two, mode: 'incremental', lanes: 2 },
      { entity: four, mode: 'full', lanes: 2 },
      { entity: one, mode: 'incremental', lanes: 2 },
      { entity: three, mode: 'full', lanes: 2 },
    ]);
  });
});

describe('C16: a dead run', () => {
  const expire = (ref: RunRef) =>
    at.store.pool.query(
      `UPDATE syncline.lease SET expires_at = clock_timestamp() - interval '1 s' WHERE holder = $1`,
      [ref.runId],
    );

  test('is closed and succeeded only when its lease ran out and its workflow is closed', async () => {
    const kit = pipelineKit();
    const dead = await opened(kit, 'dead');
    await endEntities(dead.ref, { [`${kit.pipeline}-done`]: 'SUCCESS' });
    await at.store.pool.query(
      `INSERT INTO syncline.sync_run_entity (run_id, entity, mode, source_identity) VALUES ($1, 'open', 'full', 'x')`,
      [dead.ref.runId],
    );
    await at.store.pool.query(
      `INSERT INTO syncline.sync_chunk (run_id, entity, kind, seq, counts) VALUES ($1, 'open', 'range', 1, '{"fetched": 7}')`,
      [dead.ref.runId],
    );
    kit.closedWorkflows.add(dead.ref.runId);
    await expect(open(kit, 'next')).rejects.toMatchObject({ code: 'LEASE_HELD' });
    await expire(dead.ref);
    kit.closedWorkflows.clear();
    await expect(open(kit, 'next')).rejects.toMatchObject({ code: 'LEASE_HELD' });
    kit.closedWorkflows.add(dead.ref.runId);
    const next = await opened(kit, 'next');
    expect(next.ref.fence).toBeGreaterThan(dead.ref.fence);
    expect(await runRow(dead.ref)).toMatchObject({
      status: 'FAILED',
      error: { message: expect.stringContaining('ended without closing its run') },
    });
    const entities = await all(
      at.store,
      'SELECT entity, status, fetched FROM syncline.sync_run_entity WHERE run_id = $1 ORDER BY entity',
      [dead.ref.runId],
    );
    expect(entities).toEqual([
      { entity: 'open', status: 'FAILED', fetched: 7 },
      { entity: `${kit.pipeline}-done`, status: 'SUCCESS', fetched: 10 },
    ]);
  });

  test('is found in every pipeline by the sweeper', async () => {
    const [a, b] = [pipelineKit(), pipelineKit()];
    const dead = [await opened(a, 'x'), await opened(b, 'x')];
    for (const { ref } of dead) {
      await expire(ref);
      a.closedWorkflows.add(ref.runId);
    }
    const closed = await sweepRuns(a, { pipeline: null });
    expect(closed).toEqual(expect.arrayContaining(dead.map(({ ref }) => ref.runId)));
    expect(await sweepRuns(a, { pipeline: null })).toEqual([]);
  });
});

describe('steerRun', () => {
  test('writes who paused, who resumed nothing is left of, and who cancelled', async () => {
    const kit = pipelineKit();
    const { ref } = await opened(kit, 'steered');
    const steer = (action: 'pause' | 'resume' | 'cancel', by: string) =>
      steerRun(kit, { runId: ref.runId, action, by });
    await steer('pause', 'maria');
    await steer('pause', 'otto');
    expect(await runRow(ref)).toMatchObject({ paused_at: expect.any(String), paused_by: 'maria' });
    await steer('resume', 'otto');
    expect(await runRow(ref)).toMatchObject({ paused_at: null, paused_by: null });
    await steer('cancel', 'otto');
    expect(await runRow(ref)).toMatchObject({
      cancel_requested_at: expect.any(String),
      cancel_requested_by: 'otto',
    });
  });

  test('leaves a run that is over as it is', async () => {
    const kit = pipelineKit();
    const { ref } = await opened(kit, 'over');
    await close(kit, ref);
    await steerRun(kit, { runId: ref.runId, action: 'pause', by: 'maria' });
    expect(await runRow(ref)).toMatchObject({ paused_at: null, status: 'SUCCESS' });
  });
});

describe('closeRun', () => {
  test('sums its entities and gives the lease back; a retry tells the same', async () => {
    const kit = pipelineKit();
    const { ref } = await opened(kit, 'summed');
    await endEntities(ref, { a: 'SUCCESS', b: 'PARTIAL' });
    const summary = await close(kit, ref);
    expect(summary).toMatchObject({
      runId: ref.runId,
      status: 'PARTIAL',
      counts: { fetched: 20, inserted: 0 },
    });
    expect(summary.entities.map(({ entity, status }) => [entity, status])).toEqual([
      ['a', 'SUCCESS'],
      ['b', 'PARTIAL'],
    ]);
    expect(await close(kit, ref, true)).toEqual(summary);
    expect((await open(kit, 'next')).outcome).toBe('opened');
  });

  test('a run that could not even begin an entity is FAILED, with its error', async () => {
    const kit = pipelineKit();
    const { ref } = await opened(kit, 'failed');
    const error = { code: 'SOURCE_AUTH', message: 'wrong password' };
    expect(await closeRun(kit, { ref, cancelled: false, error })).toMatchObject({ status: 'FAILED' });
    expect(await runRow(ref)).toMatchObject({ status: 'FAILED', error, finished_at: expect.any(String) });
  });

  const status = (...statuses: (RunStatus | 'SKIPPED')[]) => statuses.map((one) => ({ status: one }));
  test.each([
    { what: 'nothing to do', entities: [], expected: 'SUCCESS' },
    { what: 'all good', entities: status('SUCCESS', 'SKIPPED'), expected: 'SUCCESS' },
    { what: 'one failed', entities: status('SUCCESS', 'FAILED'), expected: 'PARTIAL' },
    { what: 'one partial', entities: status('PARTIAL'), expected: 'PARTIAL' },
    { what: 'all failed', entities: status('FAILED', 'FAILED'), expected: 'FAILED' },
    { what: 'cancelled', entities: status('SUCCESS', 'CANCELLED'), cancelled: true, expected: 'CANCELLED' },
  ])('$what: $expected', ({ entities, cancelled = false, expected }) => {
    expect(judgeRun(entities, { cancelled })).toBe(expected);
  });
});

test('C21: a worker with another configuration refuses the run’s work', () => {
  const kit = depsOf(at.store, [entityOf('sales')], { hash: 'another' });
  const ref = { runId: 'r', pipeline: 'pos', fence: 1, configHash: 'hash-of-the-configuration' };
  expect(() => checkConfigHash(kit, ref)).toThrow(expect.objectContaining({ code: 'CONFIG_CHANGED' }));
  expect(checkConfigHash(kit, { ...ref, configHash: 'another' }).pipeline).toBe('pos');
  // Nor does one that has no such pipeline fail it: the one that began it has.
  const unknown = { ...ref, pipeline: 'unheard of' };
  expect(() => checkConfigHash(kit, unknown)).toThrow(expect.objectContaining({ code: 'CONFIG_CHANGED' }));
});
