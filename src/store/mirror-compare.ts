/** A mirror as it is against the plan: what to change, and what only a person can decide. Pure. */
import type { EntityPlan, MirrorColumn } from '../domain/entity.ts';
import { canHold } from '../domain/types.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { CatalogueColumn, CatalogueTable } from './mirror-catalogue.ts';
import {
  columnComment,
  columnDdl,
  comment,
  commentOn,
  isUploadColumn,
  keyCollation,
  LOCAL,
  localDefault,
  SOURCE_OWNED,
  SYSTEM,
  SYSTEM_COLUMNS,
  type SystemColumn,
  uploadColumnExtras,
  uploadColumns,
} from './mirror-columns.ts';
import { mirrorTable } from './mirror-target.ts';

export type MirrorChange = {
  /** 'conflict': nothing that Syncline does by itself; `remedy` says what a person can. */
  readonly kind: 'create-table' | 'add-column' | 'widen-column' | 'set-default' | 'conflict';
  readonly column: string | null;
  readonly description: string;
  readonly sql: readonly string[];
  readonly remedy?: string;
};

export function compareMirror(plan: EntityPlan, table: CatalogueTable): MirrorChange[] {
  const foreign = whyForeign(plan, table);
  if (foreign !== null) return [foreign];
  const planned = new Set([...plan.mirrorColumns, ...SYSTEM_COLUMNS].map((column) => column.name)).add(
    'sync_source',
  );
  const extra = [...table.columns.values()].filter(
    (column) => !planned.has(column.name) && !isUploadColumn(column.name),
  );
  return [
    ...uploadColumns(plan).flatMap((column) => addMissing(plan, column, table)),
    ...plan.mirrorColumns.flatMap((column) => compareColumn(plan, column, table.columns.get(column.name))),
    ...extra.flatMap((column) => judgeExtra(plan, column)),
  ];
}

/** A mirror that did not take uploads before. */
function addMissing(plan: EntityPlan, column: SystemColumn, table: CatalogueTable): MirrorChange[] {
  const { name, type, ddl, why } = column;
  if (table.columns.has(name)) return [];
  const sql = [
    `ALTER TABLE ${mirrorTable(plan)} ADD COLUMN ${ddl}`,
    comment(plan, name, `${SYSTEM}: ${why}`),
    ...uploadColumnExtras(plan, name),
  ];
  return [{ kind: 'add-column', column: name, description: `add ${name} ${type}`, sql }];
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
