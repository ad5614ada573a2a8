/** What people are asked to do: conflicts to decide, and whatever business rules want looked at. */
import type { Db } from '../pg/pool.ts';

export type Task = {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly entity: string;
  readonly row: string;
  readonly conflictId: string | null;
  readonly state: 'open' | 'closed';
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
};

const TASK = `id::text, kind, title, entity, row_id AS row, conflict_id AS "conflictId", state,
              opened_at AS "openedAt", closed_at AS "closedAt", closed_by AS "closedBy"`;

export type TaskFilter = {
  readonly state: 'open' | 'any';
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<Task, 'state' | 'openedAt' | 'id'> | null;
};

/** Open ones first, each with the newest first. */
export async function listTasks(db: Db, { state, limit, after = null }: TaskFilter): Promise<Task[]> {
  const { rows } = await db.query<Task>(
    `SELECT ${TASK} FROM syncline.task
      WHERE ($1 = 'any' OR state = $1)
        AND ($3::text IS NULL OR (state, opened_at, task.id) < ($3, $4::timestamptz, $5::bigint))
      ORDER BY state DESC, opened_at DESC, task.id DESC LIMIT $2`,
    [state, limit, after?.state ?? null, after?.openedAt ?? null, after?.id ?? null],
  );
  return rows;
}

export async function readTask(db: Db, id: string): Promise<Task | null> {
  const { rows } = await db.query<Task>(`SELECT ${TASK} FROM syncline.task WHERE id::text = $1`, [id]);
  return rows[0] ?? null;
}

/** The task of a conflict ends with the conflict only. @returns false when it was not open. */
export async function closeTask(
  db: Db,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE syncline.task SET state = 'closed', closed_at = clock_timestamp(), closed_by = $2
      WHERE id::text = $1 AND state = 'open'
        AND NOT EXISTS (SELECT FROM syncline.conflict AS c WHERE c.id = task.conflict_id AND c.state = 'open')`,
    [id, by],
  );
  return rowCount === 1;
}
