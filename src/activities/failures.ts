/**
 * An activity's error as Temporal keeps it: the code is the failure's type, so that workflows, clients and the Web UI
 * compare codes. Failures stay in workflow history, so messages and stacks lose secrets, and unknown ones whatever
 * could be a row's value.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, TemporalFailure } from '@temporalio/common';
import { type ErrorCode, isSyncError, SyncError } from '../domain/errors.ts';
import { redact } from '../domain/redact.ts';
import { storeError } from '../store/migrate.ts';

/** Waiting, not failing: no error in logs and metrics. */
const BENIGN: ReadonlySet<ErrorCode> = new Set([
  'LEASE_HELD',
  'SOURCE_CIRCUIT_OPEN',
  'SOURCE_BUSY',
  'FENCED',
  'CONFIG_CHANGED',
]);
/** A defect comes again at every attempt: about two and a half minutes, then its entity fails and the others go on. */
const MAX_INTERNAL_ATTEMPTS = 10;
/** By a time-out of ours, or by somebody at the database: either way the same statement may succeed later. */
const STATEMENT_CANCELLED = '57014';
const MAX_MESSAGE_CHARS = 1_000;

/**
 * Details are `[{remedy, …details of the error}]`; `retryAfterMs` among them becomes the delay of the next attempt.
 * Failures of Temporal's own pass as they are.
 */
export function toApplicationFailure(error: unknown, attempt = attemptNow()): TemporalFailure {
  if (error instanceof TemporalFailure) return error;
  const known = toSyncError(error);
  const { retryAfterMs } = known.details;
  const isDefect = known.code === 'INTERNAL';
  const failure = ApplicationFailure.create({
    type: known.code,
    message: clean(known.message),
    nonRetryable: !known.retryable || (isDefect && attempt >= MAX_INTERNAL_ATTEMPTS),
    details: [cleanDeep({ remedy: known.remedy, ...known.details })],
    ...(typeof retryAfterMs === 'number' && { nextRetryDelay: Math.max(1, Math.round(retryAfterMs)) }),
    ...(BENIGN.has(known.code) && { category: ApplicationFailureCategory.BENIGN }),
  });
  // The cause is left out: its message is not ours to vouch for. Where it came from may be told.
  failure.stack = [`${known.code}: ${clean(known.message)}`, ...framesOf(error)].join('\n');
  return failure;
}

/**
 * Any error as one of ours; what is not known is INTERNAL, without whatever could be a row's value. Sources raise
 * SyncErrors only, so what PostgreSQL says here, the store said.
 */
export function toSyncError(error: unknown): SyncError {
  const known = storeError(error);
  if (isSyncError(known)) return known;
  const code = (error as { code?: unknown } | null)?.code;
  if (code === STATEMENT_CANCELLED) {
    return new SyncError('STORE_UNAVAILABLE', {
      message: `The store: statement cancelled (${code})`,
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  const tagged = typeof code === 'string' ? `${withoutValues(message)} (${code})` : withoutValues(message);
  return new SyncError('INTERNAL', { message: tagged, cause: error });
}

/** Whatever stands in quotes may be a value: of a row, of a JSON text, of a user's function. */
function withoutValues(message: string): string {
  return message.replace(/"(?:[^"\\]|\\.)*"/g, '"…"').replace(/'(?:[^'\\]|\\.)*'/g, "'…'");
}

function clean(text: string): string {
  const bare = redact(text);
  return bare.length <= MAX_MESSAGE_CHARS ? bare : `${bare.slice(0, MAX_MESSAGE_CHARS)}…`;
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cleanDeep(part)]));
}

function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}

function attemptNow(): number {
  try {
    return Context.current().info.attempt;
  } catch {
    // Called as a plain function, as tests do.
    return 1;
  }
}
