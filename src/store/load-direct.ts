/**
 * The first load's shortcut: COPY of a piece straight into the mirror, without staging, where its range holds no row
 * at all. Whatever stands in its way (a row, a tombstone, a duplicate, a bad value) undoes it, and the range is read
 * again for staging, under a new ticket.
 */

import type { EntityPlan, Reject, ShapedPiece } from '../domain/entity.ts';
import { NO_ROWS, type RowCounts } from '../domain/run.ts';
import { copyIn } from './copy-in.ts';
import { noteKeys } from './load-candidates.ts';
import type { LoadJob } from './load-job.ts';
import { settleRefresh } from './load-piece.ts';
import { inLoadTransaction, type LoadSession, recordClaim } from './load-session.ts';
import {
  bindings,
  bindLiteral,
  inRange,
  keyList,
  keyNames,
  loadNames,
  type MirrorRange,
  mirrorTable,
} from './mirror-target.ts';
import type { Store } from './open.ts';
import { isRowError } from './poison.ts';
import { clearQuarantine, quarantineRows } from './quarantine-rows.ts';

/** Staging decides on duplicates, soft deletes and local rules, and writes sync_source. */
export function canLoadDirect(plan: EntityPlan): boolean {
  const { deduplicate, softDelete, localColumns } = plan.spec;
  return (
    deduplicate === null &&
    softDelete === null &&
    plan.syncSource === null &&
    localColumns.every((column) => column.onSource === undefined)
  );
}

/** @throws SyncError FENCED */
// biome-ignore lint/complexity/useMaxParams: as loadPiece.
export async function loadDirect(
  store: Store,
  job: LoadJob,
  piece: ShapedPiece,
  signal?: AbortSignal,
): Promise<RowCounts | 'redo'> {
  const { plan, range, ref, claim } = job;
  if (piece.layout !== 'mirror' || range === null || !canLoadDirect(plan)) return 'redo';
  // The savepoint is left to COMMIT: to release it would be one more round trip.
  const first = `${look(job, range)}; SAVEPOINT piece`;
  return inLoadTransaction(store, { ref, claim, signal, first }, async (session) => {
    const seen = session.first?.rows[0] as Seen;
    if (seen.occupied || !(await copies(session, plan, piece))) return 'redo';
    await settleRefresh(session, job);
    await noteKeys(session, job, { staging: null, rejects: piece.rejects, rowsFetched: piece.rowsFetched });
    if (seen.quarantined) await clearLoaded(session, job, { range, rejects: piece.rejects });
    await quarantineRows(session.client, ref, piece.rejects);
    const counts = {
      ...NO_ROWS,
      fetched: piece.rowsFetched,
      inserted: piece.rowsInData,
      quarantined: piece.rejects.length,
    };
    recordClaim(session, job, counts);
    return counts;
  });
}

/** Whether the range holds a row, and the entity has anything in quarantine. */
type Seen = { readonly occupied: boolean; readonly quarantined: boolean };

/**
 * C15: a tombstone is a row. A row that comes in between here and the COPY is met as a duplicate, and so is any row where
 * the source's key order is unproved, since its ranges say nothing of the mirror's keys. The order makes the planner look
 * into the primary key (EXISTS would drop it): without it, it scans a mirror of which it has no statistics yet from its
 * start.
 */
function look({ plan, keyOrder }: LoadJob, range: MirrorRange): string {
  const order = keyNames(plan, 'm').join(', ');
  const row =
    (): string => `(SELECT true FROM ${mirrorTable(plan)} AS m WHERE ${inRange(plan, { alias: 'm', range }, bindLiteral)}
                 ORDER BY ${order} LIMIT 1)`;
  return `SELECT ${keyOrder === 'bytes' ? `${row()} IS NOT NULL` : 'false'} AS occupied,
                 EXISTS (SELECT FROM syncline.quarantine WHERE entity = ${bindLiteral(plan.spec.entity)}) AS quarantined`;
}

async function copies(
  { client, progress }: LoadSession,
  plan: EntityPlan,
  piece: ShapedPiece,
): Promise<boolean> {
  if (piece.rowsInData === 0) return true;
  const into = `${mirrorTable(plan)} (${loadNames(plan).join(', ')})`;
  try {
    await copyIn(client, into, { format: piece.format, parts: [piece.data], progress });
    return true;
  } catch (error) {
    if (!isRowError(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT piece');
    return false;
  }
}

/** C24: the range was empty, so what it holds now is this piece; ranges of unproved order hold who knows what. */
async function clearLoaded(
  session: LoadSession,
  { plan, keyOrder, rawKeys }: LoadJob,
  loaded: { readonly range: MirrorRange; readonly rejects: readonly Reject[] },
): Promise<void> {
  const { values, bind } = bindings();
  if (keyOrder === 'bytes') {
    const from = `${mirrorTable(plan)} AS s WHERE ${inRange(plan, { alias: 's', range: loaded.range }, bind)}`;
    return clearQuarantine(session.client, plan, { from, values });
  }
  const rejected = new Set(loaded.rejects.map(({ key }) => key));
  const keys = (rawKeys ?? []).filter((key) => !rejected.has(key));
  await clearQuarantine(session.client, plan, { from: keyList(plan, { alias: 's', keys }, bind), values });
}
