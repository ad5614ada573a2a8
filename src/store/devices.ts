/** Devices that send changes, for people who look after them. */
import type { Db } from '../pg/pool.ts';

export type Device = {
  readonly id: string;
  readonly user: string | null;
  readonly appVersion: string | null;
  readonly registeredAt: string;
  readonly lastPushAt: string | null;
  readonly lastPullAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  /** Mutations of it that wait for a decision, or behind one. */
  readonly waiting: number;
};

export type DeviceFilter = {
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<Device, 'lastPushAt' | 'id'> | null;
};

/** Those that pushed last come first. */
export async function listDevices(db: Db, { limit, after = null }: DeviceFilter): Promise<Device[]> {
  const { rows } = await db.query<Device>(
    `SELECT d.id, d.user_name AS "user", d.app_version AS "appVersion", d.registered_at AS "registeredAt",
            d.last_push_at AS "lastPushAt", d.last_pull_at AS "lastPullAt", d.revoked_at AS "revokedAt", d.revoked_by AS "revokedBy",
            (SELECT count(*)::int FROM syncline.mutation AS m
              WHERE m.device = d.id AND m.state IN ('held', 'parked')) AS waiting
       FROM syncline.device AS d
      WHERE $2::text IS NULL OR coalesce(d.last_push_at, '-infinity') < coalesce($3::timestamptz, '-infinity')
         OR (coalesce(d.last_push_at, '-infinity') = coalesce($3, '-infinity') AND d.id > $2 COLLATE "C")
      ORDER BY coalesce(d.last_push_at, '-infinity') DESC, d.id LIMIT $1`,
    [limit, after?.id ?? null, after?.lastPushAt ?? null],
  );
  return rows;
}

/** From now on its uploads are refused, and what waits of those it sent (C13). @returns null when there is no such device. */
export async function revokeDevice(
  db: Db,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<Pick<Device, 'user'> | null> {
  const { rows } = await db.query<Pick<Device, 'user'>>(
    `UPDATE syncline.device SET revoked_at = coalesce(revoked_at, clock_timestamp()), revoked_by = coalesce(revoked_by, $2)
      WHERE id = $1 RETURNING user_name AS "user"`,
    [id, by],
  );
  return rows[0] ?? null;
}
