/** What all of write-back shares: the source, its limits, and how a transaction ends or is not heard of. */
import type oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import { isDeferredViolation } from './error-table.ts';
import type { OracleSource } from './session.ts';
import { CommitUnheard, type WriteSessionOptions } from './write-back-session.ts';

export type Target = { readonly source: OracleSource; readonly callTimeoutMs: number };

/** Pauses before a lost session's work is done again on a new one. */
export const RECONNECT_MS = [100, 500, 2_000];

export function within({ callTimeoutMs }: Target, signal: AbortSignal): WriteSessionOptions {
  return { signal, callTimeoutMs };
}

/** @throws CommitUnheard for every failure but a violated constraint: a COMMIT that was broken off may be done. */
export async function commit(connection: oracledb.Connection): Promise<void> {
  try {
    await connection.commit();
  } catch (error) {
    if (isDeferredViolation(error)) throw error;
    throw new CommitUnheard(error);
  }
}

/** C12: the caller may repeat the work, with the same ledger keys. */
export function unknownOutcome({ source }: Target, cause: unknown): SyncError {
  return new SyncError('SOURCE_UNAVAILABLE', {
    message: `Source ${source.settings.name}: it is not known yet whether the last transaction took effect`,
    cause,
    details: { outcome: 'unknown', class: 'connection' },
    remedy:
      'Nothing is lost: the same mutations are sent again and the ledger decides, once the source answers.',
  });
}
