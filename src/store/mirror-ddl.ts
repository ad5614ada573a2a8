/**
 * The mirror tables: made, compared with the plan, and changed where nothing can be lost by it (design: Mirror
 * tables). Who owns a column is written in its comment, and read back from there.
 */
import type { EntityPlan, MirrorColumn } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { canHold } from '../domain/types.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { type CatalogueColumn, type CatalogueTable, readMirror } from './mirror-catalogue.ts';
import { bindLiteral, keyNames, mirrorTable, primaryKey } from './mirror-target.ts';
import { guardStatements, tableHash } from './mirror-triggers.ts';

export type MirrorChange = {
  /** 'conflict': nothing that Syncline does by itself; `remedy` says what a person can. */
  readonly kind: 'create-table' | 'add-column' | 'widen-column' | 'set-default' | 'conflict';
  readonly column: string | null;
  readonly description: string;
  readonly sql: readonly string[];
  readonly remedy?: string;
};

const SYSTEM_COLUMNS = [
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

/** What would have to be done to the mirror; nothing is done. */
export async function planMirror(db: Db, plan: EntityPlan): Promise<MirrorChange[]> {
  const table = await readMirror(db, plan);
  return table === null ? [createTable(plan)] : compareMirror(plan, table);
}

/**
 * Makes the mirror, and brings it to the plan.
 * @throws SyncError SCHEMA_CHANGED where a change needs a person, or `onDrift` is 'stop'.
 */
export async function ensureMirror(
  db: Db,
  plan: EntityPlan,
  options: { readonly onDrift: 'stop' | 'apply' },
): Promise<{ created: boolean; changes: MirrorChange[] }> {
  const changes = await planMirror(db, plan);
  refuseConflicts(plan, changes);
  const created = changes.some((change) => change.kind === 'create-table');
  const drift = changes.filter((change) => change.kind !== 'create-table' && !isLocal(plan, change.column));
  if (options.onDrift === 'stop' && drift.length > 0) {
    throw new SyncError('SCHEMA_CHANGED', {
      message: `The mirror ${mirrorTable(plan)} of ${plan.spec.entity} needs a change: ${list(drift)}`,
      details: { changes: drift.map((change) => change.description) },
    });
  }
  const statements = [...changes.flatMap((change) => change.sql), ...(await guardStatements(db, plan))];
  if (statements.length > 0) await db.query(inOneTransaction(plan, statements));
  return { created, changes };
}

/** A simple query of several statements is one transaction; entities that share a mirror wait for each other. */
function inOneTransaction(plan: EntityPlan, statements: readonly string[]): string {
  const lock = `SELECT pg_advisory_xact_lock(hashtextextended(${bindLiteral(mirrorTable(plan))}, 0))`;
  return [lock, ...statements].join(';\n');
}

function refuseConflicts(plan: EntityPlan, changes: readonly MirrorChange[]): void {
  const conflicts = changes.filter((change) => change.kind === 'conflict');
  if (conflicts.length === 0) return;
  const remedies = [...new Set(conflicts.flatMap((change) => change.remedy ?? []))];
  throw new SyncError('SCHEMA_CHANGED', {
    message: `The mirror ${mirrorTable(plan)} does not fit entity ${plan.spec.entity}: ${list(conflicts)}`,
    remedy: remedies.join(' '),
    details: { changes: conflicts.map((change) => change.description) },
  });
}

const list = (changes: readonly MirrorChange[]): string =>
  changes.map((change) => change.description).join('; ');

function isLocal(plan: EntityPlan, column: string | null): boolean {
  return plan.mirrorColumns.some(({ name, role }) => name === column && role === 'local');
}

function createTable(plan: EntityPlan): MirrorChange {
  const table = mirrorTable(plan);
  const columns = [
    ...plan.mirrorColumns.map((column) => columnDdl(plan, column)),
    ...(plan.syncSource === null ? [] : ['sync_source text COLLATE "C" NOT NULL']),
    ...SYSTEM_COLUMNS.map(({ ddl }) => ddl),
    `PRIMARY KEY (${primaryKey(plan).join(', ')})`,
  ];
  return {
    kind: 'create-table',
    column: null,
    description: `create ${table}`,
    sql: [
      `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(plan.spec.mirror.schema)}`,
      `CREATE TABLE IF NOT EXISTS ${table} (\n  ${columns.join(',\n  ')}\n)`,
      `COMMENT ON TABLE ${table} IS ${bindLiteral(tableComment(plan))}`,
      ...plan.mirrorColumns.map((column) => commentOn(plan, column)),
      ...SYSTEM_COLUMNS.map(({ name, why }) => comment(plan, name, `${SYSTEM}: ${why}`)),
      ...(plan.syncSource === null ? [] : [comment(plan, 'sync_source', `${SYSTEM}: the source of the row`)]),
    ],
  };
}

function columnDdl(plan: EntityPlan, column: MirrorColumn): string {
  const { name, type } = column;
  if (column.keyPosition !== null) return `${quoteIdent(name)} ${type}${keyCollation(type)} NOT NULL`;
  return `${quoteIdent(name)} ${type}${localDefault(plan, name)}`;
}

/** Keys are ordered by their bytes, as every encoded key and position is. */
export function keyCollation(type: string): string {
  return /^(text|character varying|character|name)\b/.test(type) ? ' COLLATE "C"' : '';
}

function localDefault(plan: EntityPlan, name: string): string {
  const local = plan.spec.localColumns.find((column) => column.name === name);
  return local === undefined || local.default === null
    ? ''
    : ` DEFAULT ${bindLiteral(local.default)}::${local.type}`;
}

const SOURCE_OWNED = 'Source-owned (syncline)';
const LOCAL = 'Local (syncline)';
const SYSTEM = 'System (syncline)';

function tableComment({ spec }: EntityPlan): string {
  return (
    `Mirror of ${spec.mirror.shared ? `source ${spec.source} and others` : `entity ${spec.entity}`}, kept by Syncline. ` +
    'Columns marked source-owned follow the source; columns marked local are yours.'
  );
}

function commentOn(plan: EntityPlan, column: MirrorColumn): string {
  return comment(plan, column.name, columnComment(plan, column));
}

function columnComment(plan: EntityPlan, column: MirrorColumn): string {
  if (column.role === 'from') return `${SOURCE_OWNED}: from ${column.from}`;
  if (column.role === 'compute') return `${SOURCE_OWNED}: computed from the source’s row`;
  const local = plan.spec.localColumns.find(({ name }) => name === column.name);
  const rule = local?.onSource === undefined ? '' : ', except by its onSource rule';
  return `${LOCAL}: a sync never overwrites it${rule}; a new row has ${local?.default ?? 'NULL'}`;
}

function comment(plan: EntityPlan, column: string, text: string): string {
  return `COMMENT ON COLUMN ${mirrorTable(plan)}.${quoteIdent(column)} IS ${bindLiteral(text)}`;
}

function compareMirror(plan: EntityPlan, table: CatalogueTable): MirrorChange[] {
  const foreign = whyForeign(plan, table);
  if (foreign !== null) return [foreign];
  const planned = new Set([...plan.mirrorColumns, ...SYSTEM_COLUMNS].map((column) => column.name)).add(
    'sync_source',
  );
  const extra = [...table.columns.values()].filter((column) => !planned.has(column.name));
  return [
    ...plan.mirrorColumns.flatMap((column) => compareColumn(plan, column, table.columns.get(column.name))),
    ...extra.flatMap((column) => judgeExtra(plan, column)),
  ];
}

/** A table of somebody else's under the mirror's name is never touched. */
function whyForeign(plan: EntityPlan, table: CatalogueTable): MirrorChange | null {
  const system = SYSTEM_COLUMNS.find(({ name, type }) => table.columns.get(name)?.type !== type);
  const name = mirrorTable(plan);
  if (system !== undefined) {
    return conflict(
      null,
      `${name} exists and is no mirror (it has no column ${system.name} ${system.type})`,
      {
        remedy: 'Give the entity another `mirror`, or rename the table.',
      },
    );
  }
  const expected = [...(plan.syncSource === null ? [] : ['sync_source']), ...plan.keyColumns];
  if (expected.join() !== table.primaryKey.join()) {
    return conflict(
      null,
      `the key of ${name} is (${table.primaryKey.join(', ')}), not (${expected.join(', ')})`,
      {
        remedy:
          'A key or `shared` that changes needs a new mirror: rename the old table, then run a full sync.',
      },
    );
  }
  const unordered = plan.keyColumns.find((key) => table.columns.get(key)?.bytewise === false);
  if (unordered === undefined) return null;
  return conflict(unordered, `the key column ${unordered} of ${name} is not COLLATE "C"`, {
    remedy: `ALTER TABLE ${name} ALTER COLUMN ${quoteIdent(unordered)} TYPE text COLLATE "C".`,
  });
}

function compareColumn(
  plan: EntityPlan,
  column: MirrorColumn,
  actual: CatalogueColumn | undefined,
): MirrorChange[] {
  const { name, type, role } = column;
  const table = mirrorTable(plan);
  if (actual === undefined) {
    const sql = [`ALTER TABLE ${table} ADD COLUMN ${columnDdl(plan, column)}`, commentOn(plan, column)];
    return [{ kind: 'add-column', column: name, description: `add ${name} ${type}`, sql }];
  }
  const owner = actual.comment ?? '';
  if (role === 'local' ? owner.startsWith(SOURCE_OWNED) : owner.startsWith(LOCAL)) {
    return [
      conflict(
        name,
        `${name} is ${role === 'local' ? 'source-owned' : 'local'} in ${table}, and no longer in the configuration`,
        {
          remedy: `To hand the column over with the values it has: COMMENT ON COLUMN ${table}.${quoteIdent(name)} IS NULL.`,
        },
      ),
    ];
  }
  if (role === 'local') return compareLocal(plan, column, actual);
  if (actual.type === type) return [];
  if (column.keyPosition === null && canHold(actual.type, type) === 'yes') return [];
  if (canHold(actual.type, type) !== 'widen') return [typeConflict(plan, column, actual)];
  const change = `ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(name)} TYPE ${type}${column.keyPosition === null ? '' : keyCollation(type)}`;
  return [
    {
      kind: 'widen-column',
      column: name,
      description: `widen ${name} from ${actual.type} to ${type}`,
      sql: [change],
    },
  ];
}

/** The default that the column was made with is in its comment: the catalogue has it as an expression only. */
function compareLocal(plan: EntityPlan, column: MirrorColumn, actual: CatalogueColumn): MirrorChange[] {
  if (actual.type !== column.type) return [typeConflict(plan, column, actual)];
  if (actual.comment === columnComment(plan, column)) return [];
  const value = localDefault(plan, column.name) || ' DEFAULT NULL';
  const alter = `ALTER TABLE ${mirrorTable(plan)} ALTER COLUMN ${quoteIdent(column.name)} SET${value}`;
  const sql = [alter, commentOn(plan, column)];
  return [{ kind: 'set-default', column: column.name, description: `new default of ${column.name}`, sql }];
}

function typeConflict(plan: EntityPlan, column: MirrorColumn, actual: CatalogueColumn): MirrorChange {
  const { name, type } = column;
  return conflict(name, `${name} is ${actual.type} in the mirror and would have to be ${type}`, {
    remedy: `Give the column \`type: '${actual.type}'\`, or change it by hand: ALTER TABLE ${mirrorTable(plan)} ALTER COLUMN ${quoteIdent(name)} TYPE ${type} USING …`,
  });
}

/** Columns that the plan does not know: a source column that went away, or one that somebody added for himself. */
function judgeExtra(plan: EntityPlan, column: CatalogueColumn): MirrorChange[] {
  const table = mirrorTable(plan);
  const name = quoteIdent(column.name);
  if (column.comment?.startsWith(SOURCE_OWNED)) {
    return [
      conflict(column.name, `${column.name} is no longer read from the source`, {
        remedy: `Drop it: ALTER TABLE ${table} DROP COLUMN ${name}. Or keep its last values as your own: COMMENT ON COLUMN ${table}.${name} IS NULL.`,
      }),
    ];
  }
  if (!column.notNull || column.hasDefault || column.generated) return [];
  return [
    conflict(
      column.name,
      `${column.name} is not of the configuration, NOT NULL and without a default, so no row could be inserted`,
      {
        remedy: `Give it a default: ALTER TABLE ${table} ALTER COLUMN ${name} SET DEFAULT …`,
      },
    ),
  ];
}

function conflict(column: string | null, description: string, { remedy }: { remedy: string }): MirrorChange {
  return { kind: 'conflict', column, description, sql: [], remedy };
}

/** Of PostgreSQL's 100: a fifth of a table's usual sample, 0.03 s instead of 0.15. */
const FIRST_STATISTICS = 20;

/** After the first load: with the feed's index in place, that load would cost a quarter more. Statistics come with it. */
export async function buildFeedIndex(db: Db, plan: EntityPlan): Promise<void> {
  // IF NOT EXISTS would wait for every load in flight only to find it there.
  const { rows } = await db.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${quoteIdent(plan.spec.mirror.schema)}.${feedIndexName(plan)}`,
  ]);
  if (rows[0]?.there) return;
  const shared = plan.syncSource === null ? [] : ['sync_source'];
  const columns = ['sync_xid', ...shared, ...keyNames(plan)].join(', ');
  // One simple query is one transaction, so the setting ends with it, whatever `db` is.
  await db.query(
    `SELECT set_config('statement_timeout', '0', true);
     CREATE INDEX IF NOT EXISTS ${feedIndexName(plan)} ON ${mirrorTable(plan)} (${columns})`,
  );
  // What the merges of the next run are planned by, should it come before autovacuum. Small: it tells them enough.
  await db.query(
    `SELECT set_config('statement_timeout', '0', true), set_config('default_statistics_target', '${FIRST_STATISTICS}', true);
     ANALYZE ${mirrorTable(plan)}`,
  );
}

function feedIndexName(plan: EntityPlan): string {
  return quoteIdent(`sync_feed_${tableHash(plan)}`);
}
