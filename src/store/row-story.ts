/** Everything the store knows of one row's life: what was sent, decided, said and written, as lines with a time each. */
import type { Db } from '../pg/pool.ts';

export type StoryKind = 'upload' | 'verdict' | 'conflict' | 'change' | 'quarantine' | 'backup' | 'task';

export type StoryLine = {
  /** UTC, ISO 8601. */
  readonly at: string;
  readonly kind: StoryKind;
  /** What happened, without values. */
  readonly what: string;
  readonly by: string | null;
  /** Workflow that tells more; null where none does. */
  readonly workflowId: string | null;
};

export type RowNames = {
  /** Its key's text; of a row that the source has given none, the name that was asked for. */
  readonly key: string;
  /** Ids that its device gave it, and its key. */
  readonly ids: readonly string[];
};

/** A row that was made offline goes by two names: whichever is given, both are meant. */
export async function namesOfRow(
  db: Db,
  { entity, name }: { readonly entity: string; readonly name: string },
): Promise<RowNames> {
  const { rows } = await db.query<{ id: string; key: string }>(
    `SELECT id, key FROM syncline.row_id
      WHERE entity = $1 AND key = coalesce((SELECT key FROM syncline.row_id WHERE entity = $1 AND id = $2), $2)`,
    [entity, name],
  );
  const key = rows[0]?.key ?? name;
  return { key, ids: [...new Set([key, ...rows.map(({ id }) => id)])] };
}

export type RowOfStory = { readonly entity: string; readonly key: string; readonly ids: readonly string[] };

/** The latest lines, oldest first; of a story that is longer, the beginning is left out. */
export async function readStory(db: Db, row: RowOfStory, limit: number): Promise<StoryLine[]> {
  const { entity, key, ids } = row;
  const { rows } = await db.query<StoryLine>(
    `SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, kind, what, by, "workflowId"
       FROM (${PARTS.join(' UNION ALL ')}) AS story ORDER BY story.at DESC, place DESC LIMIT $4`,
    [entity, key, ids, limit],
  );
  return rows.reverse();
}

const ofRow = (alias: string): string => `${alias}.entity = $1 AND ${alias}.row_id = ANY ($3::text[])`;

/**
 * Both halves of the mutations are named, since each has an index of its own. `$1` entity, `$2` key, `$3` all names of the row. `place`: order among lines of one instant.
 */
const PARTS = [
  `SELECT u.received_at AS at, 1 AS place, 'upload' AS kind,
          m.operation || ' staged' || coalesce(': ' || (SELECT string_agg(name, ', ' ORDER BY name)
            FROM (SELECT jsonb_object_keys(coalesce(m.body->'values', '{}')) UNION
                  SELECT jsonb_object_keys(coalesce(m.body->'changes', '{}'))) AS named (name)), '') AS what,
          coalesce(u.user_name || ' on ', '') || m.device AS by, u.workflow_id AS "workflowId"
     FROM syncline.mutation AS m JOIN syncline.upload AS u ON u.device = m.device AND u.key = m.upload_key
    WHERE ${ofRow('m')} AND (m.state = 'done' OR m.state <> 'done')`,
  `SELECT m.decided_at, 3, 'verdict',
          m.verdict->>'status' || coalesce(' (' || (m.verdict->>'code') || ')', '') ||
            coalesce(', version ' || (m.verdict->>'version'), ''), m.device, NULL
     FROM syncline.mutation AS m WHERE ${ofRow('m')} AND m.state = 'done'`,
  `SELECT c.opened_at, 2, 'conflict', 'conflict ' || c.id || ' opened: ' || (c.clash->>'reason'), c.device, c.workflow_id
     FROM syncline.conflict AS c WHERE ${ofRow('c')}`,
  `SELECT e.at, 2, 'conflict', 'conflict ' || c.id || ' ' || e.event || ', round ' || e.round ||
          coalesce(': ' || (e.detail->>'text'), ''), e.said_by, c.workflow_id
     FROM syncline.conflict_event AS e JOIN syncline.conflict AS c ON c.id = e.conflict_id
    WHERE ${ofRow('c')}`,
  `SELECT l.at, 2, 'change', coalesce(l.change->>'operation', l.change->>'verdict', 'change') || ' written' ||
          coalesce(': ' || (SELECT string_agg(name, ', ' ORDER BY name)
            FROM jsonb_object_keys(coalesce(l.change->'fields', '{}')) AS name), ''), l.changed_by, NULL
     FROM syncline.change_log AS l WHERE l.entity = $1 AND l.key = $2`,
  `SELECT q.last_seen_at, 2, 'quarantine', 'set aside: ' || q.reason || ', ' || q.occurrences || ' times', NULL, r.workflow_id
     FROM syncline.quarantine AS q LEFT JOIN syncline.sync_run AS r ON r.id = q.run_id
    WHERE q.entity = $1 AND q.key = $2`,
  `SELECT b.at, 2, 'backup', 'backup ' || b.id || ' kept by rule ' || b.rule, NULL, NULL
     FROM syncline.backup AS b WHERE b.entity = $1 AND b.key = $2`,
  `SELECT b.restored_at, 4, 'backup', 'backup ' || b.id || ' restored', b.restored_by, NULL
     FROM syncline.backup AS b WHERE b.entity = $1 AND b.key = $2 AND b.restored_at IS NOT NULL`,
  `SELECT t.opened_at, 2, 'task', 'task ' || t.id || ': ' || t.title, NULL, NULL
     FROM syncline.task AS t WHERE ${ofRow('t')} AND t.kind <> 'conflict'`,
  `SELECT t.closed_at, 2, 'task', 'task ' || t.id || ' closed', t.closed_by, NULL
     FROM syncline.task AS t
    WHERE ${ofRow('t')} AND t.kind <> 'conflict' AND t.closed_at IS NOT NULL`,
];

export type RowReads = {
  /** The last run that read the entity to its end. */
  readonly lastRun: {
    readonly runId: string;
    readonly workflowId: string;
    readonly mode: string;
    readonly status: string;
    readonly finishedAt: string | null;
  } | null;
  readonly watermark: string | null;
  /** Why the row is on the list of keys that the next run reads again; null: it is not. */
  readonly refresh: string | null;
  /** Why its row of the source is not in the mirror. */
  readonly quarantined: string | null;
};

export async function readReads(db: Db, { entity, key }: Omit<RowOfStory, 'ids'>): Promise<RowReads> {
  const { rows } = await db.query<RowReads>(
    `SELECT (SELECT jsonb_build_object('runId', r.id, 'workflowId', r.workflow_id, 'mode', e.mode, 'status', e.status,
                      'finishedAt', to_char(e.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
               FROM syncline.sync_run_entity AS e JOIN syncline.sync_run AS r ON r.id = e.run_id
              WHERE e.entity = $1 ORDER BY e.started_at DESC LIMIT 1) AS "lastRun",
            (SELECT watermark FROM syncline.checkpoint WHERE entity = $1) AS watermark,
            (SELECT reason FROM syncline.refresh WHERE entity = $1 AND key = $2) AS refresh,
            (SELECT reason || ': ' || detail FROM syncline.quarantine WHERE entity = $1 AND key = $2) AS quarantined`,
    [entity, key],
  );
  return rows[0] as RowReads;
}
