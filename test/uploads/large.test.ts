/** Large uploads through Temporal: hundreds of conflicts (thousands in the campaign), each with a workflow of its own; a batch of all verdicts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { conflictWorkflowId, uploadWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { readVerdicts } from '../../src/store/uploads.ts';
import { decideConflict, queueOf, runUpload } from '../../src/upload-client.ts';
import { countOr } from '../campaign/counts.ts';
import { createWorld, type World } from '../e2e/world.ts';
import { hlcAt, stage } from './upload-kit.ts';

const MINUTES = 30 * 60_000;
/** More than one execution of the upload's workflow starts (C10). */
const CONFLICTS = countOr(60, 'CAMPAIGN_CONFLICTS');

let world: World;
let worker: WorkerProcess;

beforeAll(async () => {
  world = await createWorld('large', {
    source: `CREATE SCHEMA hr;
      CREATE TABLE hr.staff (id bigint PRIMARY KEY, salary numeric(12, 2) CHECK (salary > 0), phone text, note text);
      INSERT INTO hr.staff SELECT n, 1000, 'old', 'a b' FROM generate_series(1, ${CONFLICTS + 1_000}) AS n;
      ${LEDGER_DDL.join(';\n')};`,
    pipelines: `{ large: { source: 'shop', entities: { people: {
      read: { table: 'hr.staff' }, key: 'id', mirror: 'hr.people',
      upload: { writeBack: 'source', writable: ['salary', 'phone', 'note'],
                fields: { salary: { policy: 'manual' }, phone: { policy: 'serverWins' }, note: { merge: 'text' } } },
    } } } }`,
  });
  worker = await world.startWorker();
}, MINUTES);
afterAll(async () => {
  await worker?.stop();
  await world?.close();
});

const edit = (row: number, values: object, base: object) => ({
  entity: 'people',
  row: String(row),
  operation: 'update',
  values,
  base: { values: base },
  hlc: hlcAt(Date.now()),
});

async function send(key: string, mutations: readonly unknown[]): Promise<Readonly<Record<string, number>>> {
  const ref = { device: 'big', key };
  await stage(world, mutations, ref);
  return (await runUpload(world.client, { ...ref, taskQueue: queueOf(world.config, ['people']) })).verdicts;
}

test(
  'a batch of a thousand changes of all verdicts',
  async () => {
    const first = CONFLICTS + 1;
    const makers: readonly ((row: number) => unknown)[] = [
      (row) => edit(row, { phone: 'new' }, { phone: 'old' }),
      (row) => edit(row, { note: 'a b c' }, { note: 'b' }),
      (row) => edit(row, { phone: 'new' }, { phone: 'other' }),
      (row) => edit(row, { salary: '3000' }, { salary: '1' }),
      (row) => edit(row, { salary: '-1' }, { salary: '1000' }),
    ];
    const mutations = Array.from({ length: 1_000 }, (_, i) => makers[i % makers.length]?.(first + i));
    const verdicts = await send('mixed', mutations);
    expect(verdicts).toEqual({
      applied: 200,
      merged: 200,
      conflict: 200,
      pending_approval: 200,
      rejected: 200,
    });
    const { rows } = await world.source.query(
      `SELECT count(*) FILTER (WHERE phone = 'new')::int AS applied, count(*) FILTER (WHERE note <> 'a b')::int AS merged,
            count(*) FILTER (WHERE salary <> 1000)::int AS changed FROM hr.staff`,
    );
    expect(rows).toEqual([{ applied: 200, merged: 200, changed: 0 }]);
  },
  MINUTES,
);

test(
  `an upload with ${CONFLICTS} conflicts: all wait in workflows of their own, which outlive it (C10)`,
  async () => {
    const mutations = Array.from({ length: CONFLICTS }, (_, i) =>
      edit(i + 1, { salary: '3000' }, { salary: '1' }),
    );
    expect(await send('conflicts', mutations)).toEqual({ pending_approval: CONFLICTS });
    const { rows } = await world.store.pool.query(
      `SELECT count(*)::int AS open, count(started_at)::int AS started FROM syncline.conflict AS c
       JOIN syncline.mutation AS m ON m.ordinal = c.mutation WHERE m.upload_key = 'conflicts' AND c.state = 'open'`,
    );
    expect(rows).toEqual([{ open: CONFLICTS, started: CONFLICTS }]);
    const ended = await world.client.workflow.getHandle(uploadWorkflowId('big', 'conflicts')).describe();
    expect(ended.status.name).toBe('COMPLETED');
    // Temporal ends a workflow at 51,200 events; an execution starts 500 conflicts at most.
    const lengths = [ended.historyLength];
    const query = `WorkflowId = '${ended.workflowId}'`;
    for await (const { historyLength } of world.client.workflow.list({ query })) lengths.push(historyLength);
    expect(Math.max(...lengths)).toBeLessThan(10_000);
    const lines = await readVerdicts(world.store.pool, { device: 'big', key: 'conflicts' });
    for (const at of [0, Math.floor(CONFLICTS / 2), CONFLICTS - 1]) {
      const id = lines[at]?.verdict?.conflictId ?? '';
      expect(await world.client.workflow.getHandle(conflictWorkflowId(id)).query('conflict')).toMatchObject({
        status: 'proposed',
      });
      expect(await decideConflict(world.client, id, { decision: 'client', round: 1 })).toMatchObject({
        status: 'applied',
      });
    }
    const { rows: written } = await world.source.query(
      'SELECT count(*)::int AS n FROM hr.staff WHERE salary = 3000',
    );
    expect(written).toEqual([{ n: 3 }]);
  },
  MINUTES,
);
