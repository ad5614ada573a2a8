/** What the tests of the load share: a store of their own, plans made by hand, pieces made from rows. */
import pg from 'pg';
import type {
  EntityPlan,
  EntitySpec,
  MirrorColumn,
  Reject,
  ShapedPiece,
  SourceColumn,
} from '../../src/domain/entity.ts';
import type { EntityRef } from '../../src/domain/run.ts';
import type { LoadJob } from '../../src/store/load-job.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { takeTicket } from '../../src/store/ticket.ts';
import { freshDatabase, storeServer } from '../support/servers.ts';

export type TestStore = { store: Store; url: string; drop(): Promise<void> };

export async function openTestStore(name: string): Promise<TestStore> {
  const database = await freshDatabase(await storeServer(), name);
  const store = await openStore({ url: database.url, poolMax: 6, applicationName: 'syncline/test' });
  await migrate(store);
  return {
    store,
    url: database.url,
    drop: async () => {
      await store.close();
      await database.drop();
    },
  };
}

/** A session like a person's: no setting of ours. */
export async function person(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

type PlanColumn = { name: string; type: string; from?: string };

export type PlanOptions = Partial<
  Pick<EntitySpec, 'deduplicate' | 'softDelete' | 'localColumns' | 'pipeline' | 'source'>
> & {
  entity: string;
  /** Name → type, in order; source columns have the same names in upper case. */
  columns: Record<string, string>;
  computed?: Record<string, string>;
  key?: string[];
  changedAt?: string[];
  softDeleteColumn?: { from: string; type: string };
  mirror?: { schema: string; table: string; shared: boolean };
};

export function planOf(options: PlanOptions): EntityPlan {
  const key = options.key ?? ['id'];
  const from: PlanColumn[] = Object.entries(options.columns).map(([name, type]) => ({
    name,
    type,
    from: name.toUpperCase(),
  }));
  const computed: PlanColumn[] = Object.entries(options.computed ?? {}).map(([name, type]) => ({
    name,
    type,
  }));
  const loadColumns = [...from, ...computed].map(
    (column): MirrorColumn => ({
      name: column.name,
      type: column.type,
      role: column.from === undefined ? 'compute' : 'from',
      keyPosition: key.includes(column.name) ? key.indexOf(column.name) : null,
      from: column.from ?? null,
    }),
  );
  const localColumns = options.localColumns ?? [];
  const locals = localColumns.map(
    ({ name, type }): MirrorColumn => ({ name, type, role: 'local', keyPosition: null, from: null }),
  );
  const mirror = options.mirror ?? { schema: 'public', table: options.entity, shared: false };
  const extras = [
    ...(options.changedAt ?? []).map((name, i) => ({
      name: `_changed_${i + 1}`,
      type: options.columns[name] ?? 'timestamp with time zone',
      from: name.toUpperCase(),
    })),
    ...(options.softDeleteColumn === undefined
      ? []
      : [{ name: '_soft_delete', ...options.softDeleteColumn }]),
  ];
  const source = options.source ?? 'shop';
  const spec: EntitySpec = {
    entity: options.entity,
    pipeline: options.pipeline ?? 'pos',
    source,
    read: { kind: 'table', table: options.entity.toUpperCase() },
    key: key.map((name) => name.toUpperCase()),
    changedAt: null,
    mirror,
    columns: null,
    localColumns,
    validate: null,
    deduplicate: options.deduplicate ?? null,
    softDelete: options.softDelete ?? null,
    massDeleteGuardPercent: 20,
    maxQuarantined: null,
    chunkRows: 50_000,
    lanes: 2,
    maxValueBytes: 64 * 1024 * 1024,
    capture: false,
    schemaChanges: 'stop',
    upload: null,
    feed: null,
  };
  const readColumns = from.map(
    ({ name, type }): SourceColumn => ({
      name: name.toUpperCase(),
      sourceType: type,
      mirrorType: type,
      nullable: !key.includes(name),
      binaryAsIs: true,
    }),
  );
  return {
    spec,
    readColumns,
    mirrorColumns: [...loadColumns, ...locals],
    loadColumns,
    keyColumns: key,
    stagingExtras: extras,
    syncSource: mirror.shared ? source : null,
    captureId: null,
    format: 'rows',
  };
}

export type TestRow = readonly (string | null)[];

/** Values in the order of `loadColumns`, then of the extras. */
export function textPiece(rows: readonly TestRow[], rejects: readonly Reject[] = []): ShapedPiece {
  return {
    layout: 'staging',
    format: 'text',
    data: Buffer.from(rows.map((row) => `${row.map(field).join('\t')}\n`).join('')),
    rowsInData: rows.length,
    rejects,
    rowsFetched: rows.length + rejects.length,
  };
}

const ESCAPED: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const field = (value: string | null): string =>
  value === null ? '\\N' : value.replace(/[\\\t\n\r]/g, (char) => ESCAPED[char] as string);

/** Fields are the bytes of the binary format; null is NULL. */
export function binaryPiece(
  rows: readonly (readonly (Buffer | null)[])[],
  layout: ShapedPiece['layout'] = 'staging',
): ShapedPiece {
  const tuples = rows.map((fields) => {
    const parts = fields.flatMap((bytes) => [
      int32(bytes === null ? -1 : bytes.length),
      bytes ?? Buffer.alloc(0),
    ]);
    const count = Buffer.alloc(2);
    count.writeInt16BE(fields.length);
    return Buffer.concat([count, ...parts]);
  });
  return {
    layout,
    format: 'pg-binary',
    data: Buffer.concat(tuples),
    rowsInData: rows.length,
    rejects: [],
    rowsFetched: rows.length,
  };
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export type TestRun = { ref: EntityRef; chunkId: number };

let runs = 0;

/** A run at work on the entity, with one claimed chunk (attempt 1). */
export async function startRun(store: Store, plan: EntityPlan): Promise<TestRun> {
  const runId = `run-${++runs}`;
  const { entity, pipeline, source } = plan.spec;
  await store.pool.query(
    `INSERT INTO syncline.sync_run (id, pipeline, mode, trigger, source, source_kind, workflow_id, workflow_run_id, config_hash, fence)
     VALUES ($1, $2, 'full', 'test', $3, 'postgres', $1, $1, 'hash', 1)`,
    [runId, pipeline, source],
  );
  await store.pool.query(
    `INSERT INTO syncline.sync_run_entity (run_id, entity, mode, source_identity) VALUES ($1, $2, 'full', 'test')`,
    [runId, entity],
  );
  const { rows } = await store.pool.query<{ id: number }>(
    `INSERT INTO syncline.sync_chunk (run_id, entity, kind, seq, state, attempt, lease_until)
     VALUES ($1, $2, 'range', 1, 'running', 1, clock_timestamp() + interval '1 minute') RETURNING id`,
    [runId, entity],
  );
  const ref = { runId, pipeline, fence: 1, configHash: 'hash', entity };
  return { ref, chunkId: (rows[0] as { id: number }).id };
}

export async function jobFor(
  store: Store,
  plan: EntityPlan,
  more: { run: TestRun } & Partial<LoadJob>,
): Promise<LoadJob> {
  const { run, ...rest } = more;
  return {
    ref: run.ref,
    plan,
    ticket: await takeTicket(store.pool),
    claim: { chunkId: run.chunkId, attempt: 1 },
    resumeAfter: null,
    finished: false,
    range: null,
    keyOrder: 'bytes',
    lateBelow: null,
    rawKeys: null,
    ...rest,
  };
}

/** All values of the mirror as text, system columns but the version included. */
export async function mirrorRows(store: Store, plan: EntityPlan): Promise<Record<string, string | null>[]> {
  const { schema, table } = plan.spec.mirror;
  const columns = plan.mirrorColumns.map(({ name }) => `"${name}"::text`).join(', ');
  const { rows } = await store.pool.query(
    `SELECT ${columns}, sync_deleted_at IS NOT NULL AS deleted${plan.syncSource === null ? '' : ', sync_source'}
       FROM "${schema}"."${table}" AS m ORDER BY ${plan.keyColumns.map((name) => `m."${name}"`).join(', ')}`,
  );
  return rows;
}

export async function all<T = Record<string, unknown>>(
  store: Store,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> {
  const { rows } = await store.pool.query(sql, values);
  return rows as T[];
}

/** @returns the session of the store's database that waits for another one's lock, once there is one. */
export async function untilWaiting(store: Store): Promise<number> {
  for (;;) {
    const [row] = await all<{ pid: number }>(
      store,
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (row !== undefined) return row.pid;
  }
}
