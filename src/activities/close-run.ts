/** Judges the run by its entities, closes its row and gives the lease back, in one transaction. */

import { SyncError } from '../domain/errors.ts';
import {
  type EntitySummary,
  type FailureNote,
  NO_ROWS,
  type RowCounts,
  type RunRef,
  type RunStatus,
  type RunSummary,
} from '../domain/run.ts';
import { inStoreTransaction } from '../store/open.ts';
import { endRun, readEntitySummaries, readRun } from '../store/runs.ts';
import type { ActivityDeps } from './deps.ts';

export async function closeRun(
  deps: ActivityDeps,
  input: { ref: RunRef; cancelled: boolean; error?: FailureNote },
): Promise<RunSummary> {
  const { ref } = input;
  return inStoreTransaction(deps.store, async (client) => {
    const before = await readEntitySummaries(client, ref.runId);
    const status = judgeRun(before, input);
    await endRun(client, { runId: ref.runId, status, error: input.error ?? null });
    // A retry of this call meets a run that is closed already, and tells the same.
    const entities = await readEntitySummaries(client, ref.runId);
    const run = await readRun(client, ref.runId);
    if (run === null) throw new SyncError('RUN_NOT_FOUND', { message: `There is no run ${ref.runId}` });
    return {
      runId: ref.runId,
      pipeline: ref.pipeline,
      mode: run.mode,
      status: run.status === 'RUNNING' ? status : run.status,
      entities,
      counts: entities.reduce((sum, entity) => addCounts(sum, entity.counts), NO_ROWS),
    };
  });
}

/** FAILED: no entity got through. An entity that nobody finished counts as failed. */
export function judgeRun(
  entities: readonly Pick<EntitySummary, 'status'>[],
  input: { cancelled: boolean; error?: FailureNote },
): RunStatus {
  if (input.cancelled) return 'CANCELLED';
  const good = entities.filter(({ status }) => status === 'SUCCESS' || status === 'SKIPPED').length;
  const partial = entities.filter(({ status }) => status === 'PARTIAL').length;
  if (good === entities.length && input.error === undefined) return 'SUCCESS';
  return good + partial === 0 ? 'FAILED' : 'PARTIAL';
}

export function addCounts(a: RowCounts, b: RowCounts): RowCounts {
  const names = Object.keys(NO_ROWS) as (keyof RowCounts)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as RowCounts;
}
