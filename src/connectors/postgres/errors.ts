/** What an error of the source's driver or server means, as a SyncError without row values. */
import { type ErrorCode, SyncError } from '../../domain/errors.ts';
import { classifyPgError, describePgError } from '../../pg/errors.ts';

type Meaning = { readonly code: ErrorCode; readonly remedy?: string; readonly scope?: 'source' | 'entity' };

export function sourceError(source: string, error: unknown): Error {
  if (error instanceof SyncError || isAbort(error)) return error;
  const { code, remedy, scope } = meaningOf(error);
  return new SyncError(code, {
    message: `Source ${source}: ${describePgError(error)}`,
    cause: error,
    ...(remedy !== undefined && { remedy }),
    ...(scope !== undefined && { details: { scope } }),
  });
}

function isAbort(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CancelledFailure');
}

function meaningOf(error: unknown): Meaning {
  const { code, message } = error as { code?: string; message?: string };
  if (message?.startsWith('timeout exceeded when trying to connect')) return { code: 'SOURCE_BUSY' };
  if (code === '42501') return refused(message ?? '');
  if (code === '42703' || code === '42P01') {
    return {
      code: 'SOURCE_QUERY',
      scope: 'entity',
      remedy:
        'Correct the name in `read`, `key`, `changedAt` or `columns`; `syncline plan` shows what the source has.',
    };
  }
  switch (classifyPgError(error)) {
    case 'auth':
      return { code: 'SOURCE_AUTH', scope: 'source' };
    // A conflict with recovery on a replica, a cancel by an operator, memory or connections used up: later it may work.
    case 'connection':
    case 'contention':
    case 'cancelled':
    case 'resources':
      return { code: 'SOURCE_UNAVAILABLE' };
    default:
      if (code?.startsWith('58')) return { code: 'SOURCE_UNAVAILABLE' };
      // Syntax, names, types, features: refused before the first row. All else is met at a row.
      return { code: 'SOURCE_QUERY', ...(/^(42|0A)/.test(code ?? '') && { scope: 'entity' as const }) };
  }
}

/** C5: sessions read with row_security = off, so a policy that hides rows shows as this error. */
function refused(message: string): Meaning {
  const hidden = /row-level security policy for table "(.*)"/.exec(message);
  if (hidden === null)
    return { code: 'SOURCE_AUTH', remedy: 'Grant the source’s login SELECT on what the entity reads.' };
  return {
    code: 'SOURCE_AUTH',
    remedy:
      `A row-level security policy would hide rows of ${hidden[1]}, and hidden rows look deleted. ` +
      'Give the source’s login BYPASSRLS, or read a view whose owner sees every row.',
  };
}
