/** The ETag of a conflict: its round, which is what a decision counts for (C17). What is said about it changes nothing. */
import { SyncError } from '../../domain/errors.ts';
import type { ConflictRow } from '../../store/conflicts.ts';

type Tagged = Pick<ConflictRow, 'id' | 'round' | 'state'>;

export function conflictTag({ id, round, state }: Tagged): string {
  return `"${id}.${round}.${state}"`;
}

/** @param ifMatch the header; `*` and none fit every round. @throws SyncError PRECONDITION_FAILED */
export function checkMatch(ifMatch: string | undefined, conflict: Tagged): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.includes(conflictTag(conflict))) return;
  throw new SyncError('PRECONDITION_FAILED', {
    message: `Conflict ${conflict.id} is ${conflict.state}, in round ${conflict.round}: not as you saw it`,
    details: { round: conflict.round, state: conflict.state },
  });
}
