/** Devices as the gateway knows them: whose they are, and whether they may call. */
import type { Db } from '../pg/pool.ts';

export type KnownDevice = {
  /** Who registered it; null for one that only ever sent uploads some other way. */
  readonly user: string | null;
  readonly appVersion: string | null;
  /** null: it has not registered. */
  readonly node: string | null;
  readonly isRevoked: boolean;
};

/** @returns null when nobody has heard of it. */
export async function readDevice(db: Db, id: string): Promise<KnownDevice | null> {
  const { rows } = await db.query<KnownDevice>(
    `SELECT user_name AS "user", app_version AS "appVersion", node, revoked_at IS NOT NULL AS "isRevoked"
       FROM syncline.device WHERE id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

export type Registration = {
  readonly device: string;
  readonly user: string;
  readonly appVersion: string | null;
  /** A token says that the device is this user's, or the app chose the id: then it may be no device that is known already. */
  readonly namedBy: 'token' | 'app';
};

/**
 * Makes the device known, or notes its new version of the app. It stays the one's who registered it first, and it
 * keeps its node.
 * @returns null when it is somebody else's, or may be, or is revoked.
 */
export async function registerDevice(
  db: Db,
  { device, user, appVersion, namedBy }: Registration,
): Promise<(KnownDevice & { readonly node: string }) | null> {
  const { rows } = await db.query<KnownDevice & { node: string }>(
    `INSERT INTO syncline.device AS d (id, user_name, app_version, node)
     VALUES ($1, $2, $3, 'd' || nextval('syncline.clock_node'))
     ON CONFLICT (id) DO UPDATE
        SET user_name = $2, app_version = $3, node = coalesce(d.node, excluded.node)
      WHERE d.revoked_at IS NULL AND (d.user_name = $2 OR (d.user_name IS NULL AND $4))
     RETURNING user_name AS "user", app_version AS "appVersion", node, false AS "isRevoked"`,
    [device, user, appVersion, namedBy === 'token'],
  );
  return rows[0] ?? null;
}
