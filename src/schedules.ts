/** Temporal schedules made from the configuration: one for each pipeline and mode. */
import {
  type Client,
  type ScheduleDescription,
  type ScheduleHandle,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { PipelineSpec, ScheduleSpec, SyncConfig } from './domain/config.ts';
import { SyncError } from './domain/errors.ts';
import type { RunMode, SyncPipelineInput } from './domain/run.ts';
import { workflowId } from './domain/workflow-id.ts';
import { grpcCode, reach } from './temporal-calls.ts';
import { attributes } from './workflows/search-attributes.ts';

export type ScheduleChange = {
  readonly action: 'created' | 'updated' | 'removed';
  readonly scheduleId: string;
};

export type ScheduleReport = {
  readonly scheduleId: string;
  readonly pipeline: string;
  readonly mode: RunMode;
  /** `every 60 s`, or the cron expression and its time zone. */
  readonly when: string;
  readonly timeZone: string;
  readonly paused: boolean;
  readonly note: string;
  /** UTC instants, the next one first. */
  readonly nextRuns: readonly string[];
};

type Target = { readonly pipeline: string; readonly mode: RunMode };

/** Kept with a schedule. `owner` tells ours from those of another installation in the same namespace. */
type Label = Target & { readonly syncline: 'schedule'; readonly owner: string };

/** What is missed while Temporal is down for longer than this is not made up for: the next run covers it. */
const CATCHUP_WINDOW = '1 minute';

/**
 * Makes Temporal's schedules those of the configuration: creates, corrects (edits made by hand too), and removes ours
 * that left it. A paused schedule stays paused.
 * @param only of one pipeline, or of all.
 * @returns what was changed.
 */
export async function applySchedules(
  client: Client,
  config: SyncConfig,
  { pipeline = null }: { readonly pipeline?: string | null } = {},
): Promise<ScheduleChange[]> {
  const isMeant = (name: string): boolean => pipeline === null || name === pipeline;
  return reach(async () => {
    const changes: ScheduleChange[] = [];
    const wanted = Object.values(config.pipelines)
      .filter((spec) => isMeant(spec.pipeline))
      .flatMap((spec) => wantedSchedules(config, spec));
    for (const options of wanted) {
      const action = await putSchedule(client, options);
      if (action !== 'unchanged') changes.push({ action, scheduleId: options.scheduleId });
    }
    const kept = new Set(wanted.map(({ scheduleId }) => scheduleId));
    for (const { scheduleId, label } of await ourSchedules(client)) {
      if (kept.has(scheduleId) || label.owner !== ownerOf(config) || !isMeant(label.pipeline)) continue;
      await client.schedule.getHandle(scheduleId).delete();
      changes.push({ action: 'removed', scheduleId });
    }
    return changes;
  });
}

function wantedSchedules(config: SyncConfig, spec: PipelineSpec): ScheduleOptions[] {
  return (['incremental', 'full'] as const).flatMap((mode) => {
    const schedule = spec.schedule[mode];
    return schedule === undefined ? [] : [scheduleOptions(config, spec, { mode, schedule })];
  });
}

function scheduleOptions(
  config: SyncConfig,
  { pipeline, source, taskQueue }: PipelineSpec,
  { mode, schedule }: { mode: RunMode; schedule: ScheduleSpec },
): ScheduleOptions {
  const label: Label = { syncline: 'schedule', owner: ownerOf(config), pipeline, mode };
  const when = whenText(schedule);
  return {
    scheduleId: scheduleIdOf({ pipeline, mode }),
    spec: {
      timezone: schedule.timeZone,
      ...(schedule.every !== undefined && { intervals: [{ every: schedule.every }] }),
      ...(schedule.cron !== undefined && { cronExpressions: [schedule.cron] }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'syncPipeline',
      // Temporal appends the time: a run started by hand never stands in a schedule's way.
      workflowId: workflowId('sync', pipeline, mode),
      taskQueue,
      args: [{ pipeline, mode, requestedBy: 'schedule' } satisfies SyncPipelineInput],
      memo: { trigger: 'schedule', when },
      staticSummary: `${pipeline}: ${mode}, ${when}`,
      typedSearchAttributes: attributes({ pipeline, mode, source, status: 'RUNNING' }),
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW },
    memo: label,
    state: { note: `From the configuration: ${when}` },
  };
}

async function putSchedule(
  client: Client,
  options: ScheduleOptions,
): Promise<'created' | 'updated' | 'unchanged'> {
  const handle = client.schedule.getHandle(options.scheduleId);
  const before = await describeIfThere(client, options.scheduleId);
  if (before === null) {
    await client.schedule.create(options);
    return 'created';
  }
  const { spec, action, policies } = options;
  await handle.update((previous) => ({
    spec,
    action,
    ...(policies && { policies }),
    state: {
      ...previous.state,
      ...(!previous.state.paused && options.state?.note !== undefined && { note: options.state.note }),
    },
  }));
  // The server has its own form of a cron expression, so only its own words can be compared.
  return essence(before) === essence(await handle.describe()) ? 'unchanged' : 'updated';
}

async function describeIfThere(
  client: Client,
  scheduleId: string,
  attempts = 2,
): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    // Of one that is being deleted the server says something else first.
    if (attempts === 1 || grpcCode(error) === null) throw error;
    return describeIfThere(client, scheduleId, attempts - 1);
  }
}

function essence({ spec, policies, action }: ScheduleDescription): string {
  const { workflowType, workflowId: id, taskQueue, args, memo, typedSearchAttributes } = action;
  const pairs = Array.isArray(typedSearchAttributes)
    ? typedSearchAttributes
    : typedSearchAttributes?.getAll();
  const found = Object.fromEntries((pairs ?? []).map(({ key, value }) => [key.name, value]));
  return JSON.stringify(sorted({ spec, policies, workflowType, id, taskQueue, args, memo, found }));
}

/** The server gives the entries of its maps in any order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}

/** Sorted by id. */
export async function listSchedules(client: Client): Promise<ScheduleReport[]> {
  return reach(async () => {
    const found = await ourSchedules(client);
    const reports = await Promise.all(
      found.map(async ({ scheduleId, label }) => {
        // Lists lag behind; a description does not.
        const described = await describeIfThere(client, scheduleId);
        return described === null ? [] : [reportOf(described, label)];
      }),
    );
    return reports.flat().sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
  });
}

/** Those that the configuration wants of these pipelines, as far as Temporal has them. */
export async function schedulesOf(client: Client, specs: readonly PipelineSpec[]): Promise<ScheduleReport[]> {
  const targets = specs.flatMap(({ pipeline, schedule }) =>
    (['incremental', 'full'] as const).flatMap((mode) => (schedule[mode] ? [{ pipeline, mode }] : [])),
  );
  return reach(async () => {
    const reports = await Promise.all(
      targets.map(async (target) => {
        const described = await describeIfThere(client, scheduleIdOf(target));
        return described === null ? [] : [reportOf(described, target)];
      }),
    );
    return reports.flat();
  });
}

function reportOf(
  { scheduleId, spec, state, info, action }: ScheduleDescription,
  label: Target,
): ScheduleReport {
  const when = action.memo?.when;
  return {
    scheduleId,
    pipeline: label.pipeline,
    mode: label.mode,
    when: typeof when === 'string' ? when : '',
    timeZone: spec.timezone || 'UTC',
    paused: state.paused,
    note: state.note ?? '',
    nextRuns: info.nextActionTimes.map((time) => time.toISOString()),
  };
}

async function ourSchedules(client: Client): Promise<{ scheduleId: string; label: Label }[]> {
  const found: { scheduleId: string; label: Label }[] = [];
  for await (const { scheduleId, memo } of client.schedule.list()) {
    if (memo?.syncline === 'schedule') found.push({ scheduleId, label: memo as Label });
  }
  return found;
}

/** @throws RUN_NOT_FOUND when there is no such schedule. */
export async function pauseSchedule(client: Client, at: Target & { note: string }): Promise<void> {
  await onSchedule(client, at, (handle) => handle.pause(at.note));
}

/** @throws RUN_NOT_FOUND when there is no such schedule. */
export async function resumeSchedule(client: Client, at: Target & { note: string }): Promise<void> {
  await onSchedule(client, at, (handle) => handle.unpause(at.note));
}

/** Starts a run now, unless the schedule's last one is still under way. @throws RUN_NOT_FOUND */
export async function triggerSchedule(client: Client, at: Target): Promise<void> {
  await onSchedule(client, at, (handle) => handle.trigger(ScheduleOverlapPolicy.SKIP));
}

async function onSchedule(
  client: Client,
  target: Target,
  act: (handle: ScheduleHandle) => Promise<void>,
): Promise<void> {
  await reach(async () => {
    try {
      await act(client.schedule.getHandle(scheduleIdOf(target)));
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
      throw new SyncError('RUN_NOT_FOUND', {
        message: `Temporal has no schedule for ${target.mode} runs of ${target.pipeline}`,
        remedy: 'Give the pipeline a schedule, then run `syncline schedule apply`.',
        cause: error,
      });
    }
  });
}

function scheduleIdOf({ pipeline, mode }: Target): string {
  return workflowId('sync', pipeline, mode);
}

/** Two configurations with one task queue would take each other's work already. */
function ownerOf(config: SyncConfig): string {
  return config.temporal.taskQueue;
}

function whenText({ every, cron, timeZone }: ScheduleSpec): string {
  return cron === undefined ? `every ${(every ?? 0) / 1_000} s` : `${cron} (${timeZone})`;
}
