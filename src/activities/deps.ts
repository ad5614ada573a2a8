/** What activities are made of, and what each call gets. Neither knows Temporal, so tests call activities as functions. */
import type { Logger } from 'pino';
import type { Source } from '../connectors/contract.ts';
import type { WriteTarget } from '../connectors/write-contract.ts';
import type { PipelineSpec, SyncConfig } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import type { RunRef } from '../domain/run.ts';
import type { UploadRef } from '../domain/upload/upload-run.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Store } from '../store/open.ts';

export type ActivityDeps = {
  readonly config: SyncConfig;
  readonly store: Store;
  readonly sources: Readonly<Record<string, Source>>;
  /** By source: where what devices change is written back to. */
  readonly targets: Readonly<Record<string, WriteTarget>>;
  readonly logger: Logger;
  /** Is this run of the workflow still open? Decides whether an expired lease may be taken over (C16). */
  readonly isWorkflowOpen: (workflowId: string, workflowRunId: string) => Promise<boolean>;
  /** Workflows of uploads and conflicts, for the sweep. */
  readonly workflows: UploadWorkflows;
  /** null: the configuration has no `notifications`. */
  readonly notifier: Notifier | null;
  /** Names this process in claims and slots. */
  readonly workerId: string;
};

/** Both start nothing when an execution is open: 'running'. */
export type UploadWorkflows = {
  /** Ids of the open ones, as Temporal's list has them: it lags behind. */
  open(): Promise<readonly string[]>;
  startUpload(upload: UploadRef & { workflowId: string; taskQueue: string }): Promise<'started' | 'running'>;
  startConflict(conflict: {
    id: string;
    workflowId: string;
    taskQueue: string;
  }): Promise<'started' | 'running'>;
};

export type ActivityContext = {
  readonly signal: AbortSignal;
  readonly heartbeat: (details?: unknown) => void;
};

export function pipelineByName(deps: Pick<ActivityDeps, 'config'>, name: string): PipelineSpec {
  const pipeline = deps.config.pipelines[name];
  if (pipeline !== undefined) return pipeline;
  const known = Object.keys(deps.config.pipelines).join(', ') || 'none';
  throw new SyncError('CONFIG_UNKNOWN', {
    message: `There is no pipeline "${name}" in the configuration; it has ${known}`,
  });
}

/** C21: a worker with another configuration leaves the run's work to those that have the right one. */
export function checkConfigHash(deps: Pick<ActivityDeps, 'config'>, ref: RunRef): PipelineSpec {
  const pipeline = deps.config.pipelines[ref.pipeline];
  if (pipeline?.hash === ref.configHash) return pipeline;
  throw new SyncError('CONFIG_CHANGED', {
    message: `This worker's configuration of ${ref.pipeline} is not the one that the run was started with`,
    details: { run: ref.configHash.slice(0, 12), worker: pipeline?.hash.slice(0, 12) ?? null },
  });
}

export function sourceOf(deps: ActivityDeps, pipeline: PipelineSpec): Source {
  const source = deps.sources[pipeline.source];
  if (source !== undefined) return source;
  throw new SyncError('CONFIG_UNKNOWN', { message: `This worker has no source "${pipeline.source}"` });
}
