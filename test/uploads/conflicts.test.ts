/** Uploads and conflicts as workflows: a real Temporal server, real worker processes, real databases. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { readVerdicts } from '../../src/store/uploads.ts';
import { decideConflict, queueOf, runUpload } from '../../src/upload-client.ts';
import { createWorld, eventually, type World } from '../e2e/world.ts';
import { hlcAt, stage } from './upload-kit.ts';

const SOURCE = `
  CREATE SCHEMA hr;
  CREATE TABLE hr.staff (id bigint PRIMARY KEY, name text NOT NULL, salary numeric(12, 2), phone text,
    updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO hr.staff SELECT n, 'name ' || n, 1000, 'phone', now() - interval '1 hour' FROM generate_series(1, 200) AS n;
  ${LEDGER_DDL.join(';\n')};`;

const upload = (approval: string): string => `{
  writeBack: 'source', writable: ['name', 'salary', 'phone'],
  fields: { salary: { policy: 'manual' } }, approval: ${approval},
}`;
const entity = (name: string, approval: string): string => `${name}: {
  read: { table: 'hr.staff' }, key: 'id', changedAt: 'updated_at', mirror: 'hr.${name}', upload: ${upload(approval)},
}`;

let world: World;
let worker: WorkerProcess;

beforeAll(async () => {
  world = await createWorld('conflicts', {
    source: SOURCE,
    pipelines: `{ conflicts: { source: 'shop', entities: {
      ${entity('staff', '{}')},
      ${entity('brief', `{ remindAfter: '1 second', escalateAfter: '1 second', escalateTo: 'boss', expireAfter: '2 seconds', onExpire: 'client' }`)},
      ${entity('led', `{ resolvers: { role: 'lead' } }`)},
    } } }`,
  });
  worker = await world.startWorker();
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
});

let sent = 0;

/** A change that clashes with the row as it is. */
async function clash(
  name: string,
  row: number,
  fields: Record<string, string> = { salary: '3000' },
): Promise<string> {
  const key = `u${++sent}`;
  const mutation = {
    entity: name,
    row: String(row),
    operation: 'update',
    values: fields,
    base: { values: { salary: '1' } },
    hlc: hlcAt(Date.now()),
  };
  await stage(world, [mutation], { device: 'd1', key });
  const taskQueue = queueOf(world.config, [name]);
  const summary = await runUpload(world.client, { device: 'd1', key, taskQueue });
  expect(summary.verdicts).toEqual({ pending_approval: 1 });
  const [line] = await readVerdicts(world.store.pool, { device: 'd1', key });
  return line?.verdict?.conflictId ?? '';
}

async function salary(row: number): Promise<string> {
  const { rows } = await world.source.query('SELECT salary::text FROM hr.staff WHERE id = $1', [row]);
  return rows[0]?.salary;
}

async function outcomeOf(id: string): Promise<unknown> {
  return world.client.workflow.getHandle(conflictWorkflowId(id)).result();
}

describe('a conflict', () => {
  test('outlives its upload, and is decided by a signal from a bare Temporal client', async () => {
    const id = await clash('staff', 1);
    const handle = world.client.workflow.getHandle(conflictWorkflowId(id));
    const asked = () => handle.query('conflict').catch(() => null);
    expect(await eventually(asked, 'its workflow has read the conflict')).toMatchObject({
      status: 'proposed',
      round: 1,
      conflict: { clash: { fields: ['salary'] } },
    });
    await handle.signal('decide', 'nonsense');
    await handle.signal('decide', { decision: 'client', round: 7 });
    await handle.signal('decide', { decision: 'client', round: 1, comment: 'fine' });
    expect(await outcomeOf(id)).toEqual({ outcome: 'applied' });
    expect(await salary(1)).toBe('3000.00');
    const { rows } = await world.store.pool.query(
      'SELECT event, said_by AS by FROM syncline.conflict_event WHERE conflict_id = $1 ORDER BY id',
      [id],
    );
    expect(rows.map(({ event }) => event)).toEqual(['proposed', 'decided', 'applied']);
  });

  test('is decided by an update, which says what is wrong with one that is not understood', async () => {
    const id = await clash('staff', 2);
    await expect(decideConflict(world.client, id, { decision: 'merged', round: 1 })).rejects.toMatchObject({
      code: 'DECISION_REFUSED',
    });
    const decision = { decision: 'merged', fields: { salary: '1234.5' }, round: 1 } as const;
    expect(await decideConflict(world.client, id, decision)).toMatchObject({ status: 'applied' });
    expect(await salary(2)).toBe('1234.50');
  });

  test('escalates, and expires by its policy', async () => {
    const id = await clash('brief', 3);
    expect(await outcomeOf(id)).toEqual({ outcome: 'applied' });
    expect(await salary(3)).toBe('3000.00');
    const { rows } = await world.store.pool.query<{ event: string }>(
      'SELECT event FROM syncline.conflict_event WHERE conflict_id = $1',
      [id],
    );
    expect(rows.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['escalated', 'expired', 'applied']),
    );
  });

  test('of an entity that names a role takes no word of a signal', async () => {
    const id = await clash('led', 4);
    const handle = world.client.workflow.getHandle(conflictWorkflowId(id));
    await handle.signal('decide', { decision: 'client', round: 1 });
    await expect(decideConflict(world.client, id, { decision: 'client', round: 1 })).rejects.toMatchObject({
      code: 'DECISION_REFUSED',
    });
    expect(await handle.query('conflict')).toMatchObject({ status: 'proposed' });
    expect(await salary(4)).toBe('1000.00');
    await handle.signal('withdraw');
    await handle.terminate('the test is over');
  });

  test('opens again when the row moved, and waits through the death of its worker', async () => {
    const id = await clash('staff', 5);
    await world.source.query(
      'UPDATE hr.staff SET salary = 1500, updated_at = clock_timestamp() WHERE id = 5',
    );
    expect(await decideConflict(world.client, id, { decision: 'client', round: 1 })).toMatchObject({
      status: 'proposed',
      round: 2,
    });
    await worker.kill();
    const handle = world.client.workflow.getHandle(conflictWorkflowId(id));
    await handle.signal('decide', { decision: 'client', round: 2 });
    worker = await world.startWorker();
    expect(await outcomeOf(id)).toEqual({ outcome: 'applied' });
    expect(await salary(5)).toBe('3000.00');
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
