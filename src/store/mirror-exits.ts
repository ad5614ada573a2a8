/**
 * C13: a row that moves out of a partition, or gets another id, has to leave the devices that saw it. A trigger keeps what
 * it was in the transaction that changes it, whoever does: ids and values of partition columns only. Also of a version that
 * its own transaction replaces, since nobody knows here whether the one before it was of the same partition.
 */

import { createHash } from 'node:crypto';
import { partitionColumns } from '../domain/access/feed-spec.ts';
import type { EntityPlan, EntitySpec } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { tracksFields } from './field-stamps.ts';
import { CAPTURE_SETTINGS } from './mirror-edits.ts';
import { bindLiteral, encodedKey, mirrorTable } from './mirror-target.ts';

/** @returns what is still to be run for the trigger to be there as it has to be, or to be gone. */
export async function exitStatements(db: Db, plan: EntityPlan): Promise<string[]> {
  const name = triggerName(plan.spec);
  const there = await readNote(db, plan.spec);
  const leaving = columnsOfSight(plan);
  if (leaving === null) {
    return there === undefined ? [] : [`DROP TRIGGER IF EXISTS ${name} ON ${mirrorTable(plan)}`];
  }
  const statements = triggerStatements(plan, leaving);
  const version = createHash('sha256').update(statements.join()).digest('hex').slice(0, 16);
  const note = `Syncline: exits ${version} ${partitionNote(plan.spec)}`;
  if (there?.note === note) return [];
  return [...statements, `COMMENT ON TRIGGER ${name} ON ${mirrorTable(plan)} IS ${bindLiteral(note)}`];
}

type Spec = Pick<EntitySpec, 'entity' | 'mirror' | 'feed'>;

/** false: exits are not kept by the partitions of the configuration yet; a worker brings the mirror there. */
export async function keepsExits(db: Db, spec: Spec): Promise<boolean> {
  if (partitionColumns(spec).length === 0) return true;
  return (await readNote(db, spec))?.note?.endsWith(` ${partitionNote(spec)}`) ?? false;
}

function partitionNote({ feed }: Spec): string {
  return JSON.stringify(partitionColumns({ feed }));
}

async function readNote(db: Db, spec: Spec): Promise<{ readonly note: string | null } | undefined> {
  const { rows } = await db.query<{ note: string | null }>(
    `SELECT obj_description(t.oid, 'pg_trigger') AS note
       FROM pg_trigger AS t
       JOIN pg_class AS c ON c.oid = t.tgrelid
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = $3`,
    [spec.mirror.schema, spec.mirror.table, triggerName(spec)],
  );
  return rows[0];
}

/** Columns whose change takes a row out of somebody's sight; null where nothing does. */
function columnsOfSight(plan: EntityPlan): string[] | null {
  const { feed } = plan.spec;
  if (feed === null) return null;
  const columns = [...Object.keys(feed.partitions), ...(tracksFields(plan) ? ['sync_id'] : [])];
  return columns.length === 0 ? null : columns;
}

/** Several entities may share a mirror, each with partitions of its own. */
function triggerName(spec: Spec): string {
  const whose = JSON.stringify([spec.mirror.schema, spec.mirror.table, spec.entity]);
  return `sync_exit_${createHash('sha256').update(whose).digest('hex').slice(0, 16)}`;
}

function triggerStatements(plan: EntityPlan, columns: readonly string[]): string[] {
  const { spec } = plan;
  const name = triggerName(spec);
  const called = `${quoteIdent(spec.mirror.schema)}.${name}()`;
  const key = encodedKey(plan, 'OLD');
  const id = tracksFields(plan) ? `coalesce(OLD.sync_id, ${key})` : key;
  const values = partitionColumns(spec).map(
    (column) => `${bindLiteral(column)}, OLD.${quoteIdent(column)}::text`,
  );
  const differs = columns.map(
    (column) => `OLD.${quoteIdent(column)} IS DISTINCT FROM NEW.${quoteIdent(column)}`,
  );
  const own = plan.syncSource === null ? '' : ` AND OLD.sync_source = ${bindLiteral(plan.syncSource)}`;
  return [
    `CREATE OR REPLACE FUNCTION ${called} RETURNS trigger
LANGUAGE plpgsql ${CAPTURE_SETTINGS} AS $exit$
BEGIN
  INSERT INTO syncline.feed_exit (entity, row_id, partitions)
  VALUES (${bindLiteral(spec.entity)}, ${id}, jsonb_build_object(${values.join(', ')}));
  RETURN NULL;
END $exit$`,
    `REVOKE ALL ON FUNCTION ${called} FROM PUBLIC`,
    `CREATE OR REPLACE TRIGGER ${name} AFTER UPDATE ON ${mirrorTable(plan)}
  FOR EACH ROW WHEN ((${differs.join(' OR ')})${own})
  EXECUTE FUNCTION ${called}`,
  ];
}
