/** A mirror as devices get it, without a source: made by the plan, written by plain SQL as loads write. */
import type pg from 'pg';
import type { FeedSpec } from '../../src/domain/access/feed-spec.ts';
import { type EntityScope, EVERYTHING } from '../../src/domain/access/scope.ts';
import type { EntityPlan } from '../../src/domain/entity.ts';
import type { UploadSpec } from '../../src/domain/upload/upload-spec.ts';
import { type FeedEntity, feedEntity } from '../../src/store/feed-entity.ts';
import { buildFeedIndex } from '../../src/store/feed-index.ts';
import { type FeedRequest, readFeedPage } from '../../src/store/feed-page.ts';
import type { FeedPosition } from '../../src/store/feed-position.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import type { Store } from '../../src/store/open.ts';
import { eventually } from '../e2e/world.ts';
import { type PlanOptions, planOf } from './load-kit.ts';

export const FEED: FeedSpec = { maxAgeMs: 86_400_000, filter: [], partitions: {}, fields: {} };

export const TO_SOURCE: UploadSpec = {
  writeBack: { to: 'source', table: 'T' },
  writable: [],
  operations: ['insert', 'update', 'delete'],
  policy: 'serverWins',
  fieldPolicies: {},
  groups: [],
  merge: {},
  references: {},
  clientMayChoose: [],
  rules: [],
  approval: {
    resolvers: 'anyone',
    remindAfterMs: null,
    escalateAfterMs: null,
    escalateTo: null,
    expireAfterMs: null,
    onExpire: 'server',
  },
  timeZone: 'UTC',
};

export function feedPlan(
  options: PlanOptions & { feed?: Partial<FeedSpec>; upload?: UploadSpec },
): EntityPlan {
  const plan = planOf(options);
  return {
    ...plan,
    spec: { ...plan.spec, feed: { ...FEED, ...options.feed }, upload: options.upload ?? null },
  };
}

/** The mirror, loaded for the first time (C16), with its indexes. */
export async function feedMirror(store: Store, plan: EntityPlan): Promise<FeedEntity> {
  await ensureMirror(store.pool, plan, { onDrift: 'apply' });
  await store.pool.query(
    `INSERT INTO syncline.checkpoint (entity, pipeline, source_identity, source_columns, read_hash, run_id)
     VALUES ($1, $2, 'test', '[]', 'hash', 'run') ON CONFLICT DO NOTHING`,
    [plan.spec.entity, plan.spec.pipeline],
  );
  await buildFeedIndex(store.pool, plan);
  return feedEntity(store.pool, plan.spec);
}

/** Everything that is committed by now is below xmin: other test files have transactions in the same server. */
export async function untilServed({ pool }: Pick<Store, 'pool'>): Promise<void> {
  const { rows } = await pool.query<{ xmax: string }>(
    'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xmax',
  );
  await eventually(async () => {
    const { rowCount } = await pool.query(
      'SELECT WHERE pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8',
      [rows[0]?.xmax],
    );
    return rowCount === 1;
  }, 'transactions that were open have ended');
}

/** One transaction of SQL that passes the mirror's guards, as our loads do. What it wrote is served when it ends. */
export async function write(store: Store, ...statements: string[]): Promise<void> {
  await store.pool.query(
    ["BEGIN; SELECT set_config('syncline.writer', 'on', true)", ...statements, 'COMMIT'].join('; '),
  );
  await untilServed(store);
}

export type Document = { id: string; rev: string; _deleted: boolean; [field: string]: unknown };

/** A device that pulls: what it holds, and where it stands. */
export type Reader = {
  readonly held: Map<string, Document>;
  position: FeedPosition | null;
  scope: EntityScope;
  readonly options: Partial<Pick<FeedRequest, 'filter' | 'fields' | 'device'>>;
};

export function reader(partitions: EntityScope['partitions'] = {}, options: Reader['options'] = {}): Reader {
  return { held: new Map(), position: null, scope: { ...EVERYTHING, partitions }, options };
}

export async function pullPage(
  db: Store['pool'] | pg.PoolClient,
  entity: FeedEntity,
  at: { reader: Reader; limit: number },
): Promise<{ documents: Document[]; hasMore: boolean }> {
  const { reader: device, limit } = at;
  const page = await readFeedPage(db, entity, {
    position: device.position,
    scope: device.scope,
    limit,
    fields: 'all',
    device: null,
    ...device.options,
  });
  // As a device keeps it, between two pulls.
  device.position = JSON.parse(JSON.stringify(page.position));
  const documents = page.documents.map((text) => JSON.parse(text) as Document);
  for (const document of documents) {
    const { id, _deleted } = document;
    if (_deleted) device.held.delete(id);
    else
      device.held.set(
        id,
        device.options.fields === 'changed' ? { ...device.held.get(id), ...document } : document,
      );
  }
  return { documents, hasMore: page.hasMore };
}

/** Pulls until there is no more. @returns everything that came, in order. */
export async function pullAll(
  db: Store['pool'] | pg.PoolClient,
  entity: FeedEntity,
  at: { reader: Reader; limit?: number },
): Promise<Document[]> {
  const came: Document[] = [];
  for (;;) {
    const page = await pullPage(db, entity, { reader: at.reader, limit: at.limit ?? 100 });
    came.push(...page.documents);
    if (!page.hasMore) return came;
  }
}
