/** Devices that send changes, for people who look after them. */
import type { Db } from '../pg/pool.ts';

export type Device = {
  readonly id: string;
  readonly user: string | null;
  readonly appVersion: string | null;
  readonly registeredAt: string;
  readonly lastPushAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  /** Mutations of it that wait for a decision, or behind one. */
  readonly waiting: number;
};

/** Those that pushed last come first. */
export async function listDevices(db: Db, { limit }: { readonly limit: number }): Promise<Device[]> {
  const { rows } = await db.query<Device>(
    `SELECT d.id, d.user_name AS "user", d.app_version AS "appVersion", d.registered_at AS "registeredAt",
            d.last_push_at AS "lastPushAt", d.revoked_at AS "revokedAt", d.revoked_by AS "revokedBy",
            (SELECT count(*)::int FROM syncline.mutation AS m
              WHERE m.device = d.id AND m.state IN ('held', 'parked')) AS waiting
       FROM syncline.device AS d
      ORDER BY d.last_push_at DESC NULLS LAST, d.id LIMIT $1`,
    [limit],
  );
  return rows;
}

/** From now on its uploads are refused, and what waits of those it sent (C13). @returns false when there is no such device. */
export async function revokeDevice(
  db: Db,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE syncline.device SET revoked_at = coalesce(revoked_at, clock_timestamp()), revoked_by = coalesce(revoked_by, $2)
      WHERE id = $1`,
    [id, by],
  );
  return rowCount === 1;
}
