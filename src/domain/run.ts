/** Runs as every layer speaks of them: input, names, counters, results. Only JSON: these cross Temporal. */

export type RunMode = 'full' | 'incremental';
export type RunStatus = 'SUCCESS' | 'PARTIAL' | 'FAILED' | 'CANCELLED';
export type EntityStatus = RunStatus | 'SKIPPED';

/** Input of `syncPipeline`, as a person types it into the Temporal UI. */
export type SyncPipelineInput = {
  readonly pipeline: string;
  readonly mode: RunMode;
  readonly entities?: readonly string[];
  /** Only rows changed since this UTC instant; nothing is tombstoned and the checkpoint stays. */
  readonly since?: string;
  /** Stop an entity after about so many rows; nothing is tombstoned and the checkpoint stays. */
  readonly maxRows?: number;
  readonly requestedBy?: string;
  /** Let this run tombstone more than the guard allows. */
  readonly allowMassDelete?: boolean;
};

/** Names a run and the work of one entity in it. Every activity checks fence and config hash. */
export type RunRef = {
  readonly runId: string;
  readonly pipeline: string;
  readonly fence: number;
  readonly configHash: string;
};
export type EntityRef = RunRef & { readonly entity: string };

export type RowCounts = {
  readonly fetched: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly tombstoned: number;
  readonly quarantined: number;
  readonly lateRows: number;
  readonly refreshed: number;
};

export const NO_ROWS: RowCounts = {
  fetched: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  tombstoned: 0,
  quarantined: 0,
  lateRows: 0,
  refreshed: 0,
};

export type FailureNote = { readonly code: string; readonly message: string; readonly remedy?: string };

export type EntitySummary = {
  readonly entity: string;
  readonly mode: RunMode;
  readonly status: EntityStatus;
  readonly counts: RowCounts;
  readonly watermark: string | null;
  readonly error?: FailureNote;
};

export type RunSummary = {
  readonly runId: string | null;
  readonly pipeline: string;
  readonly mode: RunMode;
  readonly status: RunStatus | 'YIELDED';
  /** The run that an increment yielded to. */
  readonly yieldedTo?: string;
  readonly entities: readonly EntitySummary[];
  readonly counts: RowCounts;
};

export type Progress = {
  readonly rowsDone: number;
  readonly rowsEstimated: number;
  readonly rowsPerSecond: number;
};
