/** The demo's steps, each with what it shows and what must hold. */
import type { RunSummary } from '../../src/domain/run.ts';
import { startGatewayProcess } from '../gateway-process.ts';
import { startWorkerProcess, type WorkerProcess } from '../worker-process.ts';
import { checkMirrors, chunksDone, deletedRows, employeesOf, lateReference, quarantined } from './checks.ts';
import { decideBySignal, leaveOpen } from './conflict.ts';
import { howToJoin } from './join.ts';
import { runAll } from './runs.ts';
import {
  type Changes,
  changeSource,
  openLateTransaction,
  RENAMED_DEPARTMENT,
  renameDepartment,
} from './source-changes.ts';
import { AMOUNTS, createSource } from './source-data.ts';
import type { OpenConflict, Stage, Telling } from './telling.ts';
import { tellOfUploads } from './uploads.ts';

export type Step = {
  readonly step: string;
  readonly rows: number;
  readonly seconds: number;
  readonly quarantined: number;
  readonly tombstoned: number;
  readonly skipped: number;
};

export type Story = {
  readonly steps: readonly Step[];
  readonly failures: readonly string[];
  /** Left for the audience to decide. */
  readonly openConflict: OpenConflict | null;
  /** Of the gateway, which serves until the demo ends. */
  readonly gatewayUrl: string;
};

/** Chunks that must be done before the worker is killed: the run is in its middle then. */
const KILL_AFTER_CHUNKS = 3;
const NEW_NAME = 'Customer Happiness';

export async function tellStory(stage: Stage): Promise<Story> {
  const { stack, source, say } = stage;
  const steps: Step[] = [];
  const failures: string[] = [];
  const expect = (holds: boolean, what: string): void => {
    say(`  ${holds ? '✓' : '✗'} ${what}`);
    if (!holds) failures.push(what);
  };
  const run: Telling['run'] = async (step, mode, during) => {
    say(`\n${step}`);
    const startedAt = performance.now();
    const summaries = await runAll(stack, mode, during);
    steps.push(stepOf(step, summaries, (performance.now() - startedAt) / 1000));
    for (const summary of summaries) {
      expect(
        summary.status === 'SUCCESS',
        `${summary.pipeline} ${mode}: ${summary.status}${errorsOf(summary)}`,
      );
    }
  };
  const owner = await source.connect();
  try {
    say(
      `\nA point of sale with ${AMOUNTS.sales.toLocaleString('en-US')} sales, and an HR system: ${source.description}`,
    );
    await createSource(owner, AMOUNTS);
    return { steps, failures, ...(await tellAll({ ...stage, owner, expect, run })) };
  } finally {
    await owner.close().catch(() => undefined);
  }
}

type Ended = Pick<Story, 'openConflict' | 'gatewayUrl'>;

async function tellAll(telling: Telling): Promise<Ended> {
  const { stack, say, run } = telling;
  let ended: Ended | null = null;
  let worker: WorkerProcess = await startWorkerProcess({ ...stack, config: stack.configPath });
  telling.atEnd(() => worker.stop());
  try {
    await run('First run: full by itself, since the mirrors are empty', 'incremental');
    const changes = await tellOfChanges(telling);
    await run('Full run, its worker killed in the middle', 'full', async () => {
      await chunksDone(stack.store.pool, KILL_AFTER_CHUNKS);
      await worker.kill();
      say(`  worker killed after ${KILL_AFTER_CHUNKS} chunks; a new one starts`);
      worker = await startWorkerProcess({ ...stack, config: stack.configPath });
    });
    const { live, buried } = await deletedRows(stack.store.pool, changes.deletedIds);
    telling.expect(
      live === 0 && buried > 0,
      `no deleted row is left in the mirror; ${buried} are tombstones`,
    );
    ended = await tellOfDevices(telling);
  } finally {
    // What the audience decides needs somebody to carry it out.
    if (ended?.openConflict == null) await worker.stop();
  }
  await compare(telling);
  return ended;
}

/** A conflict may be left for the audience. */
async function tellOfDevices(telling: Telling): Promise<Ended> {
  const gateway = await startGatewayProcess({ ...telling.stack, config: telling.stack.configPath });
  telling.atEnd(() => gateway.stop());
  telling.say(`\nThe gateway serves devices at ${gateway.url}; its API, to read: ${gateway.url}/v1/docs`);
  const conflict = await tellOfUploads(telling, gateway.url);
  telling.expect(conflict !== null, 'one change waits for a person');
  const served = { openConflict: null, gatewayUrl: gateway.url };
  if (conflict === null) return served;
  if (telling.audience === 'stays') {
    for (const line of ['', ...(await howToJoin(telling.stack, gateway.url))]) telling.say(line);
    return { ...served, openConflict: await leaveOpen(telling, conflict) };
  }
  await decideBySignal(telling, conflict);
  return served;
}

async function compare(telling: Telling): Promise<void> {
  const { stack, owner, say, expect } = telling;
  say('\nMirror and source, by checksum');
  for (const { what, sourceRows, mirrorRows, equal } of await checkMirrors(stack, owner)) {
    expect(
      equal,
      `${what}: ${sourceRows.toLocaleString('en-US')} rows at the source, ${mirrorRows.toLocaleString('en-US')} in the mirror`,
    );
  }
}

async function tellOfChanges({ stack, source, owner, say, expect, run }: Telling): Promise<Changes> {
  const mirrors = stack.store.pool;
  say('\nThe source changes: 2 % of the rows, one of them poison, and one transaction that commits late');
  const late = await openLateTransaction(source.connect);
  const changes = await changeSource(owner, AMOUNTS);
  say(`  ${changes.updated} updates, ${changes.inserted} inserts, ${changes.deletedIds.length} deletes`);
  await run('Incremental run', 'incremental');
  expect((await lateReference(mirrors)) !== 'late', 'the open transaction’s row is not there yet');
  expect((await quarantined(mirrors)) === 1, 'the poison row is in quarantine, and only it');

  await run('Another one, the transaction still open', 'incremental');
  expect((await lateReference(mirrors)) !== 'late', 'the row is still not there');
  await late.commit();
  const before = await employeesOf(mirrors, RENAMED_DEPARTMENT);
  await renameDepartment(owner, NEW_NAME);
  say(`\nThe transaction commits, and a department is now called ${NEW_NAME}`);
  await run('Incremental run after the late commit', 'incremental');
  expect(
    (await lateReference(mirrors)) === 'late',
    'the row that was committed late is there: the watermark waited for it',
  );
  const after = await employeesOf(mirrors, RENAMED_DEPARTMENT);
  expect(
    before.length > 0 &&
      after.length === before.length &&
      !before.includes(NEW_NAME) &&
      after.every((name) => name === NEW_NAME),
    `the department’s ${after.length} employees have its new name in their mirror`,
  );
  return changes;
}

function stepOf(step: string, summaries: readonly RunSummary[], seconds: number): Step {
  const sum = (name: 'fetched' | 'quarantined' | 'tombstoned' | 'skipped'): number =>
    summaries.reduce((total, summary) => total + summary.counts[name], 0);
  return {
    step,
    rows: sum('fetched'),
    seconds,
    quarantined: sum('quarantined'),
    tombstoned: sum('tombstoned'),
    skipped: sum('skipped'),
  };
}

function errorsOf(summary: RunSummary): string {
  return summary.entities
    .map((entity) => (entity.error ? ` (${entity.entity}: ${entity.error.message})` : ''))
    .join('');
}
