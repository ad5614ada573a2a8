/** An upload, staged and worked on, until every mutation has its verdict. */
import type { SyncConfig } from '../domain/config.ts';
import { isSyncError, SyncError } from '../domain/errors.ts';
import { sendHlc } from '../domain/upload/hlc.ts';
import { readMutation } from '../domain/upload/wire.ts';
import { uploadWorkflowId } from '../domain/upload/workflow-ids.ts';
import { clockNode } from '../store/clock-node.ts';
import { type MutationVerdict, type NewUpload, readVerdicts, stageUpload } from '../store/uploads.ts';
import { queueOf, runUpload } from '../upload-client.ts';
import type { ServiceContext } from './context.ts';
import { idleQueues, idleText } from './temporal-view.ts';

export type SentUpload = Omit<NewUpload, 'receivedHlc' | 'workflowId'>;

/** Keeps it, or finds that it is known. @throws SyncError UPLOAD_CONFLICT, DEVICE_REVOKED */
export async function keepUpload(
  { store }: Pick<ServiceContext, 'store'>,
  sent: SentUpload,
): Promise<'staged' | 'known'> {
  return stageUpload(store, {
    ...sent,
    receivedHlc: sendHlc({ last: null, nowMs: Date.now(), node: await clockNode(store.pool) }),
    workflowId: uploadWorkflowId(sent.device, sent.key),
  });
}

/** Where the workflow of these mutations runs. */
export function queueOfMutations(config: SyncConfig, mutations: readonly unknown[]): string {
  const entities = mutations.flatMap((mutation) => {
    const read = readMutation(mutation);
    return read.kind === 'read' ? [read.mutation.entity] : [];
  });
  return queueOf(config, [...new Set(entities)]);
}

type Kept = Pick<SentUpload, 'device' | 'key'> & { readonly taskQueue: string };

/**
 * Has a kept upload worked on, once, whoever else asks for it too. Whoever stops waiting stops nothing.
 * @returns verdicts in the order of the mutations.
 * @throws SyncError TEMPORAL_UNAVAILABLE, and what the upload's workflow failed with.
 */
export async function verdictsOf(
  { store, client }: Pick<ServiceContext, 'store' | 'client'>,
  kept: Kept,
): Promise<MutationVerdict[]> {
  await runUpload(client, kept);
  return readVerdicts(store.pool, kept);
}

/**
 * The same, for somebody who cannot wait for long.
 * @throws SyncError UPLOAD_PENDING: not every mutation has a verdict yet; it is worked on, or will be, by itself.
 */
export async function verdictsWithin(
  context: Pick<ServiceContext, 'store' | 'client'>,
  { waitMs, ...kept }: Kept & { readonly waitMs: number },
): Promise<MutationVerdict[]> {
  const { client } = context;
  try {
    return await client.withDeadline(Date.now() + waitMs, () => verdictsOf(context, kept));
  } catch (error) {
    // Whatever it is, the upload is kept: the sweep finds it when nobody else does (C10).
    if (!isSyncError(error)) throw error;
    throw new SyncError('UPLOAD_PENDING', {
      message: `The changes are kept, and not decided yet: ${whyPending(error)}`,
      cause: error,
    });
  }
}

function whyPending({ code }: SyncError): string {
  return code === 'TEMPORAL_UNAVAILABLE' ? 'nobody got to it in time' : code;
}

/**
 * Keeps an upload where somebody is there to work on it, and waits for its verdicts, in the order of the mutations.
 * @throws SyncError TEMPORAL_UNAVAILABLE, also where no worker is there: nothing is kept then.
 */
export async function sendUpload(context: ServiceContext, sent: SentUpload): Promise<MutationVerdict[]> {
  const { device, key, mutations } = sent;
  const taskQueue = queueOfMutations(context.config, mutations);
  if ((await idleQueues(context.client, [taskQueue])).length > 0) {
    throw new SyncError('TEMPORAL_UNAVAILABLE', {
      message: `Nobody is there to apply it. ${idleText([taskQueue])}`,
      remedy: 'Start `syncline worker`, then say it again: nothing was sent.',
    });
  }
  await keepUpload(context, sent);
  return verdictsOf(context, { device, key, taskQueue });
}
