/** A worker's process: wires store, sources and activities, polls Temporal until it is told to stop. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import {
  type ActivityInterceptors,
  Runtime,
  type WorkerOptions as TemporalWorkerOptions,
  Worker,
} from '@temporalio/worker';
import { createActivities } from './activities/create-activities.ts';
import type { ActivityDeps } from './activities/deps.ts';
import { ensureCleanUps } from './clean-up-schedule.ts';
import type { Source } from './connectors/contract.ts';
import { openSource, openWriteTarget } from './connectors/registry.ts';
import type { WriteTarget } from './connectors/write-contract.ts';
import type { SyncConfig } from './domain/config.ts';
import { SyncError } from './domain/errors.ts';
import { createLogger, type Logger, temporalLogger } from './logging.ts';
import { type Notifier, openNotifier } from './notify/notifier.ts';
import { querySidesCodec, sidesOfConflict } from './query-sides.ts';
import { assertStoreReady } from './store/migrate.ts';
import { openStore } from './store/open.ts';
import { ensureSweeps } from './sweep-schedule.ts';
import { uploadWorkflows } from './upload-workflows.ts';
import { connectWorker, ensureSearchAttributes, isWorkflowOpen } from './worker-connection.ts';

export type WorkerOptions = {
  readonly config: SyncConfig;
  /** Poll the task queues of these pipelines only. */
  readonly pipelines?: readonly string[];
  readonly taskQueues?: readonly string[];
  /** Workflow code that was bundled before; else the package's own bundle, else it is bundled at the start. */
  readonly workflowBundlePath?: string;
  /** Where Prometheus metrics are served: `127.0.0.1:9464`. The first worker of a process decides. */
  readonly metricsAddress?: string;
  readonly logger?: Logger;
};

export type RunningWorker = {
  readonly taskQueues: readonly string[];
  /** Settles when the worker has stopped: by SIGINT, SIGTERM, `stop`, or an error that it cannot live with. */
  readonly done: Promise<void>;
  /** What is under way gets a few seconds, then goes back to Temporal. */
  stop(): Promise<void>;
};

/** A lane ends at the next piece; what it has not loaded, another worker reads again. */
const SHUTDOWN_GRACE = '5 seconds';
const SHUTDOWN_FORCE = '30 seconds';
/** A workflow task that a dead worker had cached goes to another one after so long. */
const STICKY_TIMEOUT = '2 seconds';
/**
 * Thousands of conflicts wait for weeks, and each that is cached holds most of a megabyte: the SDK's own number, which
 * follows the heap, let a worker grow to 2.4 GB. One that was dropped is replayed when somebody speaks to it.
 */
const CACHED_WORKFLOWS = 200;
/**
 * Open polls, for workflow tasks and for activities. A machine that hangs keeps its polls open; each of them swallows
 * one task, which stands still until its time-out. With the SDK's ten, a run could stand still for more than a minute.
 */
const POLLS = { type: 'simple-maximum', maximum: 2 } as const;
/** So soon an activity learns that it was cancelled. */
const HEARTBEAT_EVERY = '2 seconds';

/** @returns once it polls. @throws TEMPORAL_UNAVAILABLE, STORE_UNAVAILABLE, STORE_NOT_READY, CONFIG_UNKNOWN */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config } = options;
  const taskQueues = taskQueuesOf(options);
  const logger = options.logger ?? createLogger();
  installRuntime(logger, options.metricsAddress);
  const toClose: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of toClose.splice(0).reverse()) {
      await close().catch((error: unknown) => logger.warn({ err: error }, 'could not be closed'));
    }
  };
  try {
    const store = await openStore({ ...config.store, applicationName: 'syncline/worker' });
    toClose.push(() => store.close());
    await assertStoreReady(store);
    const connection = await connectWorker(config);
    toClose.push(() => connection.close());
    await ensureSearchAttributes(connection, config, logger);
    const sources = openSources(config);
    toClose.push(() => Promise.all(Object.values(sources).map((source) => source.close())));
    const targets = openTargets(config);
    toClose.push(() => Promise.all(Object.values(targets).map((target) => target.close())));
    const notifier = openNotifications(config, logger);
    toClose.push(async () => notifier?.close());
    const { namespace } = config.temporal;
    const client = new Client({ connection, namespace });
    const workerId = `${hostname()}/${process.pid}/${randomBytes(3).toString('hex')}`;
    const deps: ActivityDeps = {
      config,
      store,
      sources,
      targets,
      logger,
      workerId,
      isWorkflowOpen: (workflowId, runId) => isWorkflowOpen(connection, { namespace, workflowId, runId }),
      workflows: uploadWorkflows(client),
      notifier,
    };
    const codec = querySidesCodec(sidesOfConflict(store, config), logger);
    const common = {
      ...workerSettings(options),
      dataConverter: { payloadCodecs: [codec] },
      ...{ connection, namespace, identity: workerId },
    };
    const activities = createActivities(deps);
    const workers = await Promise.all(
      taskQueues.map((taskQueue) => Worker.create({ ...common, taskQueue, activities })),
    );
    await ensureSweeps(client, { taskQueues, logger });
    await ensureCleanUps(client, { taskQueues, gateway: config.gateway, logger });
    const running = Promise.all(workers.map((worker) => runWorker(worker, workers)));
    logger.info({ taskQueues, workerId, pipelines: Object.keys(config.pipelines) }, 'worker polls');
    const done = running.then(() => undefined).finally(closeAll);
    // Whoever waits for `done` hears of an error; nobody has to.
    done.catch((error: unknown) => logger.error({ err: error }, 'worker ended with an error'));
    return {
      taskQueues,
      done,
      stop: async () => {
        for (const worker of workers) shutDown(worker);
        await done;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function taskQueuesOf({ config, pipelines, taskQueues }: WorkerOptions): string[] {
  const specs = (pipelines ?? Object.keys(config.pipelines)).map((name) => {
    const spec = config.pipelines[name];
    if (spec !== undefined) return spec;
    throw new SyncError('CONFIG_UNKNOWN', {
      message: `There is no pipeline "${name}" in the configuration; it has ${Object.keys(config.pipelines).join(', ') || 'none'}`,
    });
  });
  const ofPipelines = specs.map((spec) => spec.taskQueue);
  const wanted = taskQueues ?? (ofPipelines.length > 0 ? ofPipelines : [config.temporal.taskQueue]);
  return [...new Set(wanted)];
}

function workerSettings(options: WorkerOptions): Omit<TemporalWorkerOptions, 'taskQueue'> {
  return {
    ...workflowCode(options.workflowBundlePath),
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    maxHeartbeatThrottleInterval: HEARTBEAT_EVERY,
    workflowTaskPollerBehavior: POLLS,
    activityTaskPollerBehavior: POLLS,
    interceptors: { activity: [correlate] },
  };
}

function workflowCode(
  given: string | undefined,
): Pick<TemporalWorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const shipped = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
  const codePath = given ?? (existsSync(shipped) ? shipped : null);
  if (codePath !== null) return { workflowBundle: { codePath } };
  const entry = import.meta.url.endsWith('.ts') ? './workflows/index.ts' : './workflows/index.js';
  return { workflowsPath: fileURLToPath(new URL(entry, import.meta.url)) };
}

/** The run's id in what an activity logs, its input says which. */
function correlate(): ActivityInterceptors {
  let correlationId: string | undefined;
  return {
    inbound: {
      execute: (input, next) => {
        const [first] = input.args as [CorrelatedInput?];
        correlationId = first?.ref?.runId ?? first?.runId ?? first?.workflowRunId;
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) =>
        next(correlationId === undefined ? attributes : { ...attributes, correlationId }),
    },
  };
}

type CorrelatedInput = { ref?: { runId?: string }; runId?: string; workflowRunId?: string };

let runtimeIsInstalled = false;

/** One for the process, as it holds the threads below the SDK; it shuts workers down on SIGINT and SIGTERM. */
function installRuntime(logger: Logger, metricsAddress: string | undefined): void {
  if (runtimeIsInstalled) return;
  runtimeIsInstalled = true;
  Runtime.install({
    logger: temporalLogger(logger),
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} },
      ...(metricsAddress !== undefined && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

/** Those of sources that some entity is written back to. No connection is opened yet. */
function openTargets(config: SyncConfig): Record<string, WriteTarget> {
  const written = new Set(
    Object.values(config.pipelines).flatMap(({ source, entities }) =>
      Object.values(entities).some(({ upload }) => upload?.writeBack.to === 'source') ? [source] : [],
    ),
  );
  const sources = Object.values(config.sources).filter(({ name }) => written.has(name));
  return Object.fromEntries(
    sources.map((settings) => [
      settings.name,
      openWriteTarget(settings, { applicationName: 'syncline/write-back' }),
    ]),
  );
}

function openSources(config: SyncConfig): Record<string, Source> {
  return Object.fromEntries(
    Object.entries(config.sources).map(([name, settings]) => [
      name,
      openSource(settings, { applicationName: 'syncline/worker' }),
    ]),
  );
}

/** null: nobody is to be told of anything. */
function openNotifications({ notifications }: SyncConfig, logger: Logger): Notifier | null {
  const isNone = Object.values(notifications).every((channel) => channel === null);
  return isNone ? null : openNotifier(notifications, logger);
}

/** One that ends by an error takes the others with it, so that whoever watches the process starts a new one. */
async function runWorker(worker: Worker, all: readonly Worker[]): Promise<void> {
  try {
    await worker.run();
  } finally {
    for (const other of all) shutDown(other);
  }
}

function shutDown(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown();
}
