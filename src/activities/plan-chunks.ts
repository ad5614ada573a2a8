/** Writes the key ranges of a full run, sized by rows and bytes; idempotent, since a retry keeps what is there. */

import type { EntityRef, SyncPipelineInput } from '../domain/run.ts';
import type { KeyRange } from '../domain/source-shape.ts';
import { insertChunks } from '../store/chunks.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { describeEntity } from './entity-plan.ts';
import { withSource } from './source-access.ts';

const CHUNK_BYTES = 32 * 1024 * 1024;

export async function planChunks(
  deps: ActivityDeps,
  input: { ref: EntityRef; run: SyncPipelineInput },
  context: ActivityContext,
): Promise<{ chunks: number }> {
  const { ref, run } = input;
  // Rows since an instant are read like an increment: no ranges.
  if (run.since !== undefined) return { chunks: 0 };
  const { plan } = await describeEntity(deps, ref, context);
  const chunkRows = Math.min(plan.spec.chunkRows, run.maxRows ?? Number.POSITIVE_INFINITY);
  const { ranges } = await withSource(
    deps,
    { ref, signal: context.signal, moved: context.heartbeat },
    (source) => source.planChunks(plan, { chunkRows, chunkBytes: CHUNK_BYTES, signal: context.signal }),
  );
  const wanted: readonly KeyRange[] =
    run.maxRows === undefined ? ranges : ranges.slice(0, Math.ceil(run.maxRows / chunkRows));
  await insertChunks(deps.store.pool, ref, { kind: 'range', ranges: wanted });
  return { chunks: wanted.length };
}
