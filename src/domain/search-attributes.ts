/** The search attributes of our workflows in Temporal; all of them are Keywords. Workflow ids and these are never encrypted: no row values. */
export const searchAttributes = {
  pipeline: 'SynclinePipeline',
  mode: 'SynclineMode',
  status: 'SynclineStatus',
  source: 'SynclineSource',
  entity: 'SynclineEntity',
  runId: 'SynclineRunId',
} as const;
