/** Activities without databases: they keep a run's row and its entities in memory, and note how they were called. */
import { Context } from '@temporalio/activity';
import type { Activities } from '../../src/activities/contract.ts';
import { toApplicationFailure } from '../../src/activities/failures.ts';
import { type ErrorCode, SyncError } from '../../src/domain/errors.ts';
import {
  type EntitySummary,
  NO_ROWS,
  type RowCounts,
  type RunMode,
  type RunStatus,
  type RunSummary,
} from '../../src/domain/run.ts';

export type FakeEntity = {
  readonly entity: string;
  readonly mode?: RunMode;
  readonly lanes?: number;
  /** Rows of the entity; each slice of each lane copies some. */
  readonly rows?: number;
  readonly rowsPerSlice?: number;
};

type Name = keyof Activities;
export type Call = { readonly name: Name; readonly input: never; readonly attempt: number };

export type FakeRun = {
  readonly activities: Activities;
  readonly calls: Call[];
  readonly row: {
    status: 'NONE' | 'RUNNING' | RunStatus;
    paused: boolean;
    cancelled: boolean;
    runId: string | null;
  };
  /** Resolves with the input of the next call that fits, those before now not counted. */
  next(name: Name, fits?: (input: unknown) => boolean): Promise<unknown>;
  called(name: Name): unknown[];
};

/** `overrides` get the fake's own activity to fall back on. */
export function fakeRun(
  entities: readonly FakeEntity[],
  overrides: {
    readonly [N in Name]?: (
      input: Parameters<Activities[N]>[0],
      base: Activities[N],
    ) => ReturnType<Activities[N]>;
  } = {},
): FakeRun {
  const calls: Call[] = [];
  const row: FakeRun['row'] = { status: 'NONE', paused: false, cancelled: false, runId: null };
  const waiters: { name: Name; fits: (input: unknown) => boolean; resolve: (input: unknown) => void }[] = [];
  const ended = new Map<string, EntitySummary>();
  const done = new Map<string, number>();
  const base = baseActivities({ entities, row, ended, done });
  const activities = Object.fromEntries(
    (Object.keys(base) as Name[]).map((name) => [
      name,
      async (input: never) => {
        calls.push({ name, input, attempt: Context.current().info.attempt });
        for (const waiter of waiters.filter((one) => one.name === name && one.fits(input))) {
          waiters.splice(waiters.indexOf(waiter), 1);
          waiter.resolve(input);
        }
        try {
          const override = overrides[name] as ((input: never, base: unknown) => Promise<unknown>) | undefined;
          return await (override === undefined
            ? (base[name] as (input: never) => Promise<unknown>)(input)
            : override(input, base[name]));
        } catch (error) {
          throw toApplicationFailure(error);
        }
      },
    ]),
  ) as unknown as Activities;
  return {
    activities,
    calls,
    row,
    next: (name, fits = () => true) => new Promise((resolve) => waiters.push({ name, fits, resolve })),
    called: (name) => calls.filter((call) => call.name === name).map((call) => call.input),
  };
}

function baseActivities(state: {
  entities: readonly FakeEntity[];
  row: FakeRun['row'];
  ended: Map<string, EntitySummary>;
  done: Map<string, number>;
}): Activities {
  const { entities, row, ended, done } = state;
  const find = (name: string): FakeEntity => entities.find(({ entity }) => entity === name) as FakeEntity;
  const slice = async (entity: string, total: number) => {
    if (row.cancelled) throw new SyncError('RUN_CANCELLED', { message: 'the run is being cancelled' });
    const before = done.get(entity) ?? 0;
    const rowsDone = row.paused ? before : Math.min(total, before + (find(entity).rowsPerSlice ?? total));
    done.set(entity, rowsDone);
    const progress = { rowsDone, rowsEstimated: total, rowsPerSecond: 10 };
    return { done: !row.paused && rowsDone >= total, paused: row.paused, progress };
  };
  return {
    openRun: async ({ run, workflowRunId }) => {
      Object.assign(row, { status: 'RUNNING', runId: workflowRunId });
      return {
        outcome: 'opened',
        ref: { runId: workflowRunId, pipeline: run.pipeline, fence: 1, configHash: 'hash' },
        entities: entities.map(({ entity, mode, lanes }) => ({
          entity,
          mode: mode ?? run.mode,
          lanes: lanes ?? 1,
        })),
        parallelEntities: 2,
        source: 'erp',
      };
    },
    prepareEntity: async ({ ref, mode }) => ({
      mode,
      action: 'run',
      estimatedRows: find(ref.entity).rows ?? 10,
    }),
    planChunks: async () => ({ chunks: 4 }),
    copyChunks: async ({ ref }) => slice(ref.entity, find(ref.entity).rows ?? 10),
    applyDeletes: async () => ({ tombstoned: 0 }),
    copyChanges: async ({ ref }) => slice(ref.entity, done.get(ref.entity) ?? find(ref.entity).rows ?? 10),
    finishEntity: async ({ ref, run, error, cancelled }) => {
      const summary: EntitySummary = {
        entity: ref.entity,
        mode: find(ref.entity).mode ?? run.mode,
        status: cancelled ? 'CANCELLED' : error === undefined ? 'SUCCESS' : 'FAILED',
        counts: { ...NO_ROWS, fetched: done.get(ref.entity) ?? 0 },
        watermark: null,
        ...(error && { error }),
      };
      ended.set(ref.entity, summary);
      return summary;
    },
    closeRun: async ({ ref, cancelled, error }) => {
      if (row.status === 'NONE')
        throw new SyncError('RUN_NOT_FOUND', { message: `There is no run ${ref.runId}` });
      const summaries = [...ended.values()];
      const good = summaries.filter(({ status }) => status === 'SUCCESS').length;
      row.status = cancelled
        ? 'CANCELLED'
        : good === entities.length && !error
          ? 'SUCCESS'
          : good > 0
            ? 'PARTIAL'
            : 'FAILED';
      return summaryOf({ ...ref, mode: entities[0]?.mode ?? 'full' }, row.status, summaries);
    },
    steerRun: async ({ action }) => {
      if (action === 'cancel') row.cancelled = true;
      else row.paused = action === 'pause';
    },
  };
}

function summaryOf(
  run: { runId: string; pipeline: string; mode: RunMode },
  status: RunStatus,
  entities: readonly EntitySummary[],
): RunSummary {
  const counts: RowCounts = {
    ...NO_ROWS,
    fetched: entities.reduce((sum, entity) => sum + entity.counts.fetched, 0),
  };
  return { runId: run.runId, pipeline: run.pipeline, mode: run.mode, status, entities, counts };
}

/** Works until it is cancelled, and beats meanwhile: as a long copy does. */
export async function workUntilCancelled(): Promise<never> {
  const { cancelled, heartbeat } = Context.current();
  const beat = setInterval(() => heartbeat(), 200);
  return await cancelled.finally(() => clearInterval(beat));
}

export function syncError(
  code: ErrorCode,
  message: string,
  details: Record<string, unknown> = {},
): SyncError {
  return new SyncError(code, { message, details });
}

export type Gate = { readonly opened: Promise<void>; open(): void };

export function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
