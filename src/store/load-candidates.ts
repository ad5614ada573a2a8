/** C5: what a range's piece says of keys: which ones the source showed, and which of the mirror's it did not. */
import type { EntityPlan, Reject } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { tracksFields } from './field-stamps.ts';
import type { LoadJob } from './load-job.ts';
import { joinMirror, type LoadSession } from './load-session.ts';
import { keepsOwnRows } from './made-here.ts';
import {
  type Bind,
  bindings,
  encodedKey,
  inRange,
  type MirrorRange,
  mirrorTable,
  ownRows,
  sameKey,
} from './mirror-target.ts';
import type { Staging } from './staging.ts';

/** Live rows that a source may take away: its own. Where changes stay in the mirror, rows may be made there (C18). */
export function deletable(plan: EntityPlan, alias: string, bind: Bind): string {
  return `${alias}.sync_deleted_at IS NULL AND ${isOfSource(plan, alias)} AND ${ownRows(plan, alias, bind)}`;
}

function isOfSource(plan: EntityPlan, alias: string): string {
  if (keepsOwnRows(plan)) return `NOT ${alias}.sync_made_here`;
  if (tracksFields(plan)) return 'true';
  // A configuration that took changes once may have left rows that were made here, and the column that says so.
  const madeHere = `coalesce((to_jsonb(${alias})->>'sync_made_here')::boolean, false)`;
  return `(${alias}.sync_origin IS NULL OR NOT ${madeHere})`;
}

export async function noteKeys(
  session: LoadSession,
  job: LoadJob,
  shown: {
    readonly staging: Staging | null;
    readonly rejects: readonly Reject[];
    readonly rowsFetched: number;
  },
): Promise<void> {
  // Changes and look-ups show some keys only: nothing follows from those that they do not show.
  if (job.range === null) return;
  if (shown.rejects.some((reject) => reject.key === null)) {
    // The missing key of the row could be any that the mirror has, so the chunk proves nothing any more.
    await giveUpCandidates(session, job);
    if (job.keyOrder === 'bytes') return;
  }
  if (job.keyOrder === 'unproved') await noteSeen(session, job, shown.rowsFetched);
  else if (shown.staging !== null && session.claimed?.keysComplete !== false) {
    const missing = { range: job.range, staging: shown.staging, rejects: shown.rejects };
    await joinMirror(session, 'byHash', () => collectMissing(session, job, missing));
  }
}

async function collectMissing(
  session: LoadSession,
  job: LoadJob,
  shown: { readonly range: MirrorRange; readonly staging: Staging; readonly rejects: readonly Reject[] },
): Promise<void> {
  const { plan, ref } = job;
  const { values, bind } = bindings();
  const rejected = shown.rejects.map((reject) => reject.key);
  await session.client.query(
    `INSERT INTO syncline.delete_candidate (run_id, entity, key)
     SELECT ${bind(ref.runId)}, ${bind(ref.entity)}, key
       FROM (SELECT ${encodedKey(plan, 'm')} AS key
               FROM ${mirrorTable(plan)} AS m
              WHERE ${inRange(plan, { alias: 'm', range: shown.range }, bind)} AND ${deletable(plan, 'm', bind)}
                AND NOT EXISTS (SELECT FROM ${shown.staging.table} AS s WHERE ${sameKey(plan, 's', 'm')})) AS missing
      WHERE key <> ALL (${bind(rejected)}::text[])
      ORDER BY key
     ON CONFLICT DO NOTHING`,
    values,
  );
}

/** What earlier pieces of the chunk collected goes too: the unreadable row may be one of those. */
async function giveUpCandidates(session: LoadSession, { ref, plan, claim }: LoadJob): Promise<void> {
  if (claim === null || session.claimed === null) return;
  await session.client.query('UPDATE syncline.sync_chunk SET keys_complete = false WHERE id = $1', [
    claim.chunkId,
  ]);
  const { values, bind } = bindings();
  const { lower, upper } = session.claimed;
  await session.client.query(
    `DELETE FROM syncline.delete_candidate AS c
      USING ${mirrorTable(plan)} AS m
      WHERE c.run_id = ${bind(ref.runId)} AND c.entity = ${bind(ref.entity)} AND c.key = ${encodedKey(plan, 'm')}
        AND ${inRange(plan, { alias: 'm', range: { after: lower, upTo: upper } }, bind)} AND ${ownRows(plan, 'm', bind)}`,
    values,
  );
}

async function noteSeen(session: LoadSession, { ref, rawKeys }: LoadJob, rowsFetched: number): Promise<void> {
  if (rowsFetched === 0) return;
  if (rawKeys === null) {
    throw new SyncError('INTERNAL', {
      message: `The keys of ${ref.entity} are needed, its key order being unproved`,
    });
  }
  await session.client.query(
    `INSERT INTO syncline.seen_key (run_id, entity, key)
     SELECT $1, $2, key FROM unnest($3::text[]) AS key ORDER BY key
     ON CONFLICT DO NOTHING`,
    [ref.runId, ref.entity, rawKeys],
  );
}
