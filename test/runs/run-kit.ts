/**
 * Runs in process: the real activities in the order in which the workflow calls them, the real connector, and a store
 * and a source on two servers. Temporal is left out, so that a test can stop between any two steps.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { pino } from 'pino';
import { type OracleSimulator, startOracleSimulator } from '../../dev/oracle-simulator/start.ts';
import { applyDeletes } from '../../src/activities/apply-deletes.ts';
import { closeRun } from '../../src/activities/close-run.ts';
import type { OpenRunResult } from '../../src/activities/contract.ts';
import { copyChanges } from '../../src/activities/copy-changes.ts';
import { copyChunks } from '../../src/activities/copy-chunks.ts';
import type { ActivityContext, ActivityDeps } from '../../src/activities/deps.ts';
import { finishEntity } from '../../src/activities/finish-entity.ts';
import { openRun } from '../../src/activities/open-run.ts';
import { planChunks } from '../../src/activities/plan-chunks.ts';
import { prepareEntity } from '../../src/activities/prepare-entity.ts';
import { parseConfig } from '../../src/config/load.ts';
import { sourceKinds } from '../../src/connectors/kinds.ts';
import { openSource, openWriteTarget } from '../../src/connectors/registry.ts';
import type { SourceSettings, SyncConfig } from '../../src/domain/config.ts';
import type { SyncConfigInput } from '../../src/domain/config-schema.ts';
import { env } from '../../src/domain/env-ref.ts';
import { isSyncError } from '../../src/domain/errors.ts';
import type {
  EntityRef,
  EntitySummary,
  FailureNote,
  RunMode,
  RunSummary,
  SyncPipelineInput,
} from '../../src/domain/run.ts';
import { createPool } from '../../src/pg/pool.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { freshDatabase, type PostgresServer, sourceServer, storeServer } from '../support/servers.ts';

export type Opened = Extract<OpenRunResult, { outcome: 'opened' }>;
type Entities = SyncConfigInput['pipelines'][string]['entities'];

export type Kit = {
  readonly store: Store;
  readonly source: pg.Pool;
  /** null where the source is a PostgreSQL. */
  readonly oracle: OracleSimulator | null;
  /** A worker's dependencies; each call is another worker with the same configuration. */
  worker(change?: Partial<KitConfig>): ActivityDeps;
  /** A worker whose source logs in by another URL. */
  workerAt(sourceUrl: string): ActivityDeps;
  /** A whole run of the pipeline `p`. */
  run(mode: RunMode, input?: Partial<SyncPipelineInput>, deps?: ActivityDeps): Promise<RunSummary>;
  /** A run of one entity, which is all there is: its summary. */
  runOne(mode: RunMode, input?: Partial<SyncPipelineInput>): Promise<EntitySummary>;
  /** Live rows of a mirror as text, by key. */
  mirror(table: string, columns?: string): Promise<string[]>;
  close(): Promise<void>;
};

export type KitConfig = {
  readonly entities: Entities;
  readonly secondEntities?: Entities;
  readonly source: Record<string, unknown>;
  readonly gateway?: SyncConfigInput['gateway'];
};

export type KitOptions = {
  /** SQL that makes the source's tables. */
  readonly sql: string;
  readonly entities: Entities;
  /** Entities of pipeline `q`, whose source `erp2` is the same database under another name. */
  readonly secondEntities?: Entities;
  /** The source is an Oracle simulator on the source's database: statements of its user ERP, before `sql`. */
  readonly oracle?: readonly string[];
  /** More settings of the source. */
  readonly source?: Record<string, unknown>;
  readonly gateway?: SyncConfigInput['gateway'];
  readonly servers?: { store?: PostgresServer; source?: PostgresServer };
};

export async function createKit(options: KitOptions): Promise<Kit> {
  const storeDatabase = await freshDatabase(options.servers?.store ?? (await storeServer()), 'runs');
  const sourceDatabase = await freshDatabase(
    options.servers?.source ?? (await sourceServer()),
    'runs',
    options.oracle && { collation: 'C' },
  );
  const oracle = options.oracle === undefined ? null : await simulate(sourceDatabase.url, options.oracle);
  const environment = {
    DATABASE_URL: storeDatabase.url,
    SOURCE_URL: oracle?.connectString ?? sourceDatabase.url,
    SOURCE_PASSWORD: PASSWORD,
  };
  const source = createPool({
    url: sourceDatabase.url,
    applicationName: 'erp',
    max: 6,
    values: 'state',
    idleInTransactionMs: 0,
  });
  await source.query(options.sql);
  const store = await openStore({ url: storeDatabase.url, poolMax: 10, applicationName: 'syncline/test' });
  await migrate(store);
  const opened: ActivityDeps[] = [];

  const makeWorker = (change: Partial<KitConfig>, variables: Record<string, string>): ActivityDeps => {
    const written = configOf({
      entities: options.entities,
      source: { ...(oracle === null ? POSTGRES : ORACLE), ...options.source },
      ...(options.secondEntities && { secondEntities: options.secondEntities }),
      ...(options.gateway && { gateway: options.gateway }),
      ...change,
    });
    const config = parseConfig({ path: 'syncline.config.ts', written, environment: variables, sourceKinds });
    const sources = Object.entries(config.sources).map(
      ([name, settings]) => [name, openSource(settings, { applicationName: 'syncline/test' })] as const,
    );
    const deps: ActivityDeps = {
      config,
      store,
      sources: Object.fromEntries(sources),
      targets: targetsOf(config),
      logger: pino({ level: 'silent' }),
      isWorkflowOpen: async () => false,
      workflows: {
        open: async () => [],
        startUpload: async () => 'started',
        startConflict: async () => 'started',
      },
      notifier: null,
      workerId: `worker-${opened.length + 1}`,
    };
    opened.push(deps);
    return deps;
  };
  const worker = (change: Partial<KitConfig> = {}): ActivityDeps => makeWorker(change, environment);
  const first = worker();
  const run: Kit['run'] = (mode, input = {}, deps = first) => drive(deps, { pipeline: 'p', mode, ...input });
  return {
    store,
    source,
    oracle,
    worker,
    workerAt: (sourceUrl) => makeWorker({}, { ...environment, SOURCE_URL: sourceUrl }),
    run,
    runOne: async (mode, input) => (await run(mode, input)).entities[0] as EntitySummary,
    mirror: async (table, columns = '*') => {
      const { rows } = await store.pool.query<{ row: string }>(
        `SELECT row(m.*)::text AS row FROM (SELECT ${columns} FROM ${table} WHERE sync_deleted_at IS NULL ORDER BY 1) AS m`,
      );
      return rows.map(({ row }) => row);
    },
    close: async () => {
      const opens = opened.flatMap(({ sources, targets }) => [
        ...Object.values(sources),
        ...Object.values(targets),
      ]);
      await Promise.all(opens.map((one) => one.close()));
      await oracle?.stop();
      await Promise.all([store.close(), source.end()]);
      await Promise.all([storeDatabase.drop(), sourceDatabase.drop()]);
    },
  };
}

/** Of sources that are written back to. */
function targetsOf(config: SyncConfig): ActivityDeps['targets'] {
  const written = Object.values(config.pipelines).filter(({ entities }) =>
    Object.values(entities).some(({ upload }) => upload?.writeBack.to === 'source'),
  );
  return Object.fromEntries(
    written.map(({ source }) => [
      source,
      openWriteTarget(config.sources[source] as SourceSettings, { applicationName: 'syncline/test' }),
    ]),
  );
}

const PASSWORD = 'tiger';
const POSTGRES = { kind: 'postgres', url: env('SOURCE_URL') };
const ORACLE = {
  kind: 'oracle',
  connectString: env('SOURCE_URL'),
  user: 'ERP',
  password: env('SOURCE_PASSWORD'),
  timeZone: 'UTC',
};

async function simulate(postgresUrl: string, statements: readonly string[]): Promise<OracleSimulator> {
  const simulator = await startOracleSimulator({ postgresUrl, users: [{ name: 'ERP', password: PASSWORD }] });
  for (const statement of statements) await simulator.sql('ERP', statement);
  return simulator;
}

function configOf({ entities, secondEntities, source, gateway }: KitConfig): SyncConfigInput {
  // No slack: tests do not wait ten seconds for a mark to pass a row.
  const erp = { slackMs: 0, ...source } as unknown as SyncConfigInput['sources'][string];
  return {
    store: { url: env('DATABASE_URL') as never },
    ...(gateway && { gateway }),
    sources: { erp, ...(secondEntities && { erp2: erp }) },
    pipelines: {
      p: { source: 'erp', entities },
      ...(secondEntities && { q: { source: 'erp2', entities: secondEntities } }),
    },
  };
}

export function contextOf(signal: AbortSignal = new AbortController().signal): ActivityContext {
  return { signal, heartbeat: () => undefined };
}

/** What the workflow does, without its retries: an entity's error ends the entity. */
export async function drive(deps: ActivityDeps, run: SyncPipelineInput): Promise<RunSummary> {
  const opened = await open(deps, run);
  for (const entity of opened.entities) {
    await driveEntity(
      deps,
      { ...opened.ref, entity: entity.entity },
      { run, mode: entity.mode, lanes: entity.lanes },
    );
  }
  return closeRun(deps, { ref: opened.ref, cancelled: false });
}

export async function open(deps: ActivityDeps, run: SyncPipelineInput): Promise<Opened> {
  const result = await openRun(
    deps,
    { run, workflowId: `sync/${run.pipeline}/${run.mode}`, workflowRunId: randomUUID(), trigger: 'test' },
    contextOf(),
  );
  if (result.outcome !== 'opened') throw new Error(`The run yielded to ${result.holder}`);
  return result;
}

export type EntityJob = { readonly run: SyncPipelineInput; readonly mode: RunMode; readonly lanes: number };

export async function driveEntity(
  deps: ActivityDeps,
  ref: EntityRef,
  job: EntityJob,
): Promise<EntitySummary> {
  let error: FailureNote | undefined;
  try {
    await copyEntity(deps, ref, job);
  } catch (problem) {
    if (!isSyncError(problem)) throw problem;
    error = { code: problem.code, message: problem.message };
  }
  return finishEntity(deps, { ref, run: job.run, ...(error && { error }) }, contextOf());
}

async function copyEntity(
  deps: ActivityDeps,
  ref: EntityRef,
  { run, mode, lanes }: EntityJob,
): Promise<void> {
  const prepared = await prepareEntity(deps, { ref, mode, run }, contextOf());
  if (prepared.action === 'skip') return;
  if (prepared.mode === 'full') {
    await planChunks(deps, { ref, run }, contextOf());
    await Promise.all(Array.from({ length: lanes }, (_, lane) => copyLane(deps, ref, lane)));
    await applyDeletes(deps, { ref, run }, contextOf());
  }
  while (!(await copyChanges(deps, { ref, timeBoxMs: 60_000 }, contextOf())).done);
}

export async function copyLane(deps: ActivityDeps, ref: EntityRef, lane = 0): Promise<void> {
  while (!(await copyChunks(deps, { ref, lane, timeBoxMs: 60_000 }, contextOf())).done);
}
