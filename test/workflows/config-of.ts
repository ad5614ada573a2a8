import type { ScheduleSpec, SyncConfig } from '../../src/domain/config.ts';

/** A configuration of one pipeline without entities, on a task queue of its own. */
export function configOf(at: {
  address: string;
  namespace: string;
  pipeline: string;
  schedule: { incremental?: ScheduleSpec; full?: ScheduleSpec };
}): SyncConfig {
  const taskQueue = `queue-${at.pipeline}`;
  return {
    path: 'syncline.config.ts',
    store: { url: 'postgres://nowhere', poolMax: 2 },
    temporal: { address: at.address, namespace: at.namespace, taskQueue },
    notifications: { webhook: null, slack: null, smtp: null },
    gateway: null,
    sources: {},
    pipelines: {
      [at.pipeline]: {
        pipeline: at.pipeline,
        source: 'erp',
        taskQueue,
        parallelEntities: 2,
        schedule: at.schedule,
        entities: {},
        revision: null,
        hash: 'hash',
      },
    },
  };
}
