/** Uploads and conflicts that have lost their workflow get one again, and go on where they were (C10). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { LEDGER_TABLE } from '../../src/connectors/postgres/ledger.ts';
import { sweepScheduleId } from '../../src/sweep-schedule.ts';
import { decideConflict, queueOf } from '../../src/upload-client.ts';
import type { sweep } from '../../src/workflows/sweep.ts';
import { eventually, type World } from '../e2e/world.ts';
import {
  clash,
  clashing,
  conflictWorld,
  eventsOf,
  handleOf,
  salaryOf,
  stateOf,
  untilEvent,
} from './conflict-world.ts';
import { hlcAt, stage, verdictsOf } from './upload-kit.ts';

let world: World;
let worker: WorkerProcess;

beforeAll(async () => {
  world = await conflictWorld('swept', {
    plain: '{}',
    urgent: `{ remindAfter: '1 second', escalateAfter: '2 seconds', escalateTo: 'boss' }`,
  });
  worker = await world.startWorker();
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
});

let sweeps = 0;

/** What was staged or opened a moment ago may be on its way to its workflow, and is left alone. */
async function sweepNow() {
  for (const statement of [
    `UPDATE syncline.upload SET received_at = received_at - interval '1 hour'`,
    `UPDATE syncline.conflict SET opened_at = opened_at - interval '1 hour'`,
  ]) {
    await world.store.pool.query(statement);
  }
  const { taskQueue } = world.config.temporal;
  return world.client.workflow.execute<typeof sweep>('sweep', {
    workflowId: `${taskQueue}/sweep-${++sweeps}`,
    taskQueue,
  });
}

/** Temporal's list of open workflows lags behind. */
async function sweepUntil(found: 'uploads' | 'conflicts' | 'released'): Promise<void> {
  await eventually(async () => (await sweepNow())[found] > 0, `a sweep finds ${found}`);
}

async function remove(id: string): Promise<void> {
  const handle = handleOf(world, id);
  await handle.terminate('by hand');
  const { client, config } = world;
  await client.workflowService.deleteWorkflowExecution({
    namespace: config.temporal.namespace,
    workflowExecution: { workflowId: handle.workflowId },
  });
}

test('a worker makes the schedule; starting another one leaves it as it is', async () => {
  const handle = world.client.schedule.getHandle(sweepScheduleId(world.config.temporal.taskQueue));
  expect(await handle.describe()).toMatchObject({
    spec: { intervals: [{ every: 60_000 }] },
    policies: { overlap: 'SKIP', catchupWindow: 60_000 },
    action: { workflowType: 'sweep', taskQueue: world.config.temporal.taskQueue },
  });
  await handle.pause('by a test');
  const second = await world.startWorker();
  await second.stop();
  expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'by a test' });
  await handle.unpause();
  await handle.trigger();
  await eventually(async () => (await handle.describe()).info.numActionsTaken > 0, 'it ran');
});

test('a conflict that was terminated, even removed, goes on where it was: nothing is told twice', async () => {
  const id = await clash(world, { entity: 'urgent', row: 1 });
  await handleOf(world, id).signal('comment', { text: 'I look into it' });
  await untilEvent(world, id, 'escalated');
  await untilEvent(world, id, 'commented');
  await remove(id);
  const before = await eventsOf(world, id);
  await world.store.pool.query('UPDATE syncline.conflict SET started_at = NULL WHERE id = $1', [id]);
  await sweepUntil('conflicts');
  const state = await stateOf(world, id);
  expect(state).toMatchObject({ status: 'escalated', round: 1, comments: 1 });
  // It goes on reminding, at its own pace; it is neither proposed nor escalated again.
  await eventually(async () => (await eventsOf(world, id)).length > before.length, 'a reminder');
  const events = await eventsOf(world, id);
  expect(events.filter((event) => event !== 'reminded')).toEqual(['proposed', 'commented', 'escalated']);
  expect(state.reminders).toBeGreaterThanOrEqual(before.filter((event) => event === 'reminded').length);
  expect(await decideConflict(world.client, id, { decision: 'client', round: 1 })).toMatchObject({
    status: 'applied',
  });
  expect(await salaryOf(world, 1)).toBe('3000.00');
});

test('a conflict that nobody ever started is started', async () => {
  const id = await clash(world, { entity: 'plain', row: 2 });
  await stateOf(world, id);
  await remove(id);
  // As a worker leaves it that dies between the hold and the start.
  await world.store.pool.query(
    `UPDATE syncline.conflict SET started_at = NULL, approval = NULL, step = 0 WHERE id = $1`,
    [id],
  );
  await world.store.pool.query('DELETE FROM syncline.conflict_event WHERE conflict_id = $1', [id]);
  await sweepUntil('conflicts');
  expect(await stateOf(world, id)).toMatchObject({ status: 'proposed', round: 1 });
  await handleOf(world, id).signal('decide', { decision: 'server', round: 1 });
  expect(await handleOf(world, id).result()).toEqual({ outcome: 'applied' });
});

test('a decision that was taken and not written is written, once', async () => {
  const id = await clash(world, { entity: 'plain', row: 3 });
  const lock = await world.source.connect();
  await lock.query('BEGIN; SELECT FROM hr.staff WHERE id = 3 FOR UPDATE');
  await handleOf(world, id).signal('decide', { decision: 'client', round: 1 });
  await untilEvent(world, id, 'decided');
  await handleOf(world, id).terminate('by hand');
  await lock.query('ROLLBACK');
  lock.release();
  await sweepUntil('conflicts');
  expect(await handleOf(world, id).result()).toEqual({ outcome: 'applied' });
  expect(await eventsOf(world, id)).toEqual(['proposed', 'decided', 'applied']);
  expect(await salaryOf(world, 3)).toBe('3000.00');
});

test('an upload that was staged and never started is applied', async () => {
  const ref = { device: 'd7', key: 'lost' };
  const mutation = {
    ...{ entity: 'plain', row: '4', operation: 'update', values: { phone: 'new' } },
    ...{ base: { values: { phone: 'phone' } }, hlc: hlcAt(Date.now()) },
  };
  await stage(world, [mutation], ref);
  await sweepUntil('uploads');
  await eventually(async () => (await verdictsOf(world, ref))[0]?.status === 'applied', 'it is applied');
  expect(await sweepNow()).toMatchObject({ uploads: 0, conflicts: 0, released: 0 });
});

test('an upload that was terminated is finished, and what it had written is written once', async () => {
  const taskQueue = queueOf(world.config, ['plain']);
  const set = (row: number, phone: string) => ({
    ...clashing('plain', row, { phone }),
    base: { values: { phone: 'phone' } },
  });
  // Nobody has started what was staged before, so the second change waits.
  await stage(world, [set(8, 'before')], { device: 'd9', key: 'before' });
  const ref = { device: 'd10', key: `${taskQueue}-ended` };
  await stage(world, [set(7, 'once'), set(8, 'later')], ref);
  const running = await world.client.workflow.start('processUpload', {
    ...{ workflowId: `upload/${ref.device}/${ref.key}`, taskQueue, args: [ref] },
  });
  await eventually(
    async () => (await verdictsOf(world, ref))[0]?.status === 'applied',
    'the first is written',
  );
  await running.terminate('by hand');
  expect((await verdictsOf(world, ref))[1]).toEqual({ status: 'rejected', code: 'NONE' });
  await sweepUntil('uploads');
  await eventually(async () => (await verdictsOf(world, ref))[1]?.code !== 'NONE', 'the second is decided');
  const { rows } = await world.source.query(
    `SELECT count(*)::int AS writes FROM ${LEDGER_TABLE} WHERE ledger_key LIKE 'd10/%' AND outcome->>'state' = 'applied'`,
  );
  expect(rows).toEqual([{ writes: 2 }]);
});

test('what waits behind a conflict that is closed is let go', async () => {
  const id = await clash(world, { entity: 'plain', row: 5 });
  const ref = { device: 'd8', key: 'behind' };
  await stage(world, [clashing('plain', 5, { phone: 'behind' })], ref);
  await sweepUntil('uploads');
  await eventually(
    async () => (await verdictsOf(world, ref))[0]?.status === 'pending_approval',
    'it waits behind the conflict',
  );
  await handleOf(world, id).signal('decide', { decision: 'server', round: 1 });
  await handleOf(world, id).result();
  await eventually(async () => (await verdictsOf(world, ref))[0]?.status !== 'pending_approval', 'let go');
  // As if it had been parked at the very moment of the close.
  await world.store.pool.query(
    `UPDATE syncline.mutation SET state = 'parked', conflict_id = $1, verdict = '{"status": "pending_approval"}'
      WHERE device = 'd8'`,
    [id],
  );
  await sweepUntil('released');
  await eventually(async () => {
    const [verdict] = await verdictsOf(world, ref);
    return verdict?.status !== 'pending_approval' && verdict?.code !== 'NONE';
  }, 'it is decided');
});

test('what is open is left alone', async () => {
  const id = await clash(world, { entity: 'plain', row: 6 });
  const { runId } = await handleOf(world, id).describe();
  await world.store.pool.query('UPDATE syncline.conflict SET started_at = NULL WHERE id = $1', [id]);
  expect(await sweepNow()).toMatchObject({ uploads: 0, conflicts: 0, released: 0 });
  expect((await handleOf(world, id).describe()).runId).toBe(runId);
  await handleOf(world, id).signal('withdraw');
  expect(await handleOf(world, id).result()).toEqual({ outcome: 'withdrawn' });
});
