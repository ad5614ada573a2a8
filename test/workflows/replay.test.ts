/** Histories that were recorded before must replay in the code as it is: else a deploy breaks what is open. */
import { readdir, readFile } from 'node:fs/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { workflowBundle } from '../support/temporal.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const folder = new URL('./replay/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();

type Event = { activityTaskScheduledEventAttributes?: { activityType: { name: string } } };
type History = { events: Event[] };

async function readHistory(name: string): Promise<History> {
  return JSON.parse(await readFile(new URL(name, folder), 'utf8')) as History;
}

async function replay(history: History): Promise<string | null> {
  const results = Worker.runReplayHistories({ workflowBundle: await workflowBundle() }, [
    { workflowId: 'replayed', history },
  ]);
  for await (const { error } of results) return error === undefined ? null : error.message;
  throw new Error('nothing was replayed');
}

test('there are histories of every way that a run, an upload and a conflict go', () => {
  const stories = new Set(files.map((name) => name.split('.')[0]));
  expect([...stories]).toEqual([
    'cancelled-from-outside',
    'conflict-again',
    'conflict-assigned',
    'conflict-closed-before',
    'conflict-closing',
    'conflict-continued',
    'conflict-decided',
    'conflict-deciding',
    'conflict-expired',
    'conflict-expiring',
    'conflict-open',
    'conflict-reopened',
    'conflict-taken-over',
    'conflict-waiting',
    'conflict-withdrawn',
    'continued',
    'full',
    'incremental',
    'partial',
    'paused-and-cancelled',
    'sweep',
    'upload-applying',
    'upload-continued',
    'upload',
    'yielded',
  ]);
});

test.each(files)('%s replays', async (name) => {
  expect(await replay(await readHistory(name))).toBeNull();
});

test('a history that does not fit the code is noticed', async () => {
  const history = await readHistory('incremental.json');
  const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes);
  if (scheduled?.activityTaskScheduledEventAttributes) {
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'anotherActivity';
  }
  expect(await replay(history)).toMatch(/anotherActivity/);
});
