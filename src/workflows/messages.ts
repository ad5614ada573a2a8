/**
 * What people and other workflows say to runs. Signals take `unknown`: a malformed one must not fail the workflow
 * task, which would be tried again for ever. Updates refuse what they do not understand.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { z } from 'zod';
import type { EntitySummary, RunMode, RunStatus, RunSummary } from '../domain/run.ts';

/** Who steers and why; everything may be left out, since the Temporal UI sends no input by default. */
const steering = z
  .object({ by: z.string().trim().min(1).max(200).optional(), note: z.string().max(500).optional() })
  .nullish();

export type Steering = { readonly by: string; readonly note?: string };

/** @returns what was wrong as text when the message cannot be understood. */
export function parseSteering(input: unknown): Steering | string {
  const parsed = steering.safeParse(input);
  if (!parsed.success) return `expected {"by": "name", "note": "why"}: ${z.prettifyError(parsed.error)}`;
  const { by, note } = parsed.data ?? {};
  return { by: by ?? 'Temporal', ...(note !== undefined && { note }) };
}

export const STEERING_ACTIONS = ['pause', 'resume', 'cancel'] as const;
export type SteeringAction = (typeof STEERING_ACTIONS)[number];

export const steeringSignals = {
  pause: defineSignal<[unknown]>('pause'),
  resume: defineSignal<[unknown]>('resume'),
  cancel: defineSignal<[unknown]>('cancel'),
} as const;

/** Answers with the status that the run then has. */
export const steeringUpdates = {
  pause: defineUpdate<LiveStatus, [unknown]>('pause'),
  resume: defineUpdate<LiveStatus, [unknown]>('resume'),
  cancel: defineUpdate<LiveStatus, [unknown]>('cancel'),
} as const;

export type LiveStatus = 'RUNNING' | 'PAUSED' | 'CANCELLING' | RunStatus | 'YIELDED';

export type EntityStage =
  | 'waiting'
  | 'preparing'
  | 'copying'
  | 'deleting'
  | 'catching up'
  | 'finishing'
  | 'ended';

export type EntityProgress = {
  readonly entity: string;
  readonly mode: RunMode;
  readonly status: 'WAITING' | 'RUNNING' | 'PAUSED' | EntitySummary['status'];
  readonly stage: EntityStage;
  readonly rowsDone: number;
  readonly rowsEstimated: number;
  readonly rowsPerSecond: number;
};

export type RunProgress = {
  readonly status: LiveStatus;
  readonly rowsDone: number;
  readonly rowsEstimated: number;
  readonly rowsPerSecond: number;
  /** null while it cannot be told. */
  readonly secondsLeft: number | null;
  readonly entities: readonly EntityProgress[];
  /** Once the run is over. */
  readonly summary: RunSummary | null;
};

export const progressQuery = defineQuery<RunProgress>('progress');

/** From an entity's workflow to its run's. */
export const entityProgressSignal = defineSignal<[unknown]>('entityProgress');

const entityProgress = z.object({
  entity: z.string(),
  mode: z.enum(['full', 'incremental']),
  status: z.enum(['RUNNING', 'PAUSED']),
  stage: z.enum(['preparing', 'copying', 'deleting', 'catching up', 'finishing']),
  rowsDone: z.number().nonnegative(),
  rowsEstimated: z.number().nonnegative(),
  rowsPerSecond: z.number().nonnegative(),
}) satisfies z.ZodType<EntityProgress>;

export function parseEntityProgress(input: unknown): EntityProgress | null {
  return entityProgress.safeParse(input).data ?? null;
}

/** A person may type it into the Temporal UI. */
const pipelineInput = z.strictObject({
  pipeline: z.string().min(1),
  mode: z.enum(['full', 'incremental']),
  entities: z.array(z.string().min(1)).min(1).optional(),
  /** Read as an instant when the run is opened. */
  since: z.string().min(1).optional(),
  maxRows: z.int().positive().optional(),
  requestedBy: z.string().min(1).max(200).optional(),
  allowMassDelete: z.boolean().optional(),
});

/** @returns the problem as text when the input is no SyncPipelineInput. */
export function pipelineInputProblem(input: unknown): string | null {
  const parsed = pipelineInput.safeParse(input);
  return parsed.success ? null : z.prettifyError(parsed.error);
}
