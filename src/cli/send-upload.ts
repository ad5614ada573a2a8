/** An upload from the command line: staged, worked on, its verdicts read. */
import type { Client } from '../client.ts';
import type { SyncConfig } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import { sendHlc } from '../domain/upload/hlc.ts';
import { readMutation } from '../domain/upload/wire.ts';
import { uploadWorkflowId } from '../domain/upload/workflow-ids.ts';
import { idleQueues, idleText } from '../service/temporal-view.ts';
import { clockNode } from '../store/clock-node.ts';
import { type MutationVerdict, type NewUpload, readVerdicts, stageUpload } from '../store/uploads.ts';
import { queueOf, runUpload } from '../upload-client.ts';
import type { CommandContext } from './context.ts';

type Sent = Omit<NewUpload, 'receivedHlc' | 'workflowId'>;

/**
 * Waits until every mutation has a verdict; whoever stops waiting stops nothing.
 * @returns verdicts in the order of the mutations.
 * @throws SyncError TEMPORAL_UNAVAILABLE, also where no worker is there: nothing is staged then.
 */
export async function sendUpload(context: CommandContext, sent: Sent): Promise<MutationVerdict[]> {
  const [store, client] = [await context.store(), await context.temporal()];
  const { device, key } = sent;
  const taskQueue = await queueWithWorkers(context.config, client, sent.mutations);
  await stageUpload(store, {
    ...sent,
    receivedHlc: sendHlc({ last: null, nowMs: Date.now(), node: await clockNode(store.pool) }),
    workflowId: uploadWorkflowId(device, key),
  });
  await runUpload(client, { device, key, taskQueue });
  return readVerdicts(store.pool, { device, key });
}

async function queueWithWorkers(
  config: SyncConfig,
  client: Client,
  mutations: readonly unknown[],
): Promise<string> {
  const entities = mutations.flatMap((mutation) => {
    const read = readMutation(mutation);
    return read.kind === 'read' ? [read.mutation.entity] : [];
  });
  const taskQueue = queueOf(config, [...new Set(entities)]);
  if ((await idleQueues(client, [taskQueue])).length === 0) return taskQueue;
  throw new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `Nobody is there to apply it. ${idleText([taskQueue])}`,
    remedy: 'Start `syncline worker`, then say it again: nothing was sent.',
  });
}
