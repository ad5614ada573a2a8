/**
 * Records histories of runs, uploads and conflicts for replay.test.ts: `npx tsx test/workflows/record-replay.ts`. A history that is there stays
 * as it is: it stands for runs that were under way when a newer version was deployed, so it is never made anew from
 * changed code. Remove one only when no run of its time can still be open. With names of stories, only these are played.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTemporal } from '../../dev/temporal-server/find.ts';
import { machineProbes } from '../../dev/temporal-server/probes.ts';
import { startTemporal } from '../../dev/temporal-server/start.ts';
import type { Activities } from '../../src/activities/contract.ts';
import { cancelRun, followRun, pauseRun, type RunHandle, resumeRun, startRun } from '../../src/client.ts';
import type { RunMode } from '../../src/domain/run.ts';
import { searchAttributes } from '../../src/domain/search-attributes.ts';
import { makeBundle } from '../support/make-bundle.ts';
import { type FakeRun, fakeRun, syncError, workUntilCancelled } from './fake-run.ts';
import { fakeOf, uploadStories } from './upload-stories.ts';
import { startWorld, type World } from './world.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('./replay/', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
const log = (line: string): void => console.error(line);

type Story = {
  readonly name: string;
  readonly mode: RunMode;
  readonly fake: () => FakeRun;
  /** What happens while the run is at work. */
  readonly meanwhile?: (world: World, at: RunHandle, fake: FakeRun) => Promise<unknown>;
  /** Entities whose workflows are recorded beside the run's. */
  readonly entities: readonly string[];
};

const many = Array.from({ length: 12 }, (_, at) => ({ entity: `entity-${at}` }));

const stories: readonly Story[] = [
  {
    name: 'full',
    mode: 'full',
    fake: () => fakeRun([{ entity: 'sales', rows: 90, rowsPerSlice: 20, lanes: 2 }, { entity: 'items' }]),
    entities: ['sales'],
  },
  {
    name: 'incremental',
    mode: 'incremental',
    fake: () => fakeRun([{ entity: 'sales' }]),
    entities: ['sales'],
  },
  {
    name: 'yielded',
    mode: 'incremental',
    fake: () => fakeRun([], { openRun: async () => ({ outcome: 'yielded', holder: 'other' }) }),
    entities: [],
  },
  {
    name: 'partial',
    mode: 'full',
    fake: () =>
      fakeRun([{ entity: 'good' }, { entity: 'bad' }], {
        copyChunks: async (input, base) => {
          if (input.ref.entity === 'bad') throw syncError('SOURCE_AUTH', 'login refused');
          return base(input);
        },
      }),
    entities: ['bad'],
  },
  {
    name: 'paused-and-cancelled',
    mode: 'full',
    fake: () => fakeRun([{ entity: 'sales' }], { copyChunks: workUntilCancelled }),
    meanwhile: async ({ client }, at, fake) => {
      await until(() => fake.called('copyChunks').length > 0);
      await client.workflow.getHandle(at.workflowId).signal('pause', 'malformed');
      await pauseRun(client, at, { by: 'ann', note: 'month end' });
      await resumeRun(client, at, { by: 'ann' });
      await cancelRun(client, at, { by: 'bob' });
    },
    entities: ['sales'],
  },
  {
    name: 'cancelled-from-outside',
    mode: 'full',
    fake: () => fakeRun([{ entity: 'sales' }], { copyChunks: workUntilCancelled }),
    meanwhile: async ({ client }, at, fake) => {
      await until(() => fake.called('copyChunks').length > 0);
      await client.workflow.getHandle(at.workflowId).cancel();
    },
    entities: ['sales'],
  },
  {
    name: 'continued',
    mode: 'full',
    fake: () => fakeRun([{ entity: 'long', rows: 30, rowsPerSlice: 1, lanes: 2 }, ...many]),
    entities: ['long'],
  },
];

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const found = await findTemporal(machineProbes(log), log);
if (found.kind === 'server')
  throw new Error('Unset TEMPORAL_ADDRESS: histories are recorded on a server of their own');
const temporal = found.path;
const server = await startTemporal({
  ui: false,
  searchAttributes: Object.values(searchAttributes),
  log,
  dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 40 },
});
const bundle = await makeBundle();

const named = process.argv.slice(2);
const isPlayed = ({ name }: { readonly name: string }): boolean => named.length === 0 || named.includes(name);

for (const story of stories.filter(isPlayed)) {
  const fake = story.fake();
  const world = await startWorld(fake.activities, { server, bundle: bundle.value, pipeline: story.name });
  const { client, config } = world;
  const at = await startRun(client, config, { pipeline: story.name, mode: story.mode });
  const ended = followRun(client, at);
  await story.meanwhile?.(world, at, fake);
  await ended;
  await record(world, story.name, at.workflowId);
  for (const entity of story.entities) {
    await record(world, `${story.name}.${entity}`, `sync/${story.name}/${story.mode}/${at.runId}/${entity}`);
  }
  await world.close();
}
for (const story of uploadStories.filter(isPlayed)) {
  const { activities } = fakeOf(story);
  const world = await startWorld(activities as unknown as Activities, {
    ...{ server, bundle: bundle.value, pipeline: story.name },
  });
  const { client, config } = world;
  const stage = { client, taskQueue: config.temporal.taskQueue, name: story.name };
  await record(world, story.name, await story.play(stage));
  await world.close();
}
await bundle.remove();
await server.stop();

/** One file for each execution of the workflow, the oldest first. */
async function record({ client }: World, name: string, workflowId: string): Promise<void> {
  const runIds: string[] = [];
  let runId: string | undefined = (await client.workflow.getHandle(workflowId).describe()).runId;
  while (runId) {
    runIds.unshift(runId);
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? undefined;
  }
  for (const [index, id] of runIds.entries()) {
    const file = `${folder}${name}${runIds.length > 1 ? `.${index + 1}` : ''}.json`;
    if (existsSync(file)) {
      log(`kept ${file}`);
      continue;
    }
    // Temporal's own JSON: what the SDK's fetchHistory gives does not replay after JSON.stringify.
    const { stdout } = await run(
      temporal,
      [
        'workflow',
        'show',
        '--address',
        server.address,
        '--workflow-id',
        workflowId,
        '--run-id',
        id,
        '--output',
        'json',
      ],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    await writeFile(file, `${JSON.stringify(JSON.parse(withoutMachine(stdout)))}\n`);
    log(`recorded ${file}`);
  }
}

function withoutMachine(history: string): string {
  return history
    .replaceAll(new RegExp(`\\d+@${hostname()}`, 'g'), '1@worker')
    .replaceAll(hostname(), 'worker')
    .replaceAll(root, '/');
}
