/** An entity as devices get it: which columns of its mirror are served, and how its rows are named. */
import type { DocumentColumn, DocumentOf } from '../domain/access/document-schema.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import type { Db } from '../pg/pool.ts';
import { type CatalogueColumn, type CatalogueTable, readMirror } from './mirror-catalogue.ts';
import { LOCAL, SOURCE_OWNED } from './mirror-columns.ts';
import { keepsExits } from './mirror-exits.ts';
import { assertNoFuture, assertVersionsHold } from './restored.ts';

export type FeedEntity = DocumentOf & {
  /** true: rows may have ids of their own (`sync_id`) beside their keys. */
  readonly hasIds: boolean;
  /** true: the mirror keeps a stamp per field (C25). */
  readonly tracksFields: boolean;
};

/** Names that documents have already. A key column `id` may be called so: the document's id says it. */
const DOCUMENT_FIELDS: ReadonlySet<string> = new Set(['id', 'rev', '_deleted']);

const KEPT_MS = 5_000;

type Kept = { readonly db: Db; readonly entity: FeedEntity; readonly until: number };
const kept = new WeakMap<EntitySpec, Kept>();

/**
 * From the mirror's catalogue, kept for some seconds.
 * @throws SyncError STORE_NOT_READY after a restore (C8), ENTITY_NOT_READY before the first full run has ended (C16); SCHEMA_CHANGED where a column has a name
 * that documents need for themselves.
 */
export async function feedEntity(db: Db, spec: EntitySpec): Promise<FeedEntity> {
  const known = kept.get(spec);
  if (known !== undefined && known.db === db && known.until > performance.now()) return known.entity;
  const entity = await readFeedEntity(db, spec);
  kept.set(spec, { db, entity, until: performance.now() + KEPT_MS });
  return entity;
}

async function readFeedEntity(db: Db, spec: EntitySpec): Promise<FeedEntity> {
  await assertVersionsHold(db);
  const { rowCount } = await db.query('SELECT FROM syncline.checkpoint WHERE entity = $1', [spec.entity]);
  const table = rowCount === 1 ? await readMirror(db, { spec }) : null;
  if (table === null) {
    throw new SyncError('ENTITY_NOT_READY', {
      message: `${spec.entity} has not been loaded yet`,
      details: { entity: spec.entity },
    });
  }
  await assertNoFuture(db, spec.mirror);
  if (!(await keepsExits(db, spec))) {
    throw new SyncError('ENTITY_NOT_READY', {
      message: `The mirror of ${spec.entity} does not keep what leaves its partitions yet`,
      remedy: `Run it once with the new configuration: syncline run ${spec.pipeline}.`,
      details: { entity: spec.entity },
    });
  }
  const keyColumns = table.primaryKey.filter((name) => name !== 'sync_source');
  const columns = [...table.columns.values()].flatMap((column) => served(column, spec));
  refuseNames(spec, columns, keyColumns);
  return {
    spec,
    columns,
    keyColumns,
    hasIds: table.columns.has('sync_id'),
    tracksFields: tracks(table),
  };
}

function tracks(table: CatalogueTable): boolean {
  return table.columns.has('sync_fields');
}

/** Who owns a column is in its comment. */
function served(column: CatalogueColumn, spec: EntitySpec): DocumentColumn[] {
  const { name, type, notNull, comment } = column;
  const role = roleOf(comment ?? '');
  if (name.startsWith('sync_') || role === null) return [];
  if (spec.columns !== null && ![...spec.columns, ...spec.localColumns].some((one) => one.name === name)) {
    return [];
  }
  return [{ name, type, role, notNull }];
}

function roleOf(comment: string): DocumentColumn['role'] | null {
  if (comment.startsWith(LOCAL)) return 'local';
  if (!comment.startsWith(SOURCE_OWNED)) return null;
  return comment.startsWith(`${SOURCE_OWNED}: computed`) ? 'compute' : 'from';
}

function refuseNames(spec: EntitySpec, columns: readonly DocumentColumn[], keys: readonly string[]): void {
  const taken = columns.find(
    ({ name }) => DOCUMENT_FIELDS.has(name) && !(name === 'id' && keys.length === 1 && keys[0] === 'id'),
  );
  if (taken === undefined) return;
  throw new SyncError('SCHEMA_CHANGED', {
    message: `The column ${taken.name} of ${spec.entity} has the name of a field that every document has`,
    remedy: `Give it another name in \`columns\` of ${spec.entity}; devices cannot be served before.`,
    details: { entity: spec.entity, column: taken.name },
  });
}

export function feedColumnType(entity: FeedEntity, name: string): string {
  return entity.columns.find((column) => column.name === name)?.type ?? 'text';
}
