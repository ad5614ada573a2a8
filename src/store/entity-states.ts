/** How each entity stands, for `status`: what its last run found weaker than usual stays true until the next one. */
import type { Degraded } from '../domain/source-shape.ts';
import type { Db } from '../pg/pool.ts';

export type LastRun = {
  readonly runId: string;
  readonly mode: string;
  readonly status: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly degraded: readonly Degraded[];
  readonly error: { readonly code: string; readonly message: string; readonly remedy?: string } | null;
};

export type EntityState = {
  readonly entity: string;
  readonly quarantined: number;
  readonly waitingForRefresh: number;
  readonly lastRun: LastRun | null;
};

/** One for each of `entities`, whether it ever ran or not. */
export async function readEntityStates(db: Db, entities: readonly string[]): Promise<EntityState[]> {
  const { rows } = await db.query<EntityState>(
    `SELECT asked.entity,
            (SELECT count(*) FROM syncline.quarantine AS q WHERE q.entity = asked.entity) AS quarantined,
            (SELECT count(*) FROM syncline.refresh AS r WHERE r.entity = asked.entity) AS "waitingForRefresh",
            (SELECT jsonb_build_object('runId', run_id, 'mode', mode, 'status', status, 'startedAt', started_at,
                                       'finishedAt', finished_at, 'degraded', degraded, 'error', error)
               FROM syncline.sync_run_entity AS run
              WHERE run.entity = asked.entity
              ORDER BY started_at DESC
              LIMIT 1) AS "lastRun"
       FROM unnest($1::text[]) WITH ORDINALITY AS asked (entity, position)
      ORDER BY position`,
    [entities],
  );
  return rows;
}
