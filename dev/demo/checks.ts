/** What the mirrors show after a step. */
import type oracledb from 'oracledb';
import { openSource } from '../../src/connectors/registry.ts';
import type { SourceSettings } from '../../src/domain/config.ts';
import type { Db } from '../../src/pg/pool.ts';
import type { Stack } from '../stack.ts';
import { LATE_SALE } from './source-changes.ts';
import { type Comparison, compareComputed, compareEntity } from './verify.ts';

const LOOK_EVERY_MS = 20;

/** Every entity of the configuration, and what it computes. */
export async function checkMirrors(
  { config, store }: Stack,
  owner: oracledb.Connection,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const { source: name, entities } of Object.values(config.pipelines)) {
    const source = openSource(config.sources[name] as SourceSettings, { applicationName: 'syncline/demo' });
    try {
      for (const spec of Object.values(entities))
        comparisons.push(await compareEntity(source, store.pool, spec));
    } finally {
      await source.close();
    }
  }
  return [...comparisons, await compareComputed(owner, store.pool)];
}

export async function lateReference(mirrors: Db): Promise<string | null> {
  const { rows } = await mirrors.query<{ reference: string | null }>(
    'SELECT reference FROM pos.sales WHERE id = $1',
    [LATE_SALE],
  );
  return rows[0]?.reference ?? null;
}

/** The name of the department, once for each of its employees. */
export async function employeesOf(mirrors: Db, department: number): Promise<string[]> {
  const { rows } = await mirrors.query<{ name: string }>(
    'SELECT department_name AS name FROM hr.employees WHERE department_id = $1 AND sync_deleted_at IS NULL',
    [department],
  );
  return rows.map(({ name }) => name);
}

/** A deleted row that had been left out as a duplicate was never there, and is no tombstone. */
export async function deletedRows(
  mirrors: Db,
  ids: readonly string[],
): Promise<{ live: number; buried: number }> {
  const { rows } = await mirrors.query<{ live: number; buried: number }>(
    `SELECT count(*) FILTER (WHERE sync_deleted_at IS NULL) AS live, count(*) FILTER (WHERE sync_deleted_at IS NOT NULL) AS buried
       FROM pos.sales WHERE id = ANY ($1::bigint[])`,
    [ids],
  );
  return rows[0] as { live: number; buried: number };
}

export async function quarantined(mirrors: Db): Promise<number> {
  const { rows } = await mirrors.query<{ count: number }>(
    'SELECT count(*) AS count FROM syncline.quarantine',
  );
  return rows[0]?.count ?? 0;
}

/** Waits until so many chunks of the sales are done in the run that is under way. */
export async function chunksDone(mirrors: Db, chunks: number): Promise<void> {
  for (;;) {
    const { rows } = await mirrors.query<{ done: number }>(
      `SELECT count(*) AS done FROM syncline.sync_chunk AS chunk JOIN syncline.sync_run AS run ON run.id = chunk.run_id
        WHERE run.status = 'RUNNING' AND chunk.entity = 'sales' AND chunk.kind = 'range' AND chunk.state = 'done'`,
    );
    if ((rows[0]?.done ?? 0) >= chunks) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
