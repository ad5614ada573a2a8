/** C16: closes runs that nobody works on any more, say because their workflow was terminated from the UI. */

import { SyncError } from '../domain/errors.ts';
import { freeOrphanedLeases } from '../store/lease.ts';
import { inStoreTransaction } from '../store/open.ts';
import { endRun, type OpenRun, staleRuns } from '../store/runs.ts';
import type { ActivityDeps } from './deps.ts';

/** @returns ids of the runs that were closed. `pipeline` null: of every pipeline. */
export async function sweepRuns(deps: ActivityDeps, filter: { pipeline: string | null }): Promise<string[]> {
  await freeOrphanedLeases(deps.store.pool, filter);
  const closed: string[] = [];
  for (const run of await staleRuns(deps.store.pool, filter)) {
    if (await deps.isWorkflowOpen(run.workflowId, run.workflowRunId)) continue;
    if (await closeDead(deps, run)) closed.push(run.id);
  }
  return closed;
}

export async function sweepStale(deps: ActivityDeps): Promise<{ runs: number }> {
  return { runs: (await sweepRuns(deps, { pipeline: null })).length };
}

async function closeDead(deps: ActivityDeps, run: OpenRun): Promise<boolean> {
  const error = new SyncError('RUN_CANCELLED', {
    message: `Workflow ${run.workflowId} ended without closing its run`,
  });
  const ended = await inStoreTransaction(deps.store, (client) =>
    endRun(client, {
      runId: run.id,
      status: 'FAILED',
      error: {
        code: error.code,
        message: error.message,
        remedy: 'Start the pipeline again; it goes on from its checkpoint.',
      },
    }),
  );
  if (ended)
    deps.logger.warn({ runId: run.id, pipeline: run.pipeline }, 'closed a run whose workflow had ended');
  return ended;
}
