/** Pipelines as the configuration has them, with what ran last and what comes next. */
import type { PipelineSpec, ScheduleSpec } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { isSyncError } from '../domain/errors.ts';
import { type ScheduleReport, schedulesOf } from '../schedules.ts';
import {
  type CheckpointReport,
  type LastRunReport,
  readCheckpoints,
  readLastRuns,
} from '../store/run-reports.ts';
import type { ServiceContext } from './context.ts';

export type PipelineReport = {
  readonly pipeline: string;
  readonly source: string;
  readonly taskQueue: string;
  readonly schedule: Readonly<Record<'incremental' | 'full', ScheduleSpec | null>>;
  readonly entities: readonly string[];
  /** The run that began last; it may be under way. */
  readonly lastRun: Omit<LastRunReport, 'pipeline'> | null;
  /** UTC instants by mode; null: none is scheduled, its schedule is paused, or Temporal does not answer. */
  readonly nextRuns: Readonly<Record<'incremental' | 'full', string | null>>;
};

type Reader = Pick<ServiceContext, 'store' | 'client'>;

export async function pipelineReports(
  { store, client }: Reader,
  specs: readonly PipelineSpec[],
): Promise<PipelineReport[]> {
  const names = specs.map(({ pipeline }) => pipeline);
  const [lastRuns, schedules] = await Promise.all([
    readLastRuns(store.pool, names),
    knownSchedules(client, specs),
  ]);
  return specs.map(({ pipeline, source, taskQueue, schedule, entities }) => {
    const { pipeline: _, ...lastRun } = lastRuns.find((run) => run.pipeline === pipeline) ?? {};
    return {
      ...{ pipeline, source, taskQueue, entities: Object.keys(entities) },
      schedule: { incremental: schedule.incremental ?? null, full: schedule.full ?? null },
      lastRun: 'runId' in lastRun ? lastRun : null,
      nextRuns: {
        incremental: nextOf(schedules, { pipeline, mode: 'incremental' }),
        full: nextOf(schedules, { pipeline, mode: 'full' }),
      },
    };
  });
}

/** The store alone tells most of it, so a Temporal that does not answer takes only the next times away. */
async function knownSchedules(
  client: Reader['client'],
  specs: readonly PipelineSpec[],
): Promise<readonly ScheduleReport[]> {
  try {
    return await schedulesOf(client, specs);
  } catch (error) {
    if (isSyncError(error, 'TEMPORAL_UNAVAILABLE')) return [];
    throw error;
  }
}

function nextOf(
  schedules: readonly ScheduleReport[],
  { pipeline, mode }: Pick<ScheduleReport, 'pipeline' | 'mode'>,
): string | null {
  const schedule = schedules.find((at) => at.pipeline === pipeline && at.mode === mode);
  return schedule === undefined || schedule.paused ? null : (schedule.nextRuns[0] ?? null);
}

export type EntityReport = {
  readonly entity: string;
  readonly mirror: string;
  readonly key: readonly string[];
  /** What increments follow; null: only full runs read it. */
  readonly increments: 'changedAt' | 'capture' | null;
  /** Whether devices get it. */
  readonly feed: boolean;
  /** Where changes of devices go; null: it takes none. */
  readonly writeBack: 'source' | 'mirror' | null;
  /** UTC instant up to which changes are in the mirror. */
  readonly watermark: string | null;
  /** Its next run reads everything. */
  readonly needsFull: boolean;
};

export async function entityReports(
  { store }: Pick<Reader, 'store'>,
  spec: PipelineSpec,
): Promise<EntityReport[]> {
  const checkpoints = await readCheckpoints(store.pool);
  return Object.values(spec.entities).map((entity) =>
    entityReport(
      entity,
      checkpoints.find((one) => one.entity === entity.entity),
    ),
  );
}

function entityReport(spec: EntitySpec, checkpoint: CheckpointReport | undefined): EntityReport {
  const { entity, mirror, key, capture, changedAt, feed, upload } = spec;
  return {
    ...{ entity, mirror: `${mirror.schema}.${mirror.table}`, key },
    increments: capture ? 'capture' : changedAt === null ? null : 'changedAt',
    ...{ feed: feed !== null, writeBack: upload?.writeBack.to ?? null },
    ...{ watermark: checkpoint?.watermark ?? null, needsFull: checkpoint?.needsFull ?? true },
  };
}
