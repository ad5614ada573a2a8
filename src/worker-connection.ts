/** A worker's own connection to Temporal, and what it asks there. */
import { NativeConnection } from '@temporalio/worker';
import type { SyncConfig } from './domain/config.ts';
import { SyncError } from './domain/errors.ts';
import { redact } from './domain/redact.ts';
import { searchAttributes } from './domain/search-attributes.ts';
import type { Logger } from './logging.ts';

/** Of temporal.api.enums.v1.WorkflowExecutionStatus. */
const RUNNING = 1;
/** Of temporal.api.enums.v1.IndexedValueType. */
const KEYWORD = 2;
const GRPC_NOT_FOUND = 5;

/** @throws TEMPORAL_UNAVAILABLE */
export async function connectWorker({ temporal }: SyncConfig): Promise<NativeConnection> {
  const { address, apiKey, tls } = temporal;
  try {
    return await NativeConnection.connect({
      address,
      ...(tls !== undefined && { tls }),
      ...(apiKey !== undefined && { apiKey }),
    });
  } catch (error) {
    throw temporalError(error, ` at ${address}`);
  }
}

function temporalError(error: unknown, where: string): SyncError {
  return new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `The Temporal server${where} does not answer: ${error instanceof Error ? redact(error.message) : 'unknown'}`,
    cause: error,
  });
}

/** Without them every workflow task fails. A server that does not let us register them may have them all the same. */
export async function ensureSearchAttributes(
  connection: NativeConnection,
  config: SyncConfig,
  logger: Logger,
): Promise<void> {
  const { namespace } = config.temporal;
  const { operatorService } = connection;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(searchAttributes).filter((name) => !(name in (customAttributes ?? {})));
    if (missing.length === 0) return;
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
    logger.info({ namespace, missing }, 'registered search attributes');
  } catch (error) {
    logger.warn(
      { err: error, namespace },
      'search attributes could not be registered; `syncline init` does it',
    );
  }
}

/** Is the run at work, in this execution of its workflow or in one that goes on from it? */
export async function isWorkflowOpen(
  connection: NativeConnection,
  run: { namespace: string; workflowId: string; runId: string },
): Promise<boolean> {
  const { namespace, workflowId, runId } = run;
  try {
    const { workflowExecutionInfo: newest } = await connection.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId },
    });
    const belongs = newest?.firstRunId === runId || newest?.execution?.runId === runId;
    return belongs && newest?.status === RUNNING;
  } catch (error) {
    if ((error as { code?: unknown }).code === GRPC_NOT_FOUND) return false;
    throw temporalError(error, '');
  }
}
