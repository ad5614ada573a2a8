/** C4: which failures a chunk is blamed for, and when it is not worth going on with the entity. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyChunks } from '../../src/activities/copy-chunks.ts';
import { openRun } from '../../src/activities/open-run.ts';
import { planChunks } from '../../src/activities/plan-chunks.ts';
import { prepareEntity } from '../../src/activities/prepare-entity.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { all, openTestStore, type TestStore } from '../store/load-kit.ts';
import { context, depsOf, entityOf, fakeSource } from './kit.ts';

let at: TestStore;
let entities = 0;
beforeAll(async () => {
  at = await openTestStore('claim_loop');
});
afterAll(() => at.drop());

/** A full run with so many chunks, whose reads all end by `failure`. */
async function copyFailing(chunks: number, failure: () => Error) {
  const entity = `failing_${++entities}`;
  const source = fakeSource();
  let reads = 0;
  source.readChunk = () => {
    reads++;
    throw failure();
  };
  source.planChunks = async () => ({
    ranges: Array.from({ length: chunks }, (_, i) => ({
      lower: i === 0 ? null : String(i),
      upper: i === chunks - 1 ? null : String(i + 1),
    })),
  });
  const deps = depsOf(at.store, [entityOf(entity, { pipeline: entity })], { source });
  const run = { pipeline: entity, mode: 'full' } as const;
  const opened = await openRun(
    deps,
    { run, workflowId: entity, workflowRunId: entity, trigger: 'test' },
    context(),
  );
  if (opened.outcome !== 'opened') throw new Error(opened.outcome);
  const ref = { ...opened.ref, entity };
  await prepareEntity(deps, { ref, mode: 'full', run }, context());
  await planChunks(deps, { ref, run }, context());
  const outcome = await copyChunks(deps, { ref, lane: 1, timeBoxMs: 60_000 }, context()).catch(
    (error: unknown) => error,
  );
  const states = await all<{ state: string; failures: number; error: { code: string } | null }>(
    at.store,
    `SELECT state, failures, error FROM syncline.sync_chunk WHERE run_id = '${entity}' ORDER BY seq`,
  );
  return { outcome, states, reads };
}

const dataError = () => new SyncError('SOURCE_QUERY', { message: 'division by zero (22012)' });

test('rows that the source cannot give fail their chunk after three tries', async () => {
  const { outcome, states } = await copyFailing(2, dataError);
  expect(outcome).toMatchObject({ done: true });
  expect(states).toEqual(
    Array(2).fill({ state: 'failed', failures: 3, error: expect.objectContaining({ code: 'SOURCE_QUERY' }) }),
  );
});

test('so does a defect that they bring out; it is stored without what could be a value', async () => {
  const { outcome, states } = await copyFailing(1, () => new RangeError('no number: "Ada Lovelace"'));
  expect(outcome).toMatchObject({ done: true });
  expect(states).toEqual([
    { state: 'failed', failures: 3, error: { code: 'INTERNAL', message: 'no number: "…"' } },
  ]);
});

test('a query that the source refuses as such ends the entity at once', async () => {
  const { outcome, states, reads } = await copyFailing(
    3,
    () => new SyncError('SOURCE_QUERY', { message: 'no column (42703)', details: { scope: 'entity' } }),
  );
  expect(outcome).toMatchObject({ code: 'SOURCE_QUERY' });
  expect(reads).toBe(1);
  expect(states.map(({ state, failures }) => [state, failures])).toEqual(Array(3).fill(['pending', 0]));
});

test('a source that was given up is no fault of the chunk', async () => {
  const { outcome, states } = await copyFailing(
    1,
    () => new SyncError('SOURCE_GIVEN_UP', { message: 'gone' }),
  );
  expect(outcome).toMatchObject({ code: 'SOURCE_GIVEN_UP' });
  expect(states).toEqual([{ state: 'pending', failures: 0, error: null }]);
});

test('ten failed chunks, and none that went well, are enough', async () => {
  const { outcome, states } = await copyFailing(13, dataError);
  expect(outcome).toMatchObject({ code: 'CHUNK_FAILED', message: expect.stringContaining('10 chunks') });
  expect(states.filter(({ state }) => state === 'pending')).toHaveLength(3);
});
