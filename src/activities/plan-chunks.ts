/** Writes the key ranges of a full run, sized by rows and bytes; idempotent, since a retry keeps what is there. */

import type { EntityRef, SyncPipelineInput } from '../domain/run.ts';
import type { KeyRange } from '../domain/source-shape.ts';
import { insertChunks } from '../store/chunks.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { describeEntity } from './entity-plan.ts';
import { withSource } from './source-access.ts';
import { whileBeating } from './while-beating.ts';

const CHUNK_BYTES = 256 * 1024 * 1024;

export async function planChunks(
  deps: ActivityDeps,
  input: { ref: EntityRef; run: SyncPipelineInput },
  context: ActivityContext,
): Promise<{ chunks: number }> {
  const { ref, run } = input;
  // Rows since an instant are read like an increment: no ranges.
  if (run.since !== undefined) return { chunks: 0 };
  // Planned again, an entity that changed meanwhile would have other ranges, and some rows two of them.
  const planned = await countRanges(deps, ref);
  if (planned > 0) return { chunks: planned };
  const { plan } = await describeEntity(deps, ref, context);
  const chunkRows = Math.min(plan.spec.chunkRows, run.maxRows ?? Number.POSITIVE_INFINITY);
  const { signal } = context;
  const { ranges } = await whileBeating(context, () =>
    withSource(deps, { ref, signal }, (source) =>
      source.planChunks(plan, { chunkRows, chunkBytes: CHUNK_BYTES, lanes: plan.spec.lanes, signal }),
    ),
  );
  const wanted: readonly KeyRange[] =
    run.maxRows === undefined ? ranges : ranges.slice(0, Math.ceil(run.maxRows / chunkRows));
  await insertChunks(deps.store.pool, ref, { kind: 'range', ranges: wanted });
  return { chunks: wanted.length };
}

async function countRanges(deps: ActivityDeps, ref: EntityRef): Promise<number> {
  const { rows } = await deps.store.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM syncline.sync_chunk WHERE run_id = $1 AND entity = $2 AND kind = 'range'`,
    [ref.runId, ref.entity],
  );
  return rows[0]?.count ?? 0;
}
