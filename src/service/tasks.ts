/** Closing what people were asked to do. */
import { SyncError } from '../domain/errors.ts';
import type { Store } from '../store/open.ts';
import { closeTask as closeInStore, readTask, type Task } from '../store/tasks.ts';

/** @throws SyncError CONFIG_UNKNOWN: there is none, it is closed already, or a conflict's decision closes it. */
export async function closeTask(
  { pool: db }: Pick<Store, 'pool'>,
  done: { readonly id: string; readonly by: string },
): Promise<void> {
  if (!(await closeInStore(db, done))) throw whyNot(done.id, await readTask(db, done.id));
}

function whyNot(id: string, task: Task | null): SyncError {
  if (task === null)
    return refused(`There is no task ${id}`, '`syncline tasks list` shows those that are open.');
  if (task.state === 'closed')
    return refused(`Task ${id} is closed already, by ${task.closedBy}`, 'Nothing is left to do.');
  return refused(
    `Task ${id} is closed by deciding conflict ${task.conflictId}`,
    `\`syncline conflicts show ${task.conflictId}\` shows what is to be decided.`,
  );
}

function refused(message: string, remedy: string): SyncError {
  return new SyncError('CONFIG_UNKNOWN', { message, remedy });
}
