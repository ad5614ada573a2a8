/**
 * Edits that people make in a mirror by SQL, where `upload.captureMirrorEdits` has them taken to the source: triggers
 * stage them in the person's own transaction as mutations of one upload, and the mirror's row keeps what the source has
 * until the change was decided. The functions run with the rights of their owner, since people have none in the store's
 * schema, and with settings in which texts of values mean the same to everybody.
 */
import type { EntityPlan } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { bindLiteral, encodedKey, keyNames, mirrorTable, sameKey } from './mirror-target.ts';

/** Of the trigger's own functions, which run as somebody else. */
export const PERSON = `CASE current_setting('role') WHEN 'none' THEN session_user::text ELSE current_setting('role') END`;

export const CAPTURE_SETTINGS = `SECURITY DEFINER SET search_path = pg_catalog SET DateStyle = 'ISO, MDY'
SET TimeZone = 'UTC' SET IntervalStyle = 'postgres' SET extra_float_digits = '1' SET bytea_output = 'hex'`;

export function capturesEdits(plan: EntityPlan): boolean {
  return plan.spec.upload?.captureMirrorEdits === true;
}

/** Columns of the source that nobody may write here, the key among them. */
function fixedColumns(plan: EntityPlan): string[] {
  const writable = new Set(plan.spec.upload?.writable ?? []);
  return plan.loadColumns
    .filter(({ name, keyPosition }) => keyPosition !== null || !writable.has(name))
    .map(({ name }) => name);
}

const namesOf = (columns: readonly { readonly name: string }[]): string[] => columns.map(({ name }) => name);

/** Rows (name, was, is) of columns, as texts. */
function valueRows(names: readonly string[], sides: { readonly was: string; readonly is: string }): string {
  const rows = names.map((name) => {
    const column = quoteIdent(name);
    return `(${bindLiteral(name)}, ${sides.was}.${column}::text, ${sides.is}.${column}::text)`;
  });
  return `(VALUES ${rows.join(', ')}) AS field (name, was, value)`;
}

/** The row as the person saw it. Local columns as they are after the statement: those were written at once. */
function baseImage(plan: EntityPlan, locals: 'OLD' | 'NEW'): string {
  const owned = namesOf(plan.loadColumns.filter(({ keyPosition }) => keyPosition === null));
  const local = namesOf(plan.spec.localColumns);
  const images = [
    ...(owned.length > 0 ? [valueRows(owned, { was: 'OLD', is: 'OLD' })] : []),
    ...(local.length > 0 ? [valueRows(local, { was: locals, is: locals })] : []),
  ].map((rows) => `SELECT field.name, field.value FROM ${rows}`);
  if (images.length === 0) return `'{}'::jsonb`;
  return `(SELECT jsonb_object_agg(image.name, image.value) FROM (${images.join(' UNION ALL ')}) AS image)`;
}

function stage(plan: EntityPlan, edit: { operation: string; row: string; body: string }): string {
  const { operation, row, body } = edit;
  return `PERFORM syncline.stage_edit(${bindLiteral(plan.spec.entity)}, ${row}, '${operation}', ${PERSON}, ${body});`;
}

const rowId = (plan: EntityPlan, alias: string): string =>
  `coalesce(${alias}.sync_id, ${encodedKey(plan, alias)})`;

type Refuse = (why: string, hint: string) => string;

function refuseOperation(
  plan: EntityPlan,
  operation: 'insert' | 'update' | 'delete',
  refuse: Refuse,
): string {
  if (plan.spec.upload?.operations.includes(operation)) return '';
  return refuse(
    `takes no ${operation} of rows`,
    `Do it in the source, or add '${operation}' to upload.operations.`,
  );
}

function writableHint(plan: EntityPlan): string {
  const names = [...(plan.spec.upload?.writable ?? []), ...namesOf(plan.spec.localColumns)];
  return `Columns that can be changed here: ${names.join(', ')}. Others are changed in the source, or listed in upload.writable.`;
}

/** Statements of the update guard, behind those that let ordinary updates pass. `stamp`: what a written row gets. */
export function captureUpdate(
  plan: EntityPlan,
  at: { readonly refuse: Refuse; readonly stamp: string },
): string {
  const fixed = fixedColumns(plan);
  const owned = namesOf(plan.loadColumns);
  const local = namesOf(plan.spec.localColumns);
  const row = (side: string, names: readonly string[]): string =>
    `ROW(${names.map((name) => `${side}.${quoteIdent(name)}`).join(', ')})::record`;
  const stays = local.length === 0 ? 'true' : `${row('NEW', local)} *= ${row('OLD', local)}`;
  const body = `jsonb_build_object('values', changed, 'base', jsonb_build_object('values', ${baseImage(plan, 'NEW')}))`;
  return `
  -- A tombstone: for people the row is not there.
  IF OLD.sync_deleted_at IS NOT NULL THEN RETURN NULL; END IF;
  IF ${row('NEW', fixed)} *<> ${row('OLD', fixed)} THEN
    ${at.refuse('is kept by Syncline: not every column of it can be changed here', writableHint(plan))}
  END IF;
  ${refuseOperation(plan, 'update', at.refuse)}
  SELECT jsonb_object_agg(field.name, field.value) INTO changed
    FROM ${valueRows(owned, { was: 'OLD', is: 'NEW' })}
   WHERE field.was IS DISTINCT FROM field.value;
  IF changed IS NOT NULL THEN
    ${stage(plan, { operation: 'update', row: rowId(plan, 'OLD'), body })}
  END IF;
  ${owned.map((name) => `NEW.${quoteIdent(name)} := OLD.${quoteIdent(name)};`).join(' ')}
  IF ${stays} THEN RETURN NULL; END IF;
  ${at.stamp}
  RETURN NEW;`;
}

/** Statements of the delete guard. */
export function captureDelete(plan: EntityPlan, refuse: Refuse): string {
  const body = `jsonb_build_object('base', jsonb_build_object('values', ${baseImage(plan, 'OLD')}))`;
  return `
  IF OLD.sync_deleted_at IS NOT NULL THEN RETURN NULL; END IF;
  ${refuseOperation(plan, 'delete', refuse)}
  ${stage(plan, { operation: 'delete', row: rowId(plan, 'OLD'), body })}
  RETURN NULL;`;
}

/**
 * Statements of the insert guard. A row that is there is left to PostgreSQL: a duplicate key, or ON CONFLICT, which
 * comes back as an update. Without a key, the source gives it one.
 */
export function captureInsert(plan: EntityPlan, refuse: Refuse): string {
  const { loadColumns, spec, keyColumns } = plan;
  const writable = new Set([...(spec.upload?.writable ?? []), ...keyColumns]);
  const fixed = namesOf(loadColumns.filter(({ name }) => !writable.has(name)));
  const taken = namesOf([...loadColumns.filter(({ name }) => writable.has(name)), ...spec.localColumns]);
  const given = fixed.map((name) => `NEW.${quoteIdent(name)} IS NOT NULL`).join(' OR ') || 'false';
  const hasKey = keyNames(plan, 'NEW')
    .map((name) => `${name} IS NOT NULL`)
    .join(' AND ');
  const base = `CASE WHEN there.version IS NULL THEN '{}'::jsonb
    ELSE jsonb_build_object('base', jsonb_build_object('version', there.version)) END`;
  return `
  SELECT m.sync_deleted_at, (SELECT incarnation FROM syncline.store_identity) || '.' || m.sync_xid AS version INTO there
    FROM ${mirrorTable(plan)} AS m WHERE ${sameKey(plan, 'm', 'NEW')};
  IF FOUND AND there.sync_deleted_at IS NULL THEN RETURN NEW; END IF;
  IF ${given} THEN
    ${refuse('is kept by Syncline: not every column of it can be given here', writableHint(plan))}
  END IF;
  ${refuseOperation(plan, 'insert', refuse)}
  SELECT jsonb_object_agg(field.name, field.value) INTO changed
    FROM ${valueRows(taken, { was: 'NEW', is: 'NEW' })}
   WHERE field.value IS NOT NULL;
  ${stage(plan, {
    operation: 'insert',
    row: `CASE WHEN ${hasKey} THEN ${encodedKey(plan, 'NEW')} ELSE 'sql-' || gen_random_uuid() END`,
    body: `jsonb_build_object('values', coalesce(changed, '{}'::jsonb)) || ${base}`,
  })}
  RETURN NULL;`;
}
