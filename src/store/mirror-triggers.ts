/**
 * Triggers of mirrors that people write (C15): an UPDATE that did not stamp itself is stamped, one of source-owned
 * columns is refused, a DELETE becomes a tombstone, and TRUNCATE is refused. Where changes go to the source, rows are
 * neither made nor deleted here; or all that people do is staged for the source (mirror-edits.ts). Our own writes pass:
 * a load changes sync_xid, which the trigger's condition lets by without a call, and says `syncline.writer = 'on'` for the
 * rest. That setting keeps honest writers apart; it is no protection against somebody who sets it.
 */
import { createHash } from 'node:crypto';
import type { EntityPlan } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { hlcOfInstant, stampedSql, stampSql, tracksFields } from './field-stamps.ts';
import { uploadColumns } from './mirror-columns.ts';
import {
  CAPTURE_SETTINGS,
  captureDelete,
  captureInsert,
  capturesEdits,
  captureUpdate,
  PERSON,
} from './mirror-edits.ts';
import { bindLiteral, mirrorTable, primaryKey } from './mirror-target.ts';

/** Refused change of a source-owned column; a class of our own, so that callers can tell it from missing rights. */
export const SOURCE_OWNED_SQLSTATE = 'SYN01';

/** @returns what is still to be run for the guard to be in force; nothing when it is, or the mirror needs none. */
export async function guardStatements(db: Db, plan: EntityPlan): Promise<string[]> {
  if (!tracksFields(plan) && !plan.mirrorColumns.some((column) => column.role === 'local')) return [];
  const guards = [
    ...[updateGuard(plan), deleteGuard(plan), insertGuard(plan), truncateGuard(plan)],
    ...revokeExecute(plan),
  ];
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

function guardFunction(plan: EntityPlan, event: 'update' | 'delete' | 'insert' | 'truncate'): string {
  return `${quoteIdent(plan.spec.mirror.schema)}.sync_guard_${event}_${tableHash(plan)}`;
}

/** RAISE of a refusal, which says what to do instead. */
const refuser = (plan: EntityPlan) => (why: string, hint: string) =>
  `RAISE EXCEPTION USING
      ERRCODE = '${SOURCE_OWNED_SQLSTATE}',
      MESSAGE = ${bindLiteral(`${mirrorTable(plan)} ${why}`)},
      HINT = ${bindLiteral(hint)};`;

function updateGuard(plan: EntityPlan): string {
  const owned = plan.mirrorColumns.filter((column) => column.role !== 'local').map((column) => column.name);
  const system = [
    'sync_deleted_at',
    'sync_hlc',
    'sync_origin',
    ...uploadColumns(plan).map(({ name }) => name),
    ...(plan.syncSource === null ? [] : ['sync_source']),
  ];
  const local = plan.mirrorColumns.filter((column) => column.role === 'local').map((column) => column.name);
  const differs = (names: readonly string[]): string => {
    const row = (side: string): string =>
      `ROW(${names.map((name) => `${side}.${quoteIdent(name)}`).join(', ')})::record`;
    return `${row('NEW')} *<> ${row('OLD')}`;
  };
  const captures = capturesEdits(plan);
  const refused = captures ? system : [...owned, ...system];
  const refuse = refuser(plan);
  const stamp = `NEW.sync_xid := pg_current_xact_id();
  NEW.sync_modified_at := clock_timestamp();
  NEW.sync_modified_by := ${captures ? PERSON : 'current_user'};${stampFields(plan, local)}`;
  const trigger = `sync_guard_update_${tableHash(plan)}`;
  return `CREATE OR REPLACE FUNCTION ${guardFunction(plan, 'update')}() RETURNS trigger
LANGUAGE plpgsql ${captures ? CAPTURE_SETTINGS : 'SECURITY INVOKER SET search_path = pg_catalog'} AS $guard$
${captures ? 'DECLARE changed jsonb;' : ''}
BEGIN
  IF current_setting('syncline.writer', true) = 'on' THEN RETURN NEW; END IF;
  IF ${differs(refused)} THEN
    ${refuse('is kept by Syncline: its source-owned columns cannot be changed here', whereInstead(plan, local))}
  END IF;
  ${captures ? `IF ${differs(owned)} THEN ${captureUpdate(plan, { refuse, stamp })} END IF;` : ''}
  ${stamp}
  RETURN NEW;
END $guard$;
CREATE OR REPLACE TRIGGER ${trigger} BEFORE UPDATE ON ${mirrorTable(plan)}
  FOR EACH ROW WHEN (NEW.sync_xid IS NOT DISTINCT FROM OLD.sync_xid)
  EXECUTE FUNCTION ${guardFunction(plan, 'update')}()`;
}

function whereInstead(plan: EntityPlan, local: readonly string[]): string {
  const here = local.length === 0 ? '' : `, or only the local columns: ${local.join(', ')}`;
  const captured =
    plan.spec.upload?.writeBack.to === 'source' && !capturesEdits(plan)
      ? ' With upload.captureMirrorEdits, changes that are made here are taken to the source.'
      : '';
  return `Change the row in the source${here}.${captured}`;
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
  const captures = capturesEdits(plan);
  return `CREATE OR REPLACE FUNCTION ${guardFunction(plan, 'delete')}() RETURNS trigger
LANGUAGE plpgsql ${captures ? CAPTURE_SETTINGS : 'SECURITY INVOKER SET search_path = pg_catalog'} AS $guard$
DECLARE writer text := current_setting('syncline.writer', true);
BEGIN
  IF writer = 'on' THEN RETURN OLD; END IF;${deleteBody(plan)}
END $guard$;
CREATE OR REPLACE TRIGGER sync_guard_delete_${tableHash(plan)} BEFORE DELETE ON ${mirrorTable(plan)}
  FOR EACH ROW EXECUTE FUNCTION ${guardFunction(plan, 'delete')}()`;
}

function deleteBody(plan: EntityPlan): string {
  const refuse = refuser(plan);
  if (capturesEdits(plan)) return captureDelete(plan, refuse);
  if (plan.spec.upload?.writeBack.to === 'source') {
    return `
  ${refuse('is kept by Syncline: its rows cannot be deleted here', whereInstead(plan, []))}`;
  }
  const hlc = `${hlcOfInstant('clock_timestamp()')} || '-sql'`;
  const stamp = tracksFields(plan) ? `, sync_fields = jsonb_build_object('*', ${stampSql(hlc)})` : '';
  const sameRow = primaryKey(plan).map((name) => `m.${name} = OLD.${name}`);
  return `
  PERFORM set_config('syncline.writer', 'on', true);
  UPDATE ${mirrorTable(plan)} AS m
     SET sync_deleted_at = clock_timestamp(), sync_xid = pg_current_xact_id(),
         sync_modified_at = clock_timestamp(), sync_modified_by = current_user${stamp}
   WHERE ${sameRow.join(' AND ')} AND m.sync_deleted_at IS NULL;
  PERFORM set_config('syncline.writer', coalesce(writer, ''), true);
  RETURN NULL;`;
}

/**
 * Of mirrors whose rows come from the source alone. Where nothing is captured it looks at rows that are there already:
 * an INSERT … ON CONFLICT of local columns is an update, and COPY of our loads needs no call for each row.
 */
function insertGuard(plan: EntityPlan): string {
  const trigger = `sync_guard_insert_${tableHash(plan)}`;
  const table = mirrorTable(plan);
  if (plan.spec.upload?.writeBack.to !== 'source') return `DROP TRIGGER IF EXISTS ${trigger} ON ${table}`;
  const captures = capturesEdits(plan);
  const refuse = refuser(plan);
  const body = captures
    ? captureInsert(plan, refuse)
    : `
  ${refuse('is kept by Syncline: rows cannot be added here', whereInstead(plan, []))}`;
  return `CREATE OR REPLACE FUNCTION ${guardFunction(plan, 'insert')}() RETURNS trigger
LANGUAGE plpgsql ${captures ? CAPTURE_SETTINGS : 'SECURITY INVOKER SET search_path = pg_catalog'} AS $guard$
${captures ? 'DECLARE changed jsonb; there record;' : ''}
BEGIN${body}
END $guard$;
CREATE OR REPLACE TRIGGER ${trigger} ${captures ? 'BEFORE' : 'AFTER'} INSERT ON ${table}
  FOR EACH ROW WHEN (current_setting('syncline.writer', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION ${guardFunction(plan, 'insert')}()`;
}

/** No row's trigger sees it, and no device would hear of the rows that went. */
function truncateGuard(plan: EntityPlan): string {
  const refuse = refuser(plan);
  return `CREATE OR REPLACE FUNCTION ${guardFunction(plan, 'truncate')}() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog AS $guard$
BEGIN
  IF current_setting('syncline.writer', true) = 'on' THEN RETURN NULL; END IF;
  ${refuse('is kept by Syncline: it cannot be emptied by TRUNCATE', emptyInstead(plan))}
END $guard$;
CREATE OR REPLACE TRIGGER sync_guard_truncate_${tableHash(plan)} BEFORE TRUNCATE ON ${mirrorTable(plan)}
  FOR EACH STATEMENT EXECUTE FUNCTION ${guardFunction(plan, 'truncate')}()`;
}

function emptyInstead(plan: EntityPlan): string {
  const mayDelete = plan.spec.upload?.writeBack.to !== 'source' || capturesEdits(plan);
  return mayDelete
    ? 'DELETE the rows instead: each leaves a tombstone, by which whoever reads the mirror hears of it.'
    : 'Delete the rows in the source: the next full run makes tombstones of them here.';
}

/** They run as their owner: nobody else makes triggers of them. */
function revokeExecute(plan: EntityPlan): string[] {
  if (!capturesEdits(plan)) return [];
  const events = ['update', 'delete', 'insert'] as const;
  return events.map((event) => `REVOKE ALL ON FUNCTION ${guardFunction(plan, event)}() FROM PUBLIC`);
}
