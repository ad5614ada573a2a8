/** C10: uploads and conflicts that some workflow has to work on, for the sweep to see whether one does. */
import type { Db } from '../pg/pool.ts';
import type { UploadRef } from './uploads.ts';

export type StagedUpload = UploadRef & { readonly workflowId: string; readonly entities: readonly string[] };
export type WaitingConflict = { readonly id: string; readonly workflowId: string; readonly entity: string };

/** Whoever staged it starts it as well, so it is given a moment; not so what a trigger staged, for which we are there. */
const GRACE = "interval '20 seconds'";

/**
 * What is behind a conflict that has been closed meanwhile: it was parked at the very moment of the close. It goes on
 * by its own conflict's workflow, which is started again for it.
 * @returns how many mutations.
 */
export async function unparkOrphans(db: Db): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation AS m SET state = 'staged', verdict = NULL
       FROM syncline.conflict AS c
      WHERE m.state = 'parked' AND c.id = m.conflict_id AND c.state = 'closed'`,
  );
  return rowCount ?? 0;
}

/** Uploads that are not done and may be started, except those with these workflow ids. */
export async function stagedUploads(
  db: Db,
  { except, limit }: { readonly except: readonly string[]; readonly limit: number },
): Promise<StagedUpload[]> {
  const { rows } = await db.query<StagedUpload>(
    `SELECT u.device, u.key, u.workflow_id AS "workflowId",
            ARRAY(SELECT DISTINCT m.entity FROM syncline.mutation AS m
                   WHERE m.device = u.device AND m.upload_key = u.key AND m.state = 'staged') AS entities
       FROM syncline.upload AS u
      WHERE u.state = 'staged' AND u.start_after <= clock_timestamp()
        AND (u.received_at < clock_timestamp() - ${GRACE} OR u.sha256 = 'sql')
        AND u.workflow_id <> ALL ($1::text[])
      ORDER BY u.received_at LIMIT $2`,
    [except, limit],
  );
  return rows;
}

/** Conflicts that are open, or closed with something that was let go and is not decided yet. */
export async function waitingConflicts(
  db: Db,
  { except, limit }: { readonly except: readonly string[]; readonly limit: number },
): Promise<WaitingConflict[]> {
  const { rows } = await db.query<WaitingConflict>(
    `SELECT c.id, c.workflow_id AS "workflowId", c.entity FROM syncline.conflict AS c
      WHERE (c.state = 'open'
             OR c.id IN (SELECT m.conflict_id FROM syncline.mutation AS m WHERE m.state = 'staged' AND m.conflict_id IS NOT NULL))
        AND c.start_after <= clock_timestamp() AND c.opened_at < clock_timestamp() - ${GRACE}
        AND c.workflow_id <> ALL ($1::text[])
      ORDER BY c.opened_at LIMIT $2`,
    [except, limit],
  );
  return rows;
}

/** Those that nobody has started yet. */
export async function unstartedConflicts(db: Db): Promise<WaitingConflict[]> {
  const { rows } = await db.query<WaitingConflict>(
    `SELECT id, workflow_id AS "workflowId", entity FROM syncline.conflict
      WHERE state = 'open' AND started_at IS NULL ORDER BY opened_at LIMIT 500`,
  );
  return rows;
}

/** A workflow that fails each time is started at growing intervals, up to an hour. */
const LATER = "clock_timestamp() + least(power(2, least(starts, 6)), 60) * interval '1 minute'";

export async function noteUploadStart(db: Db, { device, key }: UploadRef): Promise<void> {
  await db.query(
    `UPDATE syncline.upload SET start_after = ${LATER}, starts = starts + 1 WHERE device = $1 AND key = $2`,
    [device, key],
  );
}

export async function noteConflictStart(db: Db, id: string): Promise<void> {
  await db.query(
    `UPDATE syncline.conflict
        SET start_after = ${LATER}, starts = starts + 1, started_at = coalesce(started_at, clock_timestamp())
      WHERE id = $1`,
    [id],
  );
}
