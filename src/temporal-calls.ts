/** Calls of Temporal, whose errors are given their codes. */
import {
  type Client,
  isGrpcDeadlineError,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { SyncError } from './domain/errors.ts';
import { redact } from './domain/redact.ts';
import { failureNote } from './workflows/failure-note.ts';

/** UNAVAILABLE, and what a server says that is overloaded or in the middle of a move: RESOURCE_EXHAUSTED, ABORTED, INTERNAL. */
const PASSING: readonly number[] = [14, 8, 10, 13];
const GRPC_NOT_FOUND = 5;
/** PERMISSION_DENIED, UNAUTHENTICATED. */
const REFUSED: readonly number[] = [7, 16];
const GRPC_INVALID_ARGUMENT = 3;

/** Gives the errors of a call to Temporal their codes. */
export async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toSyncError(error);
  }
}

function toSyncError(error: unknown): unknown {
  if (error instanceof SyncError) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new SyncError('RUN_NOT_FOUND', { message: `No run is under way: ${error.message}`, cause: error });
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const { code, message, remedy } = failureNote(error.cause);
    return new SyncError(code, { message, ...(remedy !== undefined && { remedy }), cause: error });
  }
  if (isGrpcDeadlineError(error) || PASSING.includes(grpcCode(error) ?? 0)) return unavailable(error, '');
  if (grpcCode(error) === GRPC_NOT_FOUND && /namespace/i.test(grpcDetails(error))) {
    return new SyncError('CONFIG_INVALID', {
      message: `Temporal: ${redact(grpcDetails(error))}`,
      remedy: 'Correct temporal.namespace, or create it: `temporal operator namespace create`.',
      cause: error,
    });
  }
  if (REFUSED.includes(grpcCode(error) ?? 0)) {
    return new SyncError('TEMPORAL_UNAVAILABLE', {
      message: `The Temporal server refuses us: ${redact(grpcDetails(error))}`,
      remedy: 'Correct temporal.apiKey and temporal.namespace, or what the key may do.',
      cause: error,
    });
  }
  if (grpcCode(error) === GRPC_INVALID_ARGUMENT && /search attribute/i.test(grpcDetails(error))) {
    return new SyncError('STORE_NOT_READY', {
      message: 'The Temporal namespace lacks our search attributes',
      remedy: 'Run `syncline init`: it registers them.',
      cause: error,
    });
  }
  return error;
}

/** Whether the server answers at all. @throws TEMPORAL_UNAVAILABLE */
export async function pingTemporal(client: Client, timeoutMs: number): Promise<void> {
  await reach(() =>
    client.withDeadline(Date.now() + timeoutMs, () => client.workflowService.getSystemInfo({})),
  );
}

export function unavailable(error: unknown, where: string): SyncError {
  const reason = error instanceof Error ? redact(error.message) : 'unknown';
  return new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `The Temporal server${where} does not answer: ${reason}`,
    cause: error,
  });
}

/** The SDK wraps some errors of gRPC in its own. */
function grpcError(error: unknown): { code?: number; details?: string } | null {
  for (let at = error; at instanceof Error; at = at.cause) if (isGrpcServiceError(at)) return at;
  return null;
}

export function grpcCode(error: unknown): number | null {
  return grpcError(error)?.code ?? null;
}

function grpcDetails(error: unknown): string {
  return grpcError(error)?.details ?? '';
}
