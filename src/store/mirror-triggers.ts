/**
 * Triggers of mirrors with local columns, which people write (C15): an UPDATE that did not stamp itself is stamped,
 * one of source-owned columns is refused, and a DELETE becomes a tombstone. Our own writes pass: a load changes
 * sync_xid, which the trigger's condition lets by without a call, and says `syncline.writer = 'on'` for the rest.
 * That setting keeps honest writers apart; it is no protection against somebody who sets it.
 */
import { createHash } from 'node:crypto';
import type { EntityPlan } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { hlcOfInstant, stampedSql, stampSql, tracksFields } from './field-stamps.ts';
import { uploadColumns } from './mirror-columns.ts';
import { bindLiteral, mirrorTable, primaryKey } from './mirror-target.ts';

/** Refused change of a source-owned column; a class of our own, so that callers can tell it from missing rights. */
export const SOURCE_OWNED_SQLSTATE = 'SYN01';

/** @returns what is still to be run for the guard to be in force; nothing when it is, or the mirror needs none. */
export async function guardStatements(db: Db, plan: EntityPlan): Promise<string[]> {
  if (!tracksFields(plan) && !plan.mirrorColumns.some((column) => column.role === 'local')) return [];
  const guards = [updateGuard(plan), deleteGuard(plan)];
  const version = createHash('sha256').update(guards.join()).digest('hex').slice(0, 16);
  const name = `sync_guard_update_${tableHash(plan)}`;
  const { rows } = await db.query<{ version: string | null }>(
    `SELECT obj_description(t.oid, 'pg_trigger') AS version
       FROM pg_trigger AS t
       JOIN pg_class AS c ON c.oid = t.tgrelid
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = $3`,
    [plan.spec.mirror.schema, plan.spec.mirror.table, name],
  );
  const note = `Syncline: guard ${version}`;
  if (rows[0]?.version === note) return [];
  return [...guards, `COMMENT ON TRIGGER ${name} ON ${mirrorTable(plan)} IS ${bindLiteral(note)}`];
}

/** Names of what belongs to a table, short whatever the table is called. */
export function tableHash(plan: EntityPlan): string {
  return createHash('sha256').update(mirrorTable(plan)).digest('hex').slice(0, 16);
}

function guardFunction(plan: EntityPlan, event: 'update' | 'delete'): string {
  return `${quoteIdent(plan.spec.mirror.schema)}.sync_guard_${event}_${tableHash(plan)}`;
}

function updateGuard(plan: EntityPlan): string {
  const owned = plan.mirrorColumns.filter((column) => column.role !== 'local').map((column) => column.name);
  const system = [
    'sync_deleted_at',
    'sync_hlc',
    'sync_origin',
    ...uploadColumns(plan).map(({ name }) => name),
    ...(plan.syncSource === null ? [] : ['sync_source']),
  ];
  const guarded = [...owned, ...system].map(quoteIdent);
  const local = plan.mirrorColumns.filter((column) => column.role === 'local').map((column) => column.name);
  const row = (side: string): string => `ROW(${guarded.map((name) => `${side}.${name}`).join(', ')})::record`;
  const trigger = `sync_guard_update_${tableHash(plan)}`;
  return `CREATE OR REPLACE FUNCTION ${guardFunction(plan, 'update')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $guard$
BEGIN
  IF current_setting('syncline.writer', true) = 'on' THEN RETURN NEW; END IF;
  IF ${row('NEW')} *<> ${row('OLD')} THEN
    RAISE EXCEPTION USING
      ERRCODE = '${SOURCE_OWNED_SQLSTATE}',
      MESSAGE = ${bindLiteral(`${mirrorTable(plan)} is kept by Syncline: its source-owned columns cannot be changed here`)},
      HINT = ${bindLiteral(whereInstead(local))};
  END IF;
  NEW.sync_xid := pg_current_xact_id();
  NEW.sync_modified_at := clock_timestamp();
  NEW.sync_modified_by := current_user;${stampFields(plan, local)}
  RETURN NEW;
END $guard$;
CREATE OR REPLACE TRIGGER ${trigger} BEFORE UPDATE ON ${mirrorTable(plan)}
  FOR EACH ROW WHEN (NEW.sync_xid IS NOT DISTINCT FROM OLD.sync_xid)
  EXECUTE FUNCTION ${guardFunction(plan, 'update')}()`;
}

function whereInstead(local: readonly string[]): string {
  return local.length === 0
    ? 'Change the row in the source.'
    : `Change the row in the source, or only the local columns: ${local.join(', ')}.`;
}

/** A person's edit has a clock too: devices that changed the same column meet it. */
function stampFields(plan: EntityPlan, columns: readonly string[]): string {
  if (!tracksFields(plan)) return '';
  const hlc = `${hlcOfInstant('clock_timestamp()')} || '-sql'`;
  const fields = stampedSql({ was: 'OLD', is: 'NEW' }, { stamp: stampSql(hlc), columns });
  return `
  NEW.sync_hlc := ${hlc};
  NEW.sync_fields := ${fields};`;
}

function deleteGuard(plan: EntityPlan): string {
  const hlc = `${hlcOfInstant('clock_timestamp()')} || '-sql'`;
  const stamp = tracksFields(plan) ? `, sync_fields = jsonb_build_object('*', ${stampSql(hlc)})` : '';
  const sameRow = primaryKey(plan).map((name) => `m.${name} = OLD.${name}`);
  return `CREATE OR REPLACE FUNCTION ${guardFunction(plan, 'delete')}() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $guard$
DECLARE writer text := current_setting('syncline.writer', true);
BEGIN
  IF writer = 'on' THEN RETURN OLD; END IF;
  PERFORM set_config('syncline.writer', 'on', true);
  UPDATE ${mirrorTable(plan)} AS m
     SET sync_deleted_at = clock_timestamp(), sync_xid = pg_current_xact_id(),
         sync_modified_at = clock_timestamp(), sync_modified_by = current_user${stamp}
   WHERE ${sameRow.join(' AND ')} AND m.sync_deleted_at IS NULL;
  PERFORM set_config('syncline.writer', coalesce(writer, ''), true);
  RETURN NULL;
END $guard$;
CREATE OR REPLACE TRIGGER sync_guard_delete_${tableHash(plan)} BEFORE DELETE ON ${mirrorTable(plan)}
  FOR EACH ROW EXECUTE FUNCTION ${guardFunction(plan, 'delete')}()`;
}
