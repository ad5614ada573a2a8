/** Typed calls of Temporal for runs: start, follow, describe, steer. Schedules are in schedules.ts. */
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
} from '@temporalio/client';
import type { SyncConfig } from './domain/config.ts';
import { SyncError } from './domain/errors.ts';
import { NO_ROWS, type RunSummary, type SyncPipelineInput } from './domain/run.ts';
import { searchAttributes } from './domain/search-attributes.ts';
import { workflowId } from './domain/workflow-id.ts';
import { grpcCode, reach, unavailable } from './temporal-calls.ts';
import { failureNote } from './workflows/failure-note.ts';
import {
  type LiveStatus,
  progressQuery,
  type RunProgress,
  type SteeringAction,
  steeringUpdates,
} from './workflows/messages.ts';
import { attributes } from './workflows/search-attributes.ts';
import type { syncPipeline } from './workflows/sync-pipeline.ts';

export type { Client };

/** `runId` is the first execution's: the run keeps it through continue-as-new, and its row in the store has it as id. */
export type RunHandle = { readonly workflowId: string; readonly runId: string };

const CONNECT_MS = 5_000;
/** A query is answered by a worker; without one it would wait for ever. */
const QUERY_MS = 5_000;
/** Uploads of devices will go before increments, increments before full runs. */
const PRIORITY = { incremental: 3, full: 5 } as const;

const GRPC_ALREADY_EXISTS = 6;
/** `Keyword` of temporal.api.enums.v1.IndexedValueType. */
const KEYWORD = 2;

/** Close `client.connection` in the end. @throws TEMPORAL_UNAVAILABLE */
export async function connectClient(config: Pick<SyncConfig, 'temporal'>): Promise<Client> {
  const { address, namespace, apiKey, tls } = config.temporal;
  try {
    const connection = await Connection.connect({
      address,
      connectTimeout: CONNECT_MS,
      ...(tls !== undefined && { tls }),
      ...(apiKey !== undefined && { apiKey }),
    });
    return new Client({ connection, namespace });
  } catch (error) {
    throw unavailable(error, ` at ${address}`);
  }
}

/**
 * Starts a run, with an id of pipeline and mode, so that one of a kind is under way at a time.
 * @param trigger who starts it: `cli`, or what calls for it.
 * @throws RUN_ACTIVE with the running run's id in its details, CONFIG_UNKNOWN, TEMPORAL_UNAVAILABLE, STORE_NOT_READY.
 */
export async function startRun(
  client: Client,
  config: SyncConfig,
  input: SyncPipelineInput & { trigger?: string },
): Promise<RunHandle> {
  const { trigger = 'cli', ...run } = input;
  const { pipeline, mode } = run;
  const spec = config.pipelines[pipeline];
  if (spec === undefined) {
    const known = Object.keys(config.pipelines).join(', ') || 'none';
    throw new SyncError('CONFIG_UNKNOWN', {
      message: `There is no pipeline "${pipeline}" in the configuration; it has ${known}`,
    });
  }
  const id = workflowId('sync', pipeline, mode);
  return reach(async () => {
    try {
      const handle = await client.workflow.start<typeof syncPipeline>('syncPipeline', {
        workflowId: id,
        taskQueue: spec.taskQueue,
        args: [run],
        memo: { trigger },
        priority: { priorityKey: PRIORITY[mode] },
        staticSummary: `${pipeline}: ${mode}`,
        staticDetails: `${mode} run of pipeline \`${pipeline}\`, asked for by ${run.requestedBy ?? trigger}`,
        typedSearchAttributes: attributes({ pipeline, mode, source: spec.source, status: 'RUNNING' }),
      });
      return { workflowId: id, runId: handle.firstExecutionRunId };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) throw runActive(await lastRun(client, id));
      throw error;
    }
  });
}

type LastRun = RunHandle & { readonly isUnderWay: boolean };

/** Of this workflow id: the one that is under way, else the last one. @throws RUN_NOT_FOUND, TEMPORAL_UNAVAILABLE */
export async function lastRun(client: Client, id: string): Promise<LastRun> {
  return reach(async () => {
    const { raw, runId, status } = await client.workflow.getHandle(id).describe();
    const first = raw.workflowExecutionInfo?.firstRunId || runId;
    return { workflowId: id, runId: first, isUnderWay: status.name === 'RUNNING' };
  });
}

export function runActive({ workflowId: id, runId }: RunHandle): SyncError {
  return new SyncError('RUN_ACTIVE', {
    message: `Run ${runId} of ${id} is under way`,
    details: { workflowId: id, runId },
  });
}

/**
 * Waits for the end of a run, whatever it is: a run that failed or was cancelled has a summary too.
 * @throws the code that kept the run from being opened at all; RUN_CANCELLED when its workflow was terminated.
 */
export async function followRun(client: Client, run: RunHandle): Promise<RunSummary> {
  return reach(async () => {
    try {
      return await client.workflow.getHandle<typeof syncPipeline>(run.workflowId, run.runId).result();
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return summaryOfFailed(client, run, error);
    }
  });
}

async function summaryOfFailed(
  client: Client,
  run: RunHandle,
  error: WorkflowFailedError,
): Promise<RunSummary> {
  const { cause } = error;
  if (cause?.name === 'CancelledFailure') return summaryOfCancelled(client, run);
  if (cause?.name === 'TerminatedFailure') {
    throw new SyncError('RUN_CANCELLED', {
      message: `Workflow ${run.workflowId} was terminated`,
      cause: error,
    });
  }
  const { code, message, remedy } = failureNote(cause);
  if (code === 'RUN_FAILED') {
    const [details] = (cause as { details?: readonly { summary?: RunSummary }[] }).details ?? [];
    if (details?.summary) return details.summary;
  }
  throw new SyncError(code, { message, ...(remedy !== undefined && { remedy }), cause: error });
}

/** Temporal keeps no result of a cancelled workflow, but the workflow still answers what it knows. */
async function summaryOfCancelled(client: Client, run: RunHandle): Promise<RunSummary> {
  const summary = (await progressOf(client, run))?.summary;
  // The workflow's id may be another run's by now.
  if (summary?.runId === run.runId) return summary;
  const [, pipeline = '', mode] = run.workflowId.split('/');
  return {
    runId: run.runId,
    pipeline,
    mode: mode?.startsWith('full') ? 'full' : 'incremental',
    status: 'CANCELLED',
    entities: [],
    counts: NO_ROWS,
  };
}

export type RunDescription = RunHandle & {
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED … */
  readonly temporalStatus: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  /** null when no worker answers. */
  readonly progress: RunProgress | null;
};

/** @throws RUN_NOT_FOUND, TEMPORAL_UNAVAILABLE */
export async function describeRun(
  client: Client,
  run: Pick<RunHandle, 'workflowId'>,
): Promise<RunDescription> {
  return reach(async () => {
    const described = await client.workflow.getHandle(run.workflowId).describe();
    return {
      workflowId: run.workflowId,
      runId: described.raw.workflowExecutionInfo?.firstRunId || described.runId,
      temporalStatus: described.status.name,
      startedAt: described.startTime.toISOString(),
      closedAt: described.closeTime?.toISOString() ?? null,
      progress: await progressOf(client, run),
    };
  });
}

async function progressOf(client: Client, run: Pick<RunHandle, 'workflowId'>): Promise<RunProgress | null> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(run.workflowId).query(progressQuery),
    );
  } catch {
    return null;
  }
}

type SteeredRun = Pick<RunHandle, 'workflowId'>;
type Asked = { readonly by: string; readonly note?: string };

/** These three return the status that the run then has. @throws RUN_NOT_FOUND, STORE_UNAVAILABLE, TEMPORAL_UNAVAILABLE */
export function pauseRun(client: Client, run: SteeredRun, asked: Asked): Promise<LiveStatus> {
  return steer(client, run, { action: 'pause', asked });
}

export function resumeRun(client: Client, run: SteeredRun, asked: Asked): Promise<LiveStatus> {
  return steer(client, run, { action: 'resume', asked });
}

export function cancelRun(client: Client, run: SteeredRun, asked: Asked): Promise<LiveStatus> {
  return steer(client, run, { action: 'cancel', asked });
}

function steer(
  client: Client,
  run: SteeredRun,
  { action, asked }: { action: SteeringAction; asked: Asked },
): Promise<LiveStatus> {
  return reach(() =>
    client.workflow.getHandle(run.workflowId).executeUpdate(steeringUpdates[action], { args: [asked] }),
  );
}

/** Registers what workflows upsert; idempotent. A worker cannot work in a namespace that lacks them. */
export async function registerSearchAttributes(client: Client): Promise<void> {
  const missing = await missingSearchAttributes(client);
  if (missing.length === 0) return;
  await reach(async () => {
    try {
      await (client.connection as Connection).operatorService.addSearchAttributes({
        namespace: client.options.namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
      });
    } catch (error) {
      if (grpcCode(error) !== GRPC_ALREADY_EXISTS) throw error;
    }
  });
}

/** Names of ours that the namespace does not have. */
export async function missingSearchAttributes(client: Client): Promise<string[]> {
  const { namespace } = client.options;
  const { operatorService } = client.connection as Connection;
  const { customAttributes } = await reach(() => operatorService.listSearchAttributes({ namespace }));
  return Object.values(searchAttributes).filter((name) => !(name in (customAttributes ?? {})));
}
