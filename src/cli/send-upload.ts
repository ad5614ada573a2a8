/** An upload from the command line: refused where nobody would work on it, else waited for. */
import { SyncError } from '../domain/errors.ts';
import { keepUpload, queueOfMutations, type SentUpload, verdictsOf } from '../service/send-upload.ts';
import { idleQueues, idleText } from '../service/temporal-view.ts';
import type { MutationVerdict } from '../store/uploads.ts';
import type { CommandContext } from './context.ts';

/**
 * Waits until every mutation has a verdict; whoever stops waiting stops nothing.
 * @returns verdicts in the order of the mutations.
 * @throws SyncError TEMPORAL_UNAVAILABLE, also where no worker is there: nothing is staged then.
 */
export async function sendUpload(context: CommandContext, sent: SentUpload): Promise<MutationVerdict[]> {
  const [store, client] = [await context.store(), await context.temporal()];
  const { device, key, mutations } = sent;
  const taskQueue = queueOfMutations(context.config, mutations);
  if ((await idleQueues(client, [taskQueue])).length > 0) {
    throw new SyncError('TEMPORAL_UNAVAILABLE', {
      message: `Nobody is there to apply it. ${idleText([taskQueue])}`,
      remedy: 'Start `syncline worker`, then say it again: nothing was sent.',
    });
  }
  await keepUpload({ store }, sent);
  return verdictsOf({ store, client }, { device, key, taskQueue });
}
