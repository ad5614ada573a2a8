/** A world whose source takes changes of staff, and conflicts in it: real Temporal, worker processes, real databases. */
import { expect } from 'vitest';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { readVerdicts } from '../../src/store/uploads.ts';
import { queueOf, runUpload } from '../../src/upload-client.ts';
import { createWorld, eventually, type World } from '../e2e/world.ts';
import { hlcAt, stage } from './upload-kit.ts';

const SOURCE = `
  CREATE SCHEMA hr;
  CREATE TABLE hr.staff (id bigint PRIMARY KEY, name text NOT NULL, salary numeric(12, 2), phone text,
    updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO hr.staff SELECT n, 'name ' || n, 1000, 'phone', now() - interval '1 hour' FROM generate_series(1, 200) AS n;
  ${LEDGER_DDL.join(';\n')};`;

/**
 * @param approvals text of `approval`, by the name of the entity that has it. @param options.webhook where people are
 * told. @param options.feeds text of `feed`, by entity.
 */
export async function conflictWorld(
  name: string,
  approvals: Readonly<Record<string, string>>,
  { webhook, feeds = {} }: { webhook?: string; feeds?: Readonly<Record<string, string>> } = {},
): Promise<World> {
  const entities = Object.entries(approvals).map(
    ([entity, approval]) => `${entity}: {
      read: { table: 'hr.staff' }, key: 'id', changedAt: 'updated_at', mirror: 'hr.${entity}',
      ${feeds[entity] === undefined ? '' : `feed: ${feeds[entity]},`}
      upload: {
        writeBack: 'source', writable: ['name', 'salary', 'phone'],
        fields: { salary: { policy: 'manual' } }, approval: ${approval},
      },
    }`,
  );
  const notifications =
    webhook === undefined
      ? ''
      : `, notifications: { webhook: { url: ${JSON.stringify(webhook)}, secret: env('WEBHOOK_SECRET') } }`;
  return createWorld(name, {
    source: SOURCE,
    pipelines: `{ ${name}: { source: 'shop', entities: { ${entities.join(', ')} } } }${notifications}`,
    environment: { WEBHOOK_SECRET: 'a-secret-of-the-tests' },
  });
}

let sent = 0;

/** A change whose salary clashes with the row as it is. @returns the conflict's id. */
export async function clash(
  world: World,
  at: { readonly entity: string; readonly row: number; readonly fields?: Record<string, string> },
): Promise<string> {
  const { entity, row, fields = { salary: '3000' } } = at;
  // Test files share Temporal, where an upload's workflow has the name of its device and key.
  const ref = { device: 'd1', key: `${world.config.temporal.taskQueue}-${++sent}` };
  await stage(world, [clashing(entity, row, fields)], ref);
  const taskQueue = queueOf(world.config, [entity]);
  const summary = await runUpload(world.client, { ...ref, taskQueue });
  expect(summary.verdicts).toEqual({ pending_approval: 1 });
  const [line] = await readVerdicts(world.store.pool, ref);
  return line?.verdict?.conflictId ?? '';
}

export function clashing(entity: string, row: number, values: Record<string, string>) {
  return {
    ...{ entity, row: String(row), operation: 'update', values },
    ...{ base: { values: { salary: '1' } }, hlc: hlcAt(Date.now()) },
  };
}

export function handleOf(world: World, id: string) {
  return world.client.workflow.getHandle(conflictWorkflowId(id));
}

/** Where it stands, once its workflow knows. */
export async function stateOf(world: World, id: string): Promise<Record<string, unknown>> {
  return eventually(
    () =>
      handleOf(world, id)
        .query<Record<string, unknown>>('conflict')
        .catch(() => null),
    'its workflow knows the conflict',
  );
}

export async function salaryOf(world: World, row: number): Promise<string> {
  const { rows } = await world.source.query('SELECT salary::text FROM hr.staff WHERE id = $1', [row]);
  return rows[0]?.salary;
}

export async function eventsOf(world: World, id: string): Promise<string[]> {
  const { rows } = await world.store.pool.query<{ event: string }>(
    'SELECT event FROM syncline.conflict_event WHERE conflict_id = $1 ORDER BY id',
    [id],
  );
  return rows.map(({ event }) => event);
}

/** @returns once it is there. */
export async function untilEvent(world: World, id: string, event: string): Promise<void> {
  await eventually(async () => (await eventsOf(world, id)).includes(event), `${event} of conflict ${id}`);
}
