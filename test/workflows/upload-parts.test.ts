/** The parts of an upload, by pipeline: what one waits for may be another's to decide. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import type { UploadActivities } from '../../src/activities/upload-contract.ts';
import { uploadWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import type { processUpload } from '../../src/workflows/process-upload.ts';
import { fakeUpload } from './fake-upload.ts';
import { startWorld } from './world.ts';

test('a part that waits gives way to the others', async () => {
  const pipeline = `p-${randomBytes(5).toString('hex')}`;
  const taskQueue = `queue-${pipeline}`;
  const applied: string[] = [];
  const own: Partial<UploadActivities> = {
    planUpload: async () => ({ parts: ['first', 'second'].map((name) => ({ pipeline: name, taskQueue })) }),
    applyUpload: async ({ pipeline: part }) => {
      applied.push(part);
      // The second has two rounds of work; what the first waits for is made in the last.
      const done = applied.filter((name) => name === 'second').length >= 2;
      return { done, waiting: part === 'first', decided: 0 };
    },
  };
  const { activities } = fakeUpload({ taskQueue });
  const world = await startWorld({ ...activities, ...own } as unknown as Activities, { pipeline });
  await world.client.workflow.execute<typeof processUpload>('processUpload', {
    workflowId: uploadWorkflowId('d1', pipeline),
    taskQueue: world.config.temporal.taskQueue,
    args: [{ device: 'd1', key: pipeline }],
  });
  expect(applied).toEqual(['first', 'second', 'first', 'second', 'first']);
  await world.close();
});
