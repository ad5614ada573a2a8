/** What tests of activities share: a store, a configuration made by hand, and a source that lives in memory. */
import { pino } from 'pino';
import type { ActivityContext, ActivityDeps } from '../../src/activities/deps.ts';
import type { PieceStream, Source } from '../../src/connectors/contract.ts';
import type { PipelineSpec, RetrySettings } from '../../src/domain/config.ts';
import type { EntitySpec, Piece, SourceColumn } from '../../src/domain/entity.ts';
import { SyncError } from '../../src/domain/errors.ts';
import { encodeKey } from '../../src/domain/keys.ts';
import type { Store } from '../../src/store/open.ts';

export type FakeRow = { readonly id: number; readonly name: string | null; readonly changed: string };

export type FakeSource = Source & {
  rows: FakeRow[];
  identityId: string;
  columns: SourceColumn[];
  mark: string;
  /** Thrown by the next calls, first one first. */
  failures: Error[];
  calls: string[];
};

export const column = (name: string, type: string): SourceColumn => ({
  name,
  sourceType: type,
  mirrorType: type,
  nullable: name !== 'id',
  binaryAsIs: false,
});

export const COLUMNS = [
  column('id', 'integer'),
  column('name', 'text'),
  column('changed', 'timestamp with time zone'),
];

export const unavailable = (): SyncError => new SyncError('SOURCE_UNAVAILABLE', { message: 'gone' });

export function fakeSource(rows: readonly FakeRow[] = []): FakeSource {
  const source: FakeSource = {
    name: 'shop',
    kind: 'fake',
    rows: [...rows],
    identityId: 'cluster-1/1',
    columns: [...COLUMNS],
    mark: '2026-01-01T00:00:00.000000Z',
    failures: [],
    calls: [],
    named: () => source,
    proveLogin: async () => meet('proveLogin'),
    testConnection: async () => {
      meet('testConnection');
      return { identity: await source.identity(never()), clockOffsetMs: 0, degraded: [], settings: {} };
    },
    identity: async () => ({ id: source.identityId, version: '1' }),
    describe: async () => {
      meet('describe');
      return {
        columns: source.columns,
        estimatedRows: source.rows.length,
        estimatedRowBytes: 20,
        keyOrder: 'bytes',
        seesAllRows: true,
        advice: [],
      };
    },
    planChunks: async () => ({ ranges: [{ lower: null, upper: null }] }),
    safeHighMark: async () => ({ mark: source.mark, now: source.mark, degraded: [], heldBackBy: null }),
    readChunk: () => {
      meet('readChunk');
      return pieces(byKey(source.rows));
    },
    readChanges: (_plan, range) => pieces(byKey(source.rows).filter(({ changed }) => changed >= range.low)),
    lookUpKeys: (_plan, keys) => pieces(byKey(source.rows).filter(({ id }) => keys.includes(String(id)))),
    readOne: async () => null,
    countOddRows: async () => ({ nullChangedAt: 0, futureChangedAt: 0 }),
    canonicalChecksum: async () => ({ rows: source.rows.length, digest: '0' }),
    sample: async () => pieceOf(source.rows),
    close: async () => undefined,
  };

  function meet(call: string): void {
    source.calls.push(call);
    const failure = source.failures.shift();
    if (failure !== undefined) throw failure;
  }

  function pieceOf(some: readonly FakeRow[]): Piece {
    const last = some.at(-1);
    return {
      format: 'rows',
      rows: some.length,
      values: some.map((row) => source.columns.map(({ name }) => textOf(row, name))),
      position: last === undefined ? '' : encodeKey([String(last.id)]),
      last: true,
    };
  }

  async function* pieces(some: readonly FakeRow[]): PieceStream {
    if (some.length > 0) yield pieceOf(some);
  }
  return source;
}

function textOf(row: FakeRow, name: string): string | null {
  const value = (row as Record<string, string | number | null>)[name];
  return value === null || value === undefined ? null : String(value);
}

/** As encoded keys are ordered: by their bytes. */
const byKey = (rows: readonly FakeRow[]): FakeRow[] =>
  [...rows].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));

export const RETRY: RetrySettings = {
  baseMs: 1_000,
  multiplier: 2,
  maxMs: 32_000,
  maxFailures: null,
  jitter: 0.2,
};

export function entityOf(entity: string, more: Partial<EntitySpec> = {}): EntitySpec {
  return {
    entity,
    pipeline: 'pos',
    source: 'shop',
    read: { kind: 'table', table: entity },
    key: ['id'],
    changedAt: { columns: ['changed'], setBy: 'database', overlapMs: 0 },
    mirror: { schema: 'public', table: entity, shared: false },
    columns: null,
    localColumns: [],
    validate: null,
    deduplicate: null,
    softDelete: null,
    massDeleteGuardPercent: 100,
    maxQuarantined: null,
    chunkRows: 1_000,
    lanes: 2,
    maxValueBytes: 1_000_000,
    capture: false,
    schemaChanges: 'stop',
    upload: null,
    feed: null,
    ...more,
  };
}

export type Kit = ActivityDeps & { source: FakeSource; closedWorkflows: Set<string> };

export function depsOf(
  store: Store,
  entities: readonly EntitySpec[],
  more: {
    source?: FakeSource;
    retry?: Partial<RetrySettings>;
    concurrency?: number;
    workerId?: string;
    hash?: string;
  } = {},
): Kit {
  const source = more.source ?? fakeSource();
  const closedWorkflows = new Set<string>();
  const pipeline = (name: string): PipelineSpec => ({
    pipeline: name,
    source: 'shop',
    taskQueue: 'syncline',
    parallelEntities: 2,
    schedule: {},
    entities: Object.fromEntries(
      entities.filter((spec) => spec.pipeline === name).map((spec) => [spec.entity, spec]),
    ),
    revision: null,
    hash: more.hash ?? 'hash-of-the-configuration',
  });
  return {
    source,
    closedWorkflows,
    targets: {},
    config: {
      path: 'syncline.config.ts',
      store: { url: 'unused', poolMax: 4 },
      temporal: { address: 'unused', namespace: 'default', taskQueue: 'syncline' },
      notifications: { webhook: null, slack: null, smtp: null },
      gateway: null,
      sources: {
        shop: {
          name: 'shop',
          kind: 'fake',
          timeZone: 'UTC',
          concurrency: more.concurrency ?? 4,
          retry: { ...RETRY, ...more.retry },
          options: {},
        },
      },
      pipelines: Object.fromEntries(
        [...new Set(entities.map((spec) => spec.pipeline))].map((name) => [name, pipeline(name)]),
      ),
    },
    store,
    sources: { shop: source },
    logger: pino({ level: 'silent' }),
    isWorkflowOpen: async (_id, runId) => !closedWorkflows.has(runId),
    workflows: {
      open: async () => [],
      startUpload: async () => 'started',
      startConflict: async () => 'started',
    },
    notifier: null,
    workerId: more.workerId ?? 'worker-1',
  };
}

const never = (): AbortSignal => new AbortController().signal;

export const context = (): ActivityContext => ({ signal: never(), heartbeat: () => undefined });
