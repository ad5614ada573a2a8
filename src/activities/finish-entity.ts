/**
 * Ends an entity of a run: sums what its chunks counted, judges it, and moves its checkpoint in a transaction that
 * has seen no undone chunk (C4). What bounded, failed or cancelled runs did stays; their checkpoint does not move.
 */

import { readHash } from '../domain/config-hash.ts';
import { ERRORS, SyncError } from '../domain/errors.ts';
import type {
  EntityRef,
  EntityStatus,
  EntitySummary,
  FailureNote,
  SyncPipelineInput,
} from '../domain/run.ts';
import { moveCheckpoint, readCheckpoint } from '../store/checkpoints.ts';
import { forgetOtherScopes } from '../store/dedupe-release.ts';
import { type EntityEnd, endEntity, readEntityEnd } from '../store/entity-end.ts';
import { buildFeedIndex } from '../store/feed-index.ts';
import { inStoreTransaction } from '../store/open.ts';
import { countQuarantined, dropUnseen } from '../store/quarantine.ts';
import { insertRunEntity, readEntitySummaries } from '../store/runs.ts';
import { type ActivityContext, type ActivityDeps, checkConfigHash } from './deps.ts';
import { type DescribedEntity, describeEntity, entitySpec } from './entity-plan.ts';
import { purgeCaptured } from './purge-captured.ts';
import { whileBeating } from './while-beating.ts';

const NEVER_BEGUN = {
  estimatedRows: 0,
  firstLoad: false,
  watermarkFrom: null,
  degraded: [],
  sourceIdentity: 'unknown',
  checkpointVersion: null,
  filledBy: [],
} as const;

type Client = Parameters<Parameters<typeof inStoreTransaction>[1]>[0];

export type FinishEntityInput = {
  readonly ref: EntityRef;
  readonly run: SyncPipelineInput;
  readonly error?: FailureNote;
  readonly cancelled?: boolean;
};

export async function finishEntity(
  deps: ActivityDeps,
  input: FinishEntityInput,
  context: ActivityContext,
): Promise<EntitySummary> {
  return whileBeating(context, () => finish(deps, input, context));
}

async function finish(
  deps: ActivityDeps,
  input: FinishEntityInput,
  context: ActivityContext,
): Promise<EntitySummary> {
  const { ref } = input;
  const spec = entitySpec(checkConfigHash(deps, ref), ref.entity);
  const failedAlready = input.error !== undefined || input.cancelled === true;
  // An entity that could not even be described has no checkpoint to move either.
  const described = failedAlready ? null : await describeEntity(deps, ref, context);
  const built = await inStoreTransaction(deps.store, async (client) => {
    // An entity that failed before it was prepared has no row yet; its failure is to be seen all the same.
    if (failedAlready) await insertRunEntity(client, ref, { ...NEVER_BEGUN, mode: input.run.mode });
    const end = await readEntityEnd(client, ref);
    if (end === null) return false;
    const isFull = end.mode === 'full';
    // A retry after the end: the index may still be to be built.
    if (end.status !== 'RUNNING') return isFull && end.status !== 'FAILED';
    let passed = true;
    if (described !== null && movesCheckpoint(end, input)) {
      passed = await advance(client, ref, { end, described });
      if (passed && isFull) await forgetLeftovers(client, ref, described);
    }
    const quarantined = await countQuarantined(client, ref.entity);
    const error = passed
      ? end.error
      : note('FENCED', `The checkpoint of ${ref.entity} was moved by another run`);
    const judged = { end: { ...end, error }, input, quarantined, maxQuarantined: spec.maxQuarantined };
    const verdict = judgeEntity(judged);
    await endEntity(client, ref, verdict);
    return isFull && verdict.status !== 'FAILED';
  });
  // Where no catch-up has built it: an entity without changedAt, a sample.
  if (built && described !== null) await buildFeedIndex(deps.store.pool, described.plan);
  if (described !== null) await purgeCaptured(deps, { ref, plan: described.plan }, context);
  const [summary] = await readEntitySummaries(deps.store.pool, ref.runId, ref.entity);
  if (summary !== undefined) return summary;
  throw new SyncError('RUN_NOT_FOUND', { message: `Run ${ref.runId} has no entity ${ref.entity}` });
}

/** Only all of the entity, without exception, lets the checkpoint pass. */
function movesCheckpoint(end: EntityEnd, { run }: FinishEntityInput): boolean {
  const bounded = run.since !== undefined || run.maxRows !== undefined;
  const done = end.mode === 'full' ? end.doneRanges : end.doneChunks;
  return !bounded && done > 0 && end.failedChunks === 0 && end.undoneChunks === 0;
}

/** What is kept of rows that a full run, having met all there are, did not meet again. */
async function forgetLeftovers(
  client: Client,
  ref: EntityRef,
  { plan, shape }: DescribedEntity,
): Promise<void> {
  if (shape.seesAllRows) await dropUnseen(client, ref);
  await forgetOtherScopes(client, plan);
}

/** @returns false when another run moved the checkpoint since this one began (C4). */
async function advance(
  client: Client,
  ref: EntityRef,
  { end, described }: { end: EntityEnd; described: DescribedEntity },
): Promise<boolean> {
  const { plan, shape } = described;
  const { mode } = end;
  const checkpoint = await readCheckpoint(client, ref.entity);
  return moveCheckpoint(client, ref, {
    from: end.checkpointVersion,
    mode,
    // Marks of another source mean nothing for this one (C2).
    watermark:
      end.watermarkTo ?? (checkpoint?.sourceIdentity === end.sourceIdentity ? checkpoint.watermark : null),
    sourceIdentity: end.sourceIdentity,
    sourceColumns: shape.columns,
    // Only a full run has seen every row of what `read` now says, and filled it by what the run began with: columns that
    // came up meanwhile are in the rows of some workers only.
    ...(mode === 'full' || checkpoint === null
      ? { readHash: readHash(plan.spec), filledBy: end.filledBy }
      : { readHash: checkpoint.readHash, filledBy: checkpoint.filledBy }),
  });
}

export type Verdict = { readonly status: EntityStatus; readonly error: FailureNote | null };

/** FAILED: nothing of it got through. PARTIAL: rows are in, but something is left for a person or the next run. */
export function judgeEntity(at: {
  end: Pick<EntityEnd, 'failedChunks' | 'doneChunks' | 'undoneChunks' | 'chunkError' | 'error'>;
  input: Pick<FinishEntityInput, 'error' | 'cancelled'>;
  quarantined: number;
  maxQuarantined: number | null;
}): Verdict {
  const { end, input } = at;
  if (input.cancelled) return { status: 'CANCELLED', error: null };
  if (input.error !== undefined) {
    return { status: end.doneChunks > 0 ? 'PARTIAL' : 'FAILED', error: input.error };
  }
  if (end.failedChunks > 0) {
    const error = note(
      'CHUNK_FAILED',
      `${end.failedChunks} chunks failed: ${end.chunkError?.message ?? 'unknown'}`,
    );
    return { status: end.doneChunks > 0 ? 'PARTIAL' : 'FAILED', error };
  }
  if (end.undoneChunks > 0) {
    return { status: 'PARTIAL', error: note('INTERNAL', `${end.undoneChunks} chunks were left undone`) };
  }
  if (end.error !== null) return { status: 'PARTIAL', error: end.error };
  if (at.maxQuarantined !== null && at.quarantined > at.maxQuarantined) {
    const message = `${at.quarantined} rows are in quarantine; maxQuarantined is ${at.maxQuarantined}`;
    return { status: 'PARTIAL', error: note('TOO_MANY_QUARANTINED', message) };
  }
  return { status: 'SUCCESS', error: null };
}

function note(code: keyof typeof ERRORS, message: string): FailureNote {
  return { code, message, remedy: ERRORS[code].remedy };
}
