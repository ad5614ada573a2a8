/** Workers with changed code take over what began before: a conflict that waits for weeks meets many releases. */
import { randomBytes } from 'node:crypto';
import { Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { afterEach, expect, test } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import type { ConflictView } from '../../src/domain/approval/conflict-view.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { conflictUpdates } from '../../src/workflows/conflict-messages.ts';
import type { resolveConflict } from '../../src/workflows/resolve-conflict.ts';
import { bundleChanged, type Edit } from './changed-code.ts';
import { fakeUpload } from './fake-upload.ts';
import { startWorld, type World } from './world.ts';

/**
 * One change where a waiting conflict has been already, one where it will come. The workflow type `careless` is the same
 * code by somebody who did not ask which way to go.
 */
const RELEASE: readonly Edit[] = [
  {
    file: 'changes.ts',
    old: "  'local-steps'",
    now: "  'opens-slowly': 'x',\n  'closes-slowly': 'x',\n  'local-steps'",
  },
  {
    file: 'conflict-steps.ts',
    old: "import { failureNote } from './failure-note.ts';",
    now: `import { sleep, workflowInfo } from '@temporalio/workflow';
      import { changed } from './changes.ts';
      import { failureNote } from './failure-note.ts';
      const isCareless = () => workflowInfo().workflowType === 'careless';`,
  },
  {
    file: 'conflict-steps.ts',
    old: '  const start = await readConflict(',
    now: `  if (isCareless() || changed('opens-slowly')) await sleep(1, { summary: 'opens slowly' });
      const start = await readConflict(`,
  },
  {
    file: 'conflict-steps.ts',
    old: '  const { released } = await closeConflict(',
    now: `  if (isCareless() || changed('closes-slowly')) await sleep(1, { summary: 'closes slowly' });
      const { released } = await closeConflict(`,
  },
  {
    file: 'index.ts',
    old: "export { resolveConflict } from './resolve-conflict.ts';",
    now: "export { resolveConflict, resolveConflict as careless } from './resolve-conflict.ts';",
  },
];

const pipeline = `p-${randomBytes(5).toString('hex')}`;
const { activities } = fakeUpload({ taskQueue: `queue-${pipeline}`, tell: true });

const open: World[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()));
});

/** A worker in the place of the one before, with nothing in memory. */
async function deploy(bundle?: WorkflowBundleOption): Promise<World> {
  await Promise.all(open.splice(0).map((world) => world.close()));
  const given = bundle === undefined ? {} : { bundle };
  const world = await startWorld(activities as unknown as Activities, { pipeline, ...given });
  open.push(world);
  return world;
}

async function start({ client, config }: World, conflictId: string) {
  const { taskQueue } = config.temporal;
  const workflowId = conflictWorkflowId(conflictId);
  const args: [{ conflictId: string }] = [{ conflictId }];
  await client.workflow.start<typeof resolveConflict>('resolveConflict', { workflowId, taskQueue, args });
  return client.workflow.getHandle(workflowId);
}

/** Summaries of the timers that it started. */
async function timersOf(handle: Awaited<ReturnType<typeof start>>): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ timerStartedEventAttributes, userMetadata }) =>
    timerStartedEventAttributes
      ? [JSON.parse(Buffer.from(userMetadata?.summary?.data ?? []).toString())]
      : [],
  );
}

type History = Awaited<ReturnType<Awaited<ReturnType<typeof start>>['fetchHistory']>>;

async function problemOf(workflowBundle: WorkflowBundleOption, history: History): Promise<string | null> {
  const replayed = Worker.runReplayHistories({ workflowBundle }, [{ workflowId: 'replayed', history }]);
  for await (const { error } of replayed) return error?.message ?? null;
  throw new Error('nothing was replayed');
}

const DECISION = { decision: 'client', round: 1 } as const;

test('a conflict that waits is taken over by changed code, replayed by it, and finished its way', async () => {
  const bundle = await bundleChanged(RELEASE);
  const old = await start(await deploy(), `old-${pipeline}`);
  await old.executeUpdate(conflictUpdates.assign, { args: [{ to: 'anna' }] });
  const history = await old.fetchHistory();

  const { client } = await deploy(bundle);
  const waiting = client.workflow.getHandle(old.workflowId);
  expect(await waiting.query<ConflictView>('conflict')).toMatchObject({ status: 'assigned', round: 1 });
  await waiting.executeUpdate(conflictUpdates.comment, { args: [{ text: 'said to the new code' }] });

  // It replays both ways: what the old code did, and what the new one did since.
  const last = await deploy(bundle);
  const handle = last.client.workflow.getHandle(old.workflowId);
  const answer = await handle.executeUpdate(conflictUpdates.decide, { args: [DECISION] });
  expect(answer).toMatchObject({ status: 'applied' });
  expect(await handle.result()).toEqual({ outcome: 'applied' });
  expect(await timersOf(handle)).toEqual(['closes slowly']);

  const young = await start(last, `young-${pipeline}`);
  await young.executeUpdate(conflictUpdates.decide, { args: [DECISION] });
  await young.result();
  expect(await timersOf(young)).toEqual(['opens slowly', 'closes slowly']);

  expect(await problemOf(bundle, history)).toBeNull();
  // Code that is changed without asking meets a history that it did not make.
  for (const event of history.events ?? []) {
    const started = event.workflowExecutionStartedEventAttributes;
    if (started?.workflowType) started.workflowType.name = 'careless';
  }
  expect(await problemOf(bundle, history)).toMatch(/nondeterminism/i);
}, 180_000);
