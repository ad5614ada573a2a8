/** A worker with fake activities on a task queue of its own, and a client. */
import { randomBytes } from 'node:crypto';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import type { Activities } from '../../src/activities/contract.ts';
import { type Client, connectClient } from '../../src/client.ts';
import type { ScheduleSpec, SyncConfig } from '../../src/domain/config.ts';
import { configOf } from './config-of.ts';

// Failures that a test causes are no news.
Runtime.install({ logger: new DefaultLogger('ERROR') });

export type World = {
  readonly client: Client;
  readonly config: SyncConfig;
  /** A name that no other test uses. */
  readonly pipeline: string;
  readonly close: () => Promise<void>;
};

type WorldOptions = {
  /** Server and bundle: those that test files share, unless given. */
  readonly server?: { address: string; namespace: string };
  readonly bundle?: WorkflowBundleOption;
  /** So that a recorded history has stable names. */
  readonly pipeline?: string;
  readonly schedule?: { incremental?: ScheduleSpec; full?: ScheduleSpec };
};

export async function startWorld(activities: Activities, options: WorldOptions = {}): Promise<World> {
  // Loaded only when used: it works in vitest alone, and histories are recorded outside.
  const shared = () => import('../support/temporal.ts');
  const { address, namespace } = options.server ?? (await (await shared()).temporalServer());
  const pipeline = options.pipeline ?? `p-${randomBytes(5).toString('hex')}`;
  const config = configOf({ address, namespace, pipeline, schedule: options.schedule ?? {} });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: config.temporal.taskQueue,
    workflowBundle: options.bundle ?? (await (await shared()).workflowBundle()),
    activities,
    shutdownForceTime: '5 seconds',
    // What a worker that was replaced had cached goes to the next one after so long.
    stickyQueueScheduleToStartTimeout: '1 second',
    maxHeartbeatThrottleInterval: '200 milliseconds',
    // A defect in workflow code fails the test at once, instead of being tried again for ever.
    workflowFailureErrorTypes: { '*': ['Error'] },
  });
  const running = worker.run();
  const client = await connectClient(config);
  return {
    client,
    config,
    pipeline,
    close: async () => {
      worker.shutdown();
      await running;
      await connection.close();
      await client.connection.close();
    },
  };
}
