/** Uploads and conflicts as workflows: a real Temporal server, real worker processes, real databases. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { decideConflict, queueOf, runUpload } from '../../src/upload-client.ts';
import { eventually, type World } from '../e2e/world.ts';
import { clash, conflictWorld, eventsOf, handleOf, salaryOf, stateOf } from './conflict-world.ts';
import { hlcAt, stage } from './upload-kit.ts';

let world: World;
let worker: WorkerProcess;

beforeAll(async () => {
  world = await conflictWorld('conflicts', {
    staff: '{}',
    brief: `{ remindAfter: '1 second', escalateAfter: '1 second', escalateTo: 'boss', expireAfter: '2 seconds', onExpire: 'client' }`,
    led: `{ resolvers: { role: 'lead' } }`,
  });
  worker = await world.startWorker();
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
});

const outcomeOf = (id: string): Promise<unknown> => handleOf(world, id).result();

describe('a conflict', () => {
  test('outlives its upload, and is decided by a signal from a bare Temporal client', async () => {
    const id = await clash(world, { entity: 'staff', row: 1 });
    const handle = handleOf(world, id);
    expect(await stateOf(world, id)).toMatchObject({
      status: 'proposed',
      round: 1,
      conflict: { clash: { fields: ['salary'] } },
    });
    await handle.signal('decide', 'nonsense');
    await handle.signal('decide', { decision: 'client', round: 7 });
    await handle.signal('decide', { decision: 'client', round: 1, comment: 'fine' });
    expect(await outcomeOf(id)).toEqual({ outcome: 'applied' });
    expect(await salaryOf(world, 1)).toBe('3000.00');
    expect(await eventsOf(world, id)).toEqual(['proposed', 'decided', 'applied']);
  });

  test('is decided by an update, which says what is wrong with one that is not understood', async () => {
    const id = await clash(world, { entity: 'staff', row: 2 });
    await expect(decideConflict(world.client, id, { decision: 'merged', round: 1 })).rejects.toMatchObject({
      code: 'DECISION_REFUSED',
    });
    const decision = { decision: 'merged', fields: { salary: '1234.5' }, round: 1 } as const;
    expect(await decideConflict(world.client, id, decision)).toMatchObject({ status: 'applied' });
    expect(await salaryOf(world, 2)).toBe('1234.50');
  });

  test('escalates, and expires by its policy', async () => {
    const id = await clash(world, { entity: 'brief', row: 3 });
    expect(await outcomeOf(id)).toEqual({ outcome: 'applied' });
    expect(await salaryOf(world, 3)).toBe('3000.00');
    expect(await eventsOf(world, id)).toEqual(expect.arrayContaining(['escalated', 'expired', 'applied']));
  });

  test('of an entity that names a role takes no word of a signal', async () => {
    const id = await clash(world, { entity: 'led', row: 4 });
    const handle = handleOf(world, id);
    await handle.signal('decide', { decision: 'client', round: 1 });
    await expect(decideConflict(world.client, id, { decision: 'client', round: 1 })).rejects.toMatchObject({
      code: 'DECISION_REFUSED',
    });
    expect(await stateOf(world, id)).toMatchObject({ status: 'proposed' });
    expect(await salaryOf(world, 4)).toBe('1000.00');
    await handle.signal('withdraw');
    await handle.terminate('the test is over');
  });

  test('opens again when the row moved, and waits through the death of its worker', async () => {
    const id = await clash(world, { entity: 'staff', row: 5 });
    await world.source.query(
      'UPDATE hr.staff SET salary = 1500, updated_at = clock_timestamp() WHERE id = 5',
    );
    expect(await decideConflict(world.client, id, { decision: 'client', round: 1 })).toMatchObject({
      status: 'proposed',
      round: 2,
    });
    await worker.kill();
    const handle = handleOf(world, id);
    await handle.signal('decide', { decision: 'client', round: 2 });
    worker = await world.startWorker();
    expect(await outcomeOf(id)).toEqual({ outcome: 'applied' });
    expect(await salaryOf(world, 5)).toBe('3000.00');
  });
});

test('a worker killed in the middle of an upload loses and doubles nothing', async () => {
  const key = 'killed';
  const mutations = Array.from({ length: 150 }, (_, i) => ({
    entity: 'staff',
    row: String(i + 20),
    operation: 'update',
    values: { phone: `new ${i}` },
    base: { values: { phone: 'phone' } },
    hlc: hlcAt(Date.now()),
  }));
  await stage(world, mutations, { device: 'd9', key });
  const running = runUpload(world.client, { device: 'd9', key, taskQueue: queueOf(world.config, ['staff']) });
  await eventually(async () => {
    const { rows } = await world.source.query(
      `SELECT count(*)::int AS done FROM hr.staff WHERE phone LIKE 'new %'`,
    );
    return rows[0]?.done > 0;
  }, 'the source has some of it');
  await worker.kill();
  worker = await world.startWorker();
  const { verdicts } = await running;
  expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(150);
  expect(Object.keys(verdicts).filter((status) => status !== 'applied' && status !== 'merged')).toEqual([]);
  const { rows } = await world.source.query(
    `SELECT count(*)::int AS done FROM hr.staff WHERE phone LIKE 'new %'`,
  );
  expect(rows).toEqual([{ done: 150 }]);
  const log = await world.store.pool.query(
    `SELECT count(*)::int AS lines, count(DISTINCT key)::int AS keys FROM syncline.change_log WHERE origin = 'd9'`,
  );
  expect(log.rows).toEqual([{ lines: 150, keys: 150 }]);
  const applied = await world.source.query(
    `SELECT count(*)::int AS applied FROM syncline_target.ledger WHERE ledger_key LIKE 'd9/%' AND outcome->>'state' = 'applied'`,
  );
  expect(applied.rows).toEqual([{ applied: 150 }]);
});
