/**
 * What workflows may call: types only, so that nothing of the activities reaches the workflow bundle. Inputs and
 * results are JSON of names, ids, counts and positions; rows never travel here.
 */
import type { Finding } from '../domain/finding.ts';
import type {
  EntityRef,
  EntitySummary,
  FailureNote,
  Progress,
  RunMode,
  RunRef,
  RunSummary,
  SyncPipelineInput,
} from '../domain/run.ts';

export type OpenRunResult =
  | { readonly outcome: 'yielded'; readonly holder: string }
  | {
      readonly outcome: 'opened';
      readonly ref: RunRef;
      /** In the order to run; each with the mode it runs in (an entity without a checkpoint runs full). */
      readonly entities: readonly {
        readonly entity: string;
        readonly mode: RunMode;
        readonly lanes: number;
      }[];
      /** How many entities run side by side. */
      readonly parallelEntities: number;
      /** Name of the source, for people who look for its runs. */
      readonly source?: string;
    };

export type PrepareEntityResult = {
  readonly mode: RunMode;
  /** 'skip': the entity has neither changedAt nor capture, so an increment has nothing to read; `note` says so. */
  readonly action: 'run' | 'skip';
  readonly note?: string;
  readonly estimatedRows: number;
};

export type SliceResult = {
  /** false: time box over, paused, or nothing claimable now; call again. */
  readonly done: boolean;
  readonly paused: boolean;
  /** Of the entity in this run, all lanes, as the store has it. */
  readonly progress: Progress;
};

export type Activities = {
  /** Takes the lease (LEASE_HELD is retried for a full run), closes dead runs, writes the run row. */
  openRun(input: {
    run: SyncPipelineInput;
    workflowId: string;
    workflowRunId: string;
    trigger: string;
  }): Promise<OpenRunResult>;
  /** Describes the source, checks drift and identity, makes the mirror, writes the run's entity row. */
  prepareEntity(input: {
    ref: EntityRef;
    mode: RunMode;
    run: SyncPipelineInput;
  }): Promise<PrepareEntityResult>;
  /** Writes the entity's chunk rows. Idempotent: existing rows of this run stay. */
  planChunks(input: { ref: EntityRef; run: SyncPipelineInput }): Promise<{ chunks: number }>;
  /** One lane: claims and copies chunks for at most `timeBoxMs`. */
  copyChunks(input: { ref: EntityRef; lane: number; timeBoxMs: number }): Promise<SliceResult>;
  /** After all chunks: mass-delete guard, look-up in the source, tombstones (C5). */
  applyDeletes(input: {
    ref: EntityRef;
    run: SyncPipelineInput;
  }): Promise<{ tombstoned: number; skippedBecause?: FailureNote }>;
  /** The increment, or the catch-up of a full run: changes since the watermark, then the refresh list. */
  copyChanges(input: { ref: EntityRef; timeBoxMs: number }): Promise<SliceResult>;
  /** Sums the counters, judges the entity, moves its checkpoint by compare-and-set. */
  finishEntity(input: {
    ref: EntityRef;
    run: SyncPipelineInput;
    error?: FailureNote;
    cancelled?: boolean;
  }): Promise<EntitySummary>;
  /** Closes the run row and gives the lease back. */
  closeRun(input: { ref: RunRef; cancelled: boolean; error?: FailureNote }): Promise<RunSummary>;
  /** Writes pause, resume or cancel into the run row, where every claim reads it. */
  steerRun(input: { runId: string; action: 'pause' | 'resume' | 'cancel'; by: string }): Promise<void>;
};

export type RecordActivities = {
  /** Looks one record up in its source and mirrors it (C1). @returns whether the source has it. */
  refreshRecord(input: { read: string }): Promise<{ found: boolean }>;
};

export type SourceActivities = {
  /** Connects to a source and describes what is read from it; without secrets and values. */
  testSource(input: { source: string }): Promise<SourceTest>;
};

export type CleanUpInput = {
  /** Tombstones of which age go; by default what the configuration says. */
  readonly keptMs?: number;
  /** 'count': says what would be removed. */
  readonly mode: 'remove' | 'count';
};

export type CleanUpCounts = { readonly entity: string; readonly tombstones: number; readonly exits: number };

export type CleanUpActivities = {
  /** Removes tombstones and exits of all entities that devices are served, and raises their floors (C7). */
  cleanUp(input: CleanUpInput): Promise<readonly CleanUpCounts[]>;
};

export type SourceTest = {
  readonly answers: boolean;
  /** The first one says whether it answers. */
  readonly findings: readonly Finding[];
};
