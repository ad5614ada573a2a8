/** Entry of the workflow bundle: every function exported here is a workflow type. */
export { syncEntity } from './sync-entity.ts';
export { syncPipeline } from './sync-pipeline.ts';
