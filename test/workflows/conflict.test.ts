/** The workflow of a conflict by itself, on a server that suggests a new execution after 40 events. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TemporalServer } from '../../dev/temporal-server/start.ts';
import type { Activities } from '../../src/activities/contract.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { conflictUpdates } from '../../src/workflows/conflict-messages.ts';
import type { resolveConflict } from '../../src/workflows/resolve-conflict.ts';
import { ownTemporal } from '../support/temporal.ts';
import { type FakeUploadOptions, fakeUpload } from './fake-upload.ts';
import { startWorld } from './world.ts';

// Side by side, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 });

let server: TemporalServer;
beforeAll(async () => {
  server = await ownTemporal({ 'limit.historyCount.suggestContinueAsNew': 40 });
});
afterAll(() => server?.stop());

async function startConflict(options: Omit<FakeUploadOptions, 'taskQueue'> = {}) {
  const pipeline = `p-${randomBytes(5).toString('hex')}`;
  const fake = fakeUpload({ taskQueue: `queue-${pipeline}`, ...options });
  const world = await startWorld(fake.activities as unknown as Activities, { server, pipeline });
  const conflictId = `c-${pipeline}`;
  const handle = await world.client.workflow.start<typeof resolveConflict>('resolveConflict', {
    workflowId: conflictWorkflowId(conflictId),
    taskQueue: world.config.temporal.taskQueue,
    args: [{ conflictId }],
  });
  return { ...world, fake, conflictId, handle: world.client.workflow.getHandle(handle.workflowId) };
}

const steps = ({ fake, conflictId }: Awaited<ReturnType<typeof startConflict>>) =>
  fake.steps.get(conflictId) ?? [];

test.concurrent('a conflict of many messages goes on in new executions: none is lost, none is carried out twice', async () => {
  const at = await startConflict({ tell: true });
  const { handle } = at;
  const first = (await handle.describe()).runId;
  for (let round = 0; round < 12; round++) {
    const said = Array.from({ length: 4 }, (_, i) =>
      handle.executeUpdate(conflictUpdates.comment, { args: [{ text: `update ${round}/${i}` }] }),
    );
    await handle.signal('comment', { text: `signal ${round}` });
    await Promise.all(said);
  }
  await handle.executeUpdate(conflictUpdates.decide, { args: [{ decision: 'client', round: 1 }] });
  expect(await handle.result()).toEqual({ outcome: 'applied' });
  expect((await handle.describe()).runId).not.toBe(first);
  expect(steps(at).map(({ step }) => step)).toEqual(steps(at).map((_, i) => i + 1));
  const texts = steps(at).flatMap(({ effects }) =>
    effects.flatMap((effect) =>
      effect.kind === 'record' && effect.what === 'commented' ? [effect.text] : [],
    ),
  );
  expect(new Set(texts).size).toBe(60);
  expect(texts).toHaveLength(60);
  expect(steps(at).at(-1)?.state).toMatchObject({ status: 'applied', comments: 60 });
  expect(at.fake.calls.filter((name) => name === 'readConflict')).toHaveLength(1);
  expect(at.fake.calls.filter((name) => name === 'applyDecision')).toHaveLength(1);
  await at.close();
});

test.concurrent('reminders go on through new executions', async () => {
  const at = await startConflict({ approval: { remindAfterMs: 30 } });
  const first = (await at.handle.describe()).runId;
  const reminders = () => steps(at).at(-1)?.state.reminders ?? 0;
  while (reminders() < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await at.handle.describe()).runId).not.toBe(first);
  await at.handle.signal('withdraw');
  expect(await at.handle.result()).toEqual({ outcome: 'withdrawn' });
  expect(steps(at).map(({ step }) => step)).toEqual(steps(at).map((_, i) => i + 1));
  await at.close();
});

test.concurrent('an update that comes before the conflict was read is answered all the same', async () => {
  const at = await startConflict();
  const answer = await at.handle.executeUpdate(conflictUpdates.decide, {
    args: [{ decision: 'server', round: 1 }],
  });
  expect(answer).toEqual({ status: 'applied', round: 1 });
  expect(await at.handle.result()).toEqual({ outcome: 'applied' });
  await at.close();
});

test.concurrent('what waited behind it is decided after the answer, however long that takes', async () => {
  const at = await startConflict({ slices: 30 });
  const answer = await at.handle.executeUpdate(conflictUpdates.decide, {
    args: [{ decision: 'client', round: 1 }],
  });
  expect(answer).toEqual({ status: 'applied', round: 1 });
  // A message that comes too late is told so.
  await at.handle.signal('comment', { text: 'too late' });
  expect(await at.handle.result()).toEqual({ outcome: 'applied' });
  expect(at.fake.calls.filter((name) => name === 'applyReleased')).toHaveLength(30);
  expect(steps(at).at(-1)?.state).toMatchObject({ status: 'applied', comments: 0 });
  await at.close();
});
