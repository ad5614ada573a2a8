/** Entry of the workflow bundle: every function exported here is a workflow type. */
export { cleanUp } from './clean-up.ts';
export { processUpload } from './process-upload.ts';
export { refreshRecord } from './refresh-record.ts';
export { resolveConflict } from './resolve-conflict.ts';
export { sweep } from './sweep.ts';
export { syncEntity } from './sync-entity.ts';
export { syncPipeline } from './sync-pipeline.ts';
export { testSource } from './test-source.ts';
