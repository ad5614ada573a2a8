/** Where the workflow of an upload runs. */
import type { SyncConfig } from '../config.ts';

/** The queue of the first entity's pipeline, or the configuration's own where nothing takes the upload. */
export function queueOfEntities(config: SyncConfig, entities: readonly string[]): string {
  const pipelines = Object.values(config.pipelines);
  const found = pipelines.find((pipeline) => entities.some((entity) => pipeline.entities[entity]?.upload));
  return found?.taskQueue ?? pipelines[0]?.taskQueue ?? config.temporal.taskQueue;
}
