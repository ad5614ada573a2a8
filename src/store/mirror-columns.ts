/** Columns of a mirror as DDL, and the comments in which their owners are written and read back from. */
import { createHash } from 'node:crypto';
import type { EntityPlan, MirrorColumn } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { tracksFields } from './field-stamps.ts';
import { keepsOwnRows } from './made-here.ts';
import { bindLiteral, mirrorTable } from './mirror-target.ts';

export const SYSTEM_COLUMNS = [
  {
    name: 'sync_xid',
    type: 'xid8',
    ddl: 'sync_xid xid8 NOT NULL DEFAULT pg_current_xact_id()',
    why: 'version of the row, and its position in the feed',
  },
  {
    name: 'sync_deleted_at',
    type: 'timestamp with time zone',
    ddl: 'sync_deleted_at timestamptz',
    why: 'when the row was deleted; NULL while it is there',
  },
  {
    name: 'sync_hlc',
    type: 'text',
    ddl: 'sync_hlc text COLLATE "C"',
    why: 'clock of the last change that is not the source’s',
  },
  {
    name: 'sync_origin',
    type: 'text',
    ddl: 'sync_origin text',
    why: 'who made the last change that is not the source’s',
  },
  {
    name: 'sync_modified_at',
    type: 'timestamp with time zone',
    ddl: 'sync_modified_at timestamptz',
    why: 'when somebody changed the row here',
  },
  { name: 'sync_modified_by', type: 'text', ddl: 'sync_modified_by text', why: 'who changed the row here' },
] as const;

/** Of mirrors that take uploads. Nothing of a row need be known for them to be added. */
const UPLOAD_COLUMNS = [
  {
    name: 'sync_id',
    type: 'text',
    ddl: 'sync_id text COLLATE "C"',
    why: 'id that a device gave the row; NULL where its key is its id',
  },
  {
    name: 'sync_fields',
    type: 'jsonb',
    ddl: 'sync_fields jsonb',
    why: 'version and clock of the last change of each field',
  },
] as const;

/** Of mirrors whose local columns are nobody else's (C18): the source never takes such a row away. */
const MADE_HERE = {
  name: 'sync_made_here',
  type: 'boolean',
  ddl: 'sync_made_here boolean NOT NULL DEFAULT false',
  why: 'true for a row that was made here, and that the source does not have',
} as const;

export type SystemColumn = {
  readonly name: string;
  readonly type: string;
  readonly ddl: string;
  readonly why: string;
};

export function uploadColumns(plan: EntityPlan): readonly SystemColumn[] {
  if (!tracksFields(plan)) return [];
  return keepsOwnRows(plan) ? [...UPLOAD_COLUMNS, MADE_HERE] : UPLOAD_COLUMNS;
}

export function isUploadColumn(name: string | null): boolean {
  return name === MADE_HERE.name || UPLOAD_COLUMNS.some((column) => column.name === name);
}

/** What a system column needs beside itself. */
export function uploadColumnExtras(plan: EntityPlan, name: string): string[] {
  if (name === 'sync_id') return [rowIdIndex(plan)];
  return name === MADE_HERE.name ? [madeHereDefault(plan)] : [];
}

/** Two rows cannot have one id. */
function rowIdIndex(plan: EntityPlan): string {
  const name = `sync_id_${createHash('sha256').update(mirrorTable(plan)).digest('hex').slice(0, 16)}`;
  return `CREATE UNIQUE INDEX IF NOT EXISTS ${name} ON ${mirrorTable(plan)} (sync_id) WHERE sync_id IS NOT NULL`;
}

/**
 * Of rows that people insert. A default, not a trigger: COPY of our loads would go row by row with one. Set after the
 * column is there, or the rows that are there already would get it.
 */
function madeHereDefault(plan: EntityPlan): string {
  return `ALTER TABLE ${mirrorTable(plan)} ALTER COLUMN sync_made_here
    SET DEFAULT (current_setting('syncline.writer', true) IS DISTINCT FROM 'on')`;
}

export function columnDdl(plan: EntityPlan, column: MirrorColumn): string {
  const { name, type } = column;
  if (column.keyPosition !== null) return `${quoteIdent(name)} ${type}${keyCollation(type)} NOT NULL`;
  return `${quoteIdent(name)} ${type}${localDefault(plan, name)}`;
}

/** Keys are ordered by their bytes, as every encoded key and position is. */
export function keyCollation(type: string): string {
  return /^(text|character varying|character|name)\b/.test(type) ? ' COLLATE "C"' : '';
}

export function localDefault(plan: EntityPlan, name: string): string {
  const local = plan.spec.localColumns.find((column) => column.name === name);
  return local === undefined || local.default === null
    ? ''
    : ` DEFAULT ${bindLiteral(local.default)}::${local.type}`;
}

export const SOURCE_OWNED = 'Source-owned (syncline)';
export const LOCAL = 'Local (syncline)';
export const SYSTEM = 'System (syncline)';

export function tableComment({ spec }: EntityPlan): string {
  return (
    `Mirror of ${spec.mirror.shared ? `source ${spec.source} and others` : `entity ${spec.entity}`}, kept by Syncline. ` +
    'Columns marked source-owned follow the source; columns marked local are yours.'
  );
}

export function commentOn(plan: EntityPlan, column: MirrorColumn): string {
  return comment(plan, column.name, columnComment(plan, column));
}

export function columnComment(plan: EntityPlan, column: MirrorColumn): string {
  if (column.role === 'from') return `${SOURCE_OWNED}: from ${column.from}`;
  if (column.role === 'compute') return `${SOURCE_OWNED}: computed from the source’s row`;
  const local = plan.spec.localColumns.find(({ name }) => name === column.name);
  const rule = local?.onSource === undefined ? '' : ', except by its onSource rule';
  return `${LOCAL}: a sync never overwrites it${rule}; a new row has ${local?.default ?? 'NULL'}`;
}

export function comment(plan: EntityPlan, column: string, text: string): string {
  return `COMMENT ON COLUMN ${mirrorTable(plan)}.${quoteIdent(column)} IS ${bindLiteral(text)}`;
}
