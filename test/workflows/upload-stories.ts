/** What happens to uploads and conflicts in the histories that replay.test.ts holds against the code. */
import type { Client } from '../../src/client.ts';
import type { ApprovalSpec } from '../../src/domain/upload/upload-spec.ts';
import { conflictWorkflowId, uploadWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { conflictUpdates } from '../../src/workflows/conflict-messages.ts';
import type { processUpload } from '../../src/workflows/process-upload.ts';
import type { resolveConflict } from '../../src/workflows/resolve-conflict.ts';
import type { sweep } from '../../src/workflows/sweep.ts';
import { type FakeUploadOptions, fakeUpload } from './fake-upload.ts';

type Stage = { readonly client: Client; readonly taskQueue: string; readonly name: string };

export type UploadStory = {
  readonly name: string;
  readonly fake: Omit<FakeUploadOptions, 'taskQueue'>;
  /** @returns the id of the workflow to record; it may still be open. */
  readonly play: (stage: Stage) => Promise<string>;
};

const HURRIED: Partial<ApprovalSpec> = {
  ...{ remindAfterMs: 100, escalateAfterMs: 250, escalateTo: 'boss', expireAfterMs: 600, onExpire: 'client' },
};

export const uploadStories: readonly UploadStory[] = [
  {
    name: 'upload',
    fake: { conflicts: ['upload-1', 'upload-2'], slices: 3 },
    play: async ({ client, taskQueue }) => {
      const workflowId = uploadWorkflowId('d1', 'recorded');
      const args: Parameters<typeof processUpload> = [{ device: 'd1', key: 'recorded' }];
      await client.workflow.execute<typeof processUpload>('processUpload', { workflowId, taskQueue, args });
      return workflowId;
    },
  },
  {
    name: 'conflict-decided',
    fake: { tell: true, slices: 3 },
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.signal('decide', 'nonsense');
        await handle.signal('decide', { decision: 'client', round: 7 });
        await handle.executeUpdate(conflictUpdates.assign, { args: [{ to: 'anna' }] });
        await handle.executeUpdate(conflictUpdates.comment, { args: [{ signed: 'known' }] });
        await handle.signal('comment', { text: 'I look into it' });
        await handle.executeUpdate(conflictUpdates.decide, { args: [{ decision: 'client', round: 1 }] });
        await handle.result();
      }),
  },
  {
    name: 'conflict-reopened',
    fake: { movesInRound: 1 },
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.executeUpdate(conflictUpdates.decide, { args: [{ decision: 'client', round: 1 }] });
        const merged = { decision: 'merged', fields: { salary: '1' }, round: 2 };
        await handle.signal('decide', merged);
        await handle.result();
      }),
  },
  {
    name: 'conflict-expired',
    fake: { approval: HURRIED, tell: true },
    play: (stage) => conflict(stage, (handle) => handle.result()),
  },
  {
    name: 'conflict-withdrawn',
    fake: {},
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.signal('withdraw', { reason: 'a typo' });
        await handle.result();
      }),
  },
  {
    name: 'conflict-continued',
    fake: { tell: true },
    play: (stage) =>
      conflict(stage, async (handle) => {
        for (let said = 0; said < 20; said++) {
          await handle.executeUpdate(conflictUpdates.comment, { args: [{ text: `comment ${said}` }] });
        }
        await handle.executeUpdate(conflictUpdates.decide, { args: [{ decision: 'server', round: 1 }] });
        await handle.result();
      }),
  },
  {
    name: 'conflict-open',
    fake: { approval: { ...HURRIED, escalateAfterMs: 200, expireAfterMs: 3_600_000 }, tell: true },
    play: (stage) =>
      conflict(stage, async (handle) => {
        while (
          (await handle.query<{ status: string }>('conflict').catch(() => null))?.status !== 'escalated'
        ) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await handle.executeUpdate(conflictUpdates.comment, { args: [{ text: 'it waits' }] });
      }),
  },
  {
    name: 'sweep',
    fake: {},
    play: async ({ client, taskQueue }) => {
      const options = { workflowId: 'syncline/sweep/recorded', taskQueue };
      await client.workflow.execute<typeof sweep>('sweep', options);
      return options.workflowId;
    },
  },
];

export function fakeOf({ name, fake }: UploadStory) {
  return fakeUpload({ ...fake, taskQueue: `queue-${name}` });
}

async function conflict(
  { client, taskQueue, name }: Stage,
  happens: (handle: ReturnType<Client['workflow']['getHandle']>) => Promise<unknown>,
): Promise<string> {
  const workflowId = conflictWorkflowId(name);
  await client.workflow.start<typeof resolveConflict>('resolveConflict', {
    ...{ workflowId, taskQueue, args: [{ conflictId: name }] },
  });
  await happens(client.workflow.getHandle(workflowId));
  return workflowId;
}
