/**
 * The mirror tables: made, compared with the plan, and changed where nothing can be lost by it (design: Mirror
 * tables). Who owns a column is written in its comment, and read back from there.
 */
import type { EntityPlan } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { readMirror } from './mirror-catalogue.ts';
import {
  columnDdl,
  comment,
  commentOn,
  isUploadColumn,
  SYSTEM,
  SYSTEM_COLUMNS,
  tableComment,
  uploadColumnExtras,
  uploadColumns,
} from './mirror-columns.ts';
import { compareMirror, type MirrorChange } from './mirror-compare.ts';
import { exitStatements } from './mirror-exits.ts';
import { bindLiteral, mirrorTable, primaryKey } from './mirror-target.ts';
import { guardStatements } from './mirror-triggers.ts';
import { readerStatements } from './reader-rights.ts';

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
  const drift = changes.filter(({ kind, column }) => kind !== 'create-table' && !isOurs(plan, column));
  if (options.onDrift === 'stop' && drift.length > 0) {
    throw new SyncError('SCHEMA_CHANGED', {
      message: `The mirror ${mirrorTable(plan)} of ${plan.spec.entity} needs a change: ${list(drift)}`,
      details: { changes: drift.map((change) => change.description) },
    });
  }
  const statements = [
    ...changes.flatMap((change) => change.sql),
    ...(await guardStatements(db, plan)),
    ...(await exitStatements(db, plan)),
  ];
  if (statements.length > 0) await db.query(inOneTransaction(plan, statements));
  // After them: it reads what they made.
  const rights = await readerStatements(db, plan.spec);
  if (rights.length > 0) await db.query(inOneTransaction(plan, rights));
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

/** Not the source's: local columns, and those that uploads need. */
function isOurs(plan: EntityPlan, column: string | null): boolean {
  return (
    isUploadColumn(column) || plan.mirrorColumns.some(({ name, role }) => name === column && role === 'local')
  );
}

function createTable(plan: EntityPlan): MirrorChange {
  const table = mirrorTable(plan);
  const system = [...SYSTEM_COLUMNS, ...uploadColumns(plan)];
  const columns = [
    ...plan.mirrorColumns.map((column) => columnDdl(plan, column)),
    ...(plan.syncSource === null ? [] : ['sync_source text COLLATE "C" NOT NULL']),
    ...system.map(({ ddl }) => ddl),
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
      ...system.map(({ name, why }) => comment(plan, name, `${SYSTEM}: ${why}`)),
      ...(plan.syncSource === null ? [] : [comment(plan, 'sync_source', `${SYSTEM}: the source of the row`)]),
      ...system.flatMap(({ name }) => uploadColumnExtras(plan, name)),
    ],
  };
}
