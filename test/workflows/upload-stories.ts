/** What happens to uploads and conflicts in the histories that replay.test.ts holds against the code. */
import type { Client } from '../../src/client.ts';
import type { ConflictView } from '../../src/domain/approval/conflict-view.ts';
import type { ApprovalSpec } from '../../src/domain/upload/upload-spec.ts';
import { conflictWorkflowId, uploadWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { conflictUpdates } from '../../src/workflows/conflict-messages.ts';
import type { processUpload } from '../../src/workflows/process-upload.ts';
import type { resolveConflict } from '../../src/workflows/resolve-conflict.ts';
import type { sweep } from '../../src/workflows/sweep.ts';
import { decidedState, type FakeUploadOptions, fakeUpload } from './fake-upload.ts';

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
        await untilStatus(handle, 'escalated');
        await handle.executeUpdate(conflictUpdates.comment, { args: [{ text: 'it waits' }] });
      }),
  },
  {
    name: 'conflict-waiting',
    fake: { tell: true },
    play: (stage) => conflict(stage, (handle) => untilStatus(handle, 'proposed')),
  },
  {
    name: 'conflict-assigned',
    fake: {},
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.executeUpdate(conflictUpdates.comment, { args: [{ signed: 'known' }] });
        await handle.executeUpdate(conflictUpdates.assign, { args: [{ to: 'anna' }] });
      }),
  },
  {
    name: 'conflict-again',
    fake: { movesInRound: 1, tell: true },
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.signal('decide', { decision: 'client', round: 1 });
        while ((await viewOf(handle))?.round !== 2) await aMoment();
      }),
  },
  {
    name: 'conflict-deciding',
    fake: { stuck: 'applyDecision' },
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.signal('decide', { decision: 'merged', fields: { salary: '1' }, round: 1 });
        await untilStatus(handle, 'decided');
      }),
  },
  {
    name: 'conflict-expiring',
    fake: { approval: HURRIED, stuck: 'applyDecision' },
    play: (stage) => conflict(stage, (handle) => untilStatus(handle, 'expired')),
  },
  {
    name: 'conflict-closing',
    fake: { slices: 2, stuck: 'applyReleased' },
    play: (stage) =>
      conflict(stage, async (handle) => {
        await handle.executeUpdate(conflictUpdates.decide, { args: [{ decision: 'server', round: 1 }] });
      }),
  },
  {
    name: 'conflict-taken-over',
    fake: { before: { approval: { state: decidedState('taken'), step: 3 }, closed: false } },
    play: (stage) => conflict(stage, (handle) => handle.result()),
  },
  {
    name: 'conflict-closed-before',
    fake: { before: { approval: { state: decidedState('closed'), step: 3 }, closed: true } },
    play: (stage) => conflict(stage, (handle) => handle.result()),
  },
  {
    name: 'upload-applying',
    fake: { stuck: 'applyUpload' },
    play: async ({ client, taskQueue }) => {
      const workflowId = uploadWorkflowId('d1', 'applying');
      const args: Parameters<typeof processUpload> = [{ device: 'd1', key: 'applying' }];
      await client.workflow.start<typeof processUpload>('processUpload', { workflowId, taskQueue, args });
      const handle = client.workflow.getHandle(workflowId);
      while (((await handle.describe()).raw.pendingActivities ?? []).length === 0) await aMoment();
      return workflowId;
    },
  },
  {
    name: 'upload-continued',
    fake: { conflicts: ['continued-1'], slices: 12 },
    play: async ({ client, taskQueue }) => {
      const workflowId = uploadWorkflowId('d1', 'continued');
      const args: Parameters<typeof processUpload> = [{ device: 'd1', key: 'continued' }];
      await client.workflow.execute<typeof processUpload>('processUpload', { workflowId, taskQueue, args });
      return workflowId;
    },
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

type Handle = ReturnType<Client['workflow']['getHandle']>;

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** null until its workflow knows. */
const viewOf = (handle: Handle): Promise<ConflictView | null> =>
  handle.query<ConflictView>('conflict').catch(() => null);

async function untilStatus(handle: Handle, status: ConflictView['status']): Promise<void> {
  while ((await viewOf(handle))?.status !== status) await aMoment();
}

async function conflict(
  { client, taskQueue, name }: Stage,
  happens: (handle: Handle) => Promise<unknown>,
): Promise<string> {
  const workflowId = conflictWorkflowId(name);
  await client.workflow.start<typeof resolveConflict>('resolveConflict', {
    ...{ workflowId, taskQueue, args: [{ conflictId: name }] },
  });
  await happens(client.workflow.getHandle(workflowId));
  return workflowId;
}
