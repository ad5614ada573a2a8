/** Runs by their id: those that the store has, and those that Temporal has started and no worker has opened yet. */
import { type Client, followRun, lastRun, type RunHandle, runActive } from '../client.ts';
import type { PipelineSpec, SyncConfig } from '../domain/config.ts';
import { isSyncError, SyncError } from '../domain/errors.ts';
import type { RunSummary, SyncPipelineInput } from '../domain/run.ts';
import { type RunReport, readRuns } from '../store/run-reports.ts';
import type { ServiceContext } from './context.ts';
import { unknown } from './names.ts';
import { findWorkflow, openWorkflows } from './temporal-view.ts';

type Reader = Pick<ServiceContext, 'config' | 'store' | 'client'>;

/**
 * `status` of a run that was not opened: WAITING for the pipeline's lease or for a worker, YIELDED to another run,
 * CANCELLED, or FAILED.
 * @throws SyncError RUN_NOT_FOUND, TEMPORAL_UNAVAILABLE
 */
export async function findRun({ config, store, client }: Reader, runId: string): Promise<RunReport> {
  const opened = await openedRun(store, runId);
  if (opened !== null) return opened;
  const started = await findWorkflow(client, { runId, pipelines: Object.keys(config.pipelines) });
  if (started !== null && Object.hasOwn(config.pipelines, started.pipeline)) {
    // It may have been opened in between.
    return (await openedRun(store, runId)) ?? unopened(config, { ...started, runId });
  }
  throw new SyncError('RUN_NOT_FOUND', { message: `There is no run ${runId}` });
}

async function openedRun({ pool }: Reader['store'], runId: string): Promise<RunReport | null> {
  return (await readRuns(pool, { runId, limit: 1 }))[0] ?? null;
}

type Unopened = NonNullable<Awaited<ReturnType<typeof findWorkflow>>> & { readonly runId: string };

const ENDED: Readonly<Record<string, string>> = {
  RUNNING: 'WAITING',
  COMPLETED: 'YIELDED',
  CANCELLED: 'CANCELLED',
};

function unopened({ pipelines, sources }: SyncConfig, run: Unopened): RunReport {
  const { source } = pipelines[run.pipeline] as PipelineSpec;
  return {
    ...{ runId: run.runId, pipeline: run.pipeline, mode: run.mode, trigger: run.trigger, requestedBy: null },
    status: ENDED[run.temporalStatus] ?? 'FAILED',
    ...{ source, sourceKind: sources[source]?.kind ?? '', workflowId: run.workflowId },
    ...{ startedAt: run.startedAt, finishedAt: run.closedAt, seconds: 0 },
    ...{ pausedAt: null, pausedBy: null, error: null, entities: [] },
  };
}

/** @throws SyncError CONFIG_UNKNOWN: one of them is none of the pipeline's. */
export function checkEntities({ pipeline, entities }: PipelineSpec, wanted: readonly string[]): void {
  const stranger = wanted.find((name) => !Object.hasOwn(entities, name));
  if (stranger !== undefined) throw unknown(`entity of ${pipeline}`, stranger, Object.keys(entities));
}

/**
 * A run that one of this mode would only wait for: of the same mode, started by hand or by a schedule; an increment yields
 * to any. One that began within the last second may be missed.
 * @throws SyncError RUN_ACTIVE, TEMPORAL_UNAVAILABLE
 */
export async function refuseBesideActive(
  client: Client,
  { pipeline, mode }: Pick<SyncPipelineInput, 'pipeline' | 'mode'>,
): Promise<void> {
  const open = await openWorkflows(client, [pipeline]);
  const inTheWay = open.filter((one) => mode === 'incremental' || one.mode === mode);
  for (const { workflowId } of inTheWay) {
    // The list may still have one that has just ended.
    const run = await lastRun(client, workflowId);
    if (run.isUnderWay) throw runActive(run);
  }
}

/** @returns null when it has not ended by then; it goes on. */
export async function awaitRun(
  client: Client,
  run: RunHandle,
  { waitMs }: { readonly waitMs: number },
): Promise<RunSummary | null> {
  try {
    return await client.withDeadline(Date.now() + waitMs, () => followRun(client, run));
  } catch (error) {
    if (isSyncError(error, 'TEMPORAL_UNAVAILABLE')) return null;
    throw error;
  }
}
