/** Workers with changed code take over what began before: a conflict that waits for weeks meets many releases. */
import { randomBytes } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { afterEach, expect, test } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import type { ConflictView } from '../../src/domain/approval/conflict-view.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { conflictUpdates } from '../../src/workflows/conflict-messages.ts';
import type { resolveConflict } from '../../src/workflows/resolve-conflict.ts';
import { bundleChanged, type Edit } from './changed-code.ts';
import { fakeUpload } from './fake-upload.ts';
import { startWorld, type World } from './world.ts';

/** One change where a waiting conflict has been already, one where it will come. @param way the new one's condition. */
const release = (way: (name: string) => string): Edit[] => [
  {
    file: 'changes.ts',
    old: "  'local-steps'",
    now: "  'opens-slowly': 'x',\n  'closes-slowly': 'x',\n  'local-steps'",
  },
  {
    file: 'conflict-steps.ts',
    old: "import { failureNote } from './failure-note.ts';",
    now: "import { failureNote } from './failure-note.ts';\nimport { changed } from './changes.ts';\nimport { sleep } from '@temporalio/workflow';",
  },
  {
    file: 'conflict-steps.ts',
    old: '  const start = await readConflict(',
    now: `  if (${way('opens-slowly')}) await sleep(1, { summary: 'opens slowly' });\n  const start = await readConflict(`,
  },
  {
    file: 'conflict-steps.ts',
    old: '  const { released } = await closeConflict(',
    now: `  if (${way('closes-slowly')}) await sleep(1, { summary: 'closes slowly' });\n  const { released } = await closeConflict(`,
  },
];

const open: World[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()));
});

test('a conflict that waits is taken over by changed code, replayed by it, and finished its way', async () => {
  const [careful, careless] = await Promise.all([
    bundleChanged(release((name) => `changed('${name}')`)),
    bundleChanged(release(() => 'true')),
  ]);
  const pipeline = `p-${randomBytes(5).toString('hex')}`;
  const { activities } = fakeUpload({ taskQueue: `queue-${pipeline}`, tell: true });
  const deploy = async (bundle?: typeof careful): Promise<World> => {
    await Promise.all(open.splice(0).map((world) => world.close()));
    const world = await startWorld(activities as unknown as Activities, {
      pipeline,
      ...(bundle && { bundle }),
    });
    open.push(world);
    return world;
  };
  const start = async ({ client, config }: World, conflictId: string) => {
    const { taskQueue } = config.temporal;
    const options = {
      workflowId: conflictWorkflowId(conflictId),
      taskQueue,
      args: [{ conflictId }] as const,
    };
    await client.workflow.start<typeof resolveConflict>('resolveConflict', {
      ...options,
      args: [{ conflictId }],
    });
    return client.workflow.getHandle(options.workflowId);
  };
  const timers = async (world: World, conflictId: string): Promise<string[]> => {
    const { events } = await world.client.workflow.getHandle(conflictWorkflowId(conflictId)).fetchHistory();
    return (events ?? []).flatMap(({ timerStartedEventAttributes, userMetadata }) =>
      timerStartedEventAttributes ? [Buffer.from(userMetadata?.summary?.data ?? []).toString()] : [],
    );
  };

  const before = await deploy();
  const old = await start(before, `old-${pipeline}`);
  await old.executeUpdate(conflictUpdates.assign, { args: [{ to: 'anna' }] });
  const history = await old.fetchHistory();

  const after = await deploy(careful);
  const waiting = after.client.workflow.getHandle(old.workflowId);
  expect(await waiting.query<ConflictView>('conflict')).toMatchObject({ status: 'assigned', round: 1 });
  await waiting.executeUpdate(conflictUpdates.comment, { args: [{ text: 'said to the new code' }] });

  // Another one with the same code has nothing in memory: it replays both ways.
  const last = await deploy(careful);
  const handle = last.client.workflow.getHandle(old.workflowId);
  const decision = { decision: 'client', round: 1 } as const;
  expect(await handle.executeUpdate(conflictUpdates.decide, { args: [decision] })).toMatchObject({
    status: 'applied',
  });
  expect(await handle.result()).toEqual({ outcome: 'applied' });
  expect(await timers(last, `old-${pipeline}`)).toEqual(['"closes slowly"']);

  const young = await start(last, `young-${pipeline}`);
  await young.executeUpdate(conflictUpdates.decide, { args: [decision] });
  await young.result();
  expect(await timers(last, `young-${pipeline}`)).toEqual(['"opens slowly"', '"closes slowly"']);

  const problems: (string | null)[] = [];
  for (const workflowBundle of [careful, careless]) {
    const replayed = Worker.runReplayHistories({ workflowBundle }, [{ workflowId: old.workflowId, history }]);
    for await (const { error } of replayed) problems.push(error?.message ?? null);
  }
  // Code that is changed without asking meets a history that it did not make.
  expect(problems).toEqual([null, expect.stringMatching(/nondeterminism|non-determin/i)]);
}, 180_000);
