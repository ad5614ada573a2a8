/** Notifications on their way: kept until every channel has them, so that neither a dead worker nor a dead server loses one. */
import type { Delivery, Notification } from '../domain/approval/notification.ts';
import type { Db } from '../pg/pool.ts';

export type DueNotification = {
  readonly content: Notification;
  readonly settled: readonly Delivery[];
  /** This try included. */
  readonly attempts: number;
  readonly ageMs: number;
};

/**
 * Takes one that is due, for `leaseMs`: nobody else tries it meanwhile.
 * @param options.conflictId null: of any conflict.
 * @returns null when none is due.
 */
export async function takeDueNotification(
  db: Db,
  { conflictId, leaseMs }: { readonly conflictId: string | null; readonly leaseMs: number },
): Promise<DueNotification | null> {
  const { rows } = await db.query<DueNotification>(
    `UPDATE syncline.notification AS n
        SET attempts = attempts + 1, try_after = clock_timestamp() + $2 * interval '1 millisecond'
      WHERE n.id = (SELECT id FROM syncline.notification
                     WHERE state = 'open' AND try_after <= clock_timestamp() AND ($1::text IS NULL OR conflict_id = $1)
                     ORDER BY try_after, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING content, settled, attempts,
               (extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8 AS "ageMs"`,
    [conflictId, leaseMs],
  );
  return rows[0] ?? null;
}

/** At once, so that a worker that dies now has told these. */
export async function noteSettled(db: Db, id: string, settled: readonly Delivery[]): Promise<void> {
  await db.query('UPDATE syncline.notification SET settled = $2 WHERE id = $1', [
    id,
    JSON.stringify(settled),
  ]);
}

/** Closed ones serve nobody any more: what happened is in `conflict_event`. @returns how many went. */
export async function purgeNotifications(
  db: Db,
  { keptDays, limit }: { readonly keptDays: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM syncline.notification
      WHERE id IN (SELECT id FROM syncline.notification
                    WHERE state <> 'open' AND closed_at < clock_timestamp() - $1 * interval '1 day'
                    ORDER BY closed_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [keptDays, limit],
  );
  return rowCount ?? 0;
}

export type NotificationEnd =
  | { readonly state: 'done' }
  | { readonly state: 'given up'; readonly problem: string }
  /** Tried again after so long. */
  | { readonly state: 'open'; readonly problem: string; readonly pauseMs: number };

export async function endTry(
  db: Db,
  { id, settled, end }: { id: string; settled: readonly Delivery[]; end: NotificationEnd },
): Promise<void> {
  await db.query(
    `UPDATE syncline.notification
        SET settled = $2, state = $3, problem = $4,
            try_after = clock_timestamp() + $5 * interval '1 millisecond',
            closed_at = CASE WHEN $3 <> 'open' THEN clock_timestamp() END
      WHERE id = $1`,
    [
      id,
      JSON.stringify(settled),
      end.state,
      end.state === 'done' ? null : end.problem,
      end.state === 'open' ? end.pauseMs : 0,
    ],
  );
}
