/** What many replies to operators and approvers consist of. */
import { z } from 'zod';
import { listOf } from './paging.ts';

export const instant = z.string().describe('UTC, ISO 8601');

export const failureSchema = z
  .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
  .describe('What went wrong, with a code of the errors’ page, and what to do');

export const countsSchema = z.object({
  fetched: z.number(),
  inserted: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  skipped: z.number(),
  tombstoned: z.number(),
  quarantined: z.number(),
  lateRows: z.number(),
  refreshed: z.number(),
});

const degradedSchema = z.object({ code: z.string(), message: z.string() });

export const runSchema = z.object({
  runId: z.string(),
  pipeline: z.string(),
  mode: z.string(),
  status: z
    .string()
    .describe(
      'RUNNING, SUCCESS, PARTIAL, FAILED, CANCELLED; of a run that no worker has opened: WAITING, YIELDED to another run',
    ),
  trigger: z.string(),
  requestedBy: z.string().nullable(),
  source: z.string(),
  sourceKind: z.string(),
  workflowId: z.string(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  seconds: z.number(),
  pausedAt: instant.nullable(),
  pausedBy: z.string().nullable(),
  error: failureSchema.nullable(),
  entities: listOf(
    z.object({
      entity: z.string(),
      mode: z.string(),
      status: z.string(),
      rowsDone: z.number(),
      rowsEstimated: z.number().describe('0 where it is not known, as in increments'),
      rowsPerSecond: z.number(),
      counts: countsSchema,
      nullChangedAt: z.number(),
      futureChangedAt: z.number(),
      watermarkFrom: z.string().nullable(),
      watermarkTo: z.string().nullable(),
      degraded: listOf(degradedSchema),
      error: failureSchema.nullable(),
    }),
  ),
});

export const summarySchema = z
  .object({
    runId: z.string().nullable(),
    pipeline: z.string(),
    mode: z.string(),
    status: z.string(),
    yieldedTo: z.string().optional(),
    counts: countsSchema,
    entities: listOf(
      z.object({
        entity: z.string(),
        mode: z.string(),
        status: z.string(),
        counts: countsSchema,
        watermark: z.string().nullable(),
        error: failureSchema.optional(),
      }),
    ),
  })
  .describe('How a run ended');

export const findingSchema = z.object({
  subject: z.string(),
  level: z.enum(['ok', 'advice', 'degraded', 'error']),
  message: z.string(),
  remedy: z.string().optional(),
  code: z.string().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

export const note = z.string().trim().max(500).optional().describe('Why');

/** Names of entities, pipelines and sources; keys of rows are longer. */
export const name = z.string().min(1).max(200);
export const key = z.string().min(1).max(2_000);
export const entityFilter = name.optional().describe('Only of this entity');
