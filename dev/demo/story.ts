/** The demo's steps, each with what it shows and what must hold. */

import { progressView } from '../../src/cli/progress.ts';
import { followRun, startRun } from '../../src/client.ts';
import type { RunMode, RunSummary } from '../../src/domain/run.ts';
import { readRuns } from '../../src/store/run-reports.ts';
import type { Stack } from '../stack.ts';
import { startWorkerProcess, type WorkerProcess } from '../worker-process.ts';
import { changeSource, createSource, SALES } from './source-data.ts';
import { compareAll } from './verify.ts';

export type Step = {
  readonly step: string;
  readonly rows: number;
  readonly seconds: number;
  readonly quarantined: number;
  readonly tombstoned: number;
  readonly skipped: number;
};

export type Story = { readonly steps: readonly Step[]; readonly failures: readonly string[] };

/** Chunks that must be done before the worker is killed: the run is in its middle then. */
const KILL_AFTER_CHUNKS = 4;
const LOOK_EVERY_MS = 20;
const LATE_SALE = 4_321;

export async function tellStory(stack: Stack, say: (line: string) => void): Promise<Story> {
  const steps: Step[] = [];
  const failures: string[] = [];
  const expect = (holds: boolean, what: string): void => {
    say(`  ${holds ? '✓' : '✗'} ${what}`);
    if (!holds) failures.push(what);
  };
  const run = async (step: string, mode: RunMode, during?: () => Promise<void>): Promise<RunSummary[]> => {
    say(`\n${step}`);
    const startedAt = performance.now();
    const summaries = await runBoth(stack, mode, during);
    steps.push(stepOf(step, summaries, (performance.now() - startedAt) / 1000));
    for (const summary of summaries) {
      expect(
        summary.status === 'SUCCESS',
        `${summary.pipeline} ${mode}: ${summary.status}${errorsOf(summary)}`,
      );
    }
    return summaries;
  };

  say(`\nA point of sale with ${SALES.toLocaleString('en-US')} sales, and an HR system`);
  await createSource(stack.source);
  let worker: WorkerProcess = await startWorkerProcess({ ...stack, config: stack.configPath });
  try {
    await run('First run: full by itself, since the mirrors are empty', 'incremental');

    say('\nThe source changes: 2 % of the rows, one of them poison, and one transaction that commits late');
    const late = await openLateTransaction(stack);
    const changes = await changeSource(stack.source);
    say(`  ${changes.updated} updates, ${changes.inserted} inserts, ${changes.deletedIds.length} deletes`);
    await run('Incremental run', 'incremental');
    expect((await lateSale(stack)) !== 'late', 'the open transaction’s row is not there yet');
    await late.commit();
    await run('Incremental run after the late commit', 'incremental');
    expect(
      (await lateSale(stack)) === 'late',
      'the row that was committed late is there: the watermark waited for it',
    );
    expect((await quarantined(stack)) === 1, 'the poison row is in quarantine, and only it');

    await run('Full run, its worker killed in the middle', 'full', async () => {
      await chunksDone(stack, KILL_AFTER_CHUNKS);
      await worker.kill();
      say(`  worker killed after ${KILL_AFTER_CHUNKS} chunks; a new one starts`);
      worker = await startWorkerProcess({ ...stack, config: stack.configPath });
    });
    const { live, buried } = await fateOf(stack, changes.deletedIds);
    expect(live === 0 && buried > 0, `no deleted row is left in the mirror; ${buried} are tombstones`);

    say('\nMirror and source, by checksum');
    for (const { table, sourceRows, mirrorRows, equal } of await compareAll(stack.source, stack.store.pool)) {
      expect(
        equal,
        `${table}: ${sourceRows.toLocaleString('en-US')} rows at the source, ${mirrorRows.toLocaleString('en-US')} in the mirror`,
      );
    }
  } finally {
    await worker.stop();
  }
  return { steps, failures };
}

/** Both pipelines side by side, with live progress. */
async function runBoth(
  stack: Stack,
  mode: RunMode,
  during: (() => Promise<void>) | undefined,
): Promise<RunSummary[]> {
  const { client, config } = stack;
  const started = await Promise.all(
    Object.keys(config.pipelines).map((pipeline) =>
      startRun(client, config, { pipeline, mode, requestedBy: 'demo' }),
    ),
  );
  const view = progressView();
  const timer = setInterval(() => {
    readRuns(stack.store.pool, { running: true, limit: 10 })
      .then((runs) => view.show({ paused: false, entities: runs.flatMap((report) => report.entities) }))
      .catch(() => undefined);
  }, 250);
  try {
    const [summaries] = await Promise.all([
      Promise.all(started.map((run) => followRun(client, run))),
      during?.(),
    ]);
    return summaries;
  } finally {
    clearInterval(timer);
    view.stop();
  }
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

/** Stamps its row now, commits later: a watermark that only looks at timestamps would never see it. */
async function openLateTransaction(stack: Stack): Promise<{ commit(): Promise<void> }> {
  const client = await stack.source.connect();
  await client.query('SET idle_in_transaction_session_timeout = 0');
  await client.query('BEGIN');
  await client.query(`UPDATE pos.sales SET reference = 'late', updated_at = now() WHERE id = $1`, [
    LATE_SALE,
  ]);
  return {
    commit: async () => {
      await client.query('COMMIT');
      client.release();
    },
  };
}

async function lateSale(stack: Stack): Promise<string | null> {
  const { rows } = await stack.store.pool.query<{ reference: string | null }>(
    'SELECT reference FROM pos.sales WHERE id = $1',
    [LATE_SALE],
  );
  return rows[0]?.reference ?? null;
}

/** A deleted row that had been left out as a duplicate was never there, and is no tombstone. */
async function fateOf(stack: Stack, ids: readonly string[]): Promise<{ live: number; buried: number }> {
  const { rows } = await stack.store.pool.query<{ live: number; buried: number }>(
    `SELECT count(*) FILTER (WHERE sync_deleted_at IS NULL) AS live, count(*) FILTER (WHERE sync_deleted_at IS NOT NULL) AS buried
       FROM pos.sales WHERE id = ANY ($1::bigint[])`,
    [ids],
  );
  return rows[0] as { live: number; buried: number };
}

async function quarantined(stack: Stack): Promise<number> {
  const { rows } = await stack.store.pool.query<{ count: number }>(
    'SELECT count(*) AS count FROM syncline.quarantine',
  );
  return rows[0]?.count ?? 0;
}

async function chunksDone(stack: Stack, chunks: number): Promise<void> {
  for (;;) {
    const { rows } = await stack.store.pool.query<{ done: number }>(
      `SELECT count(*) AS done FROM syncline.sync_chunk AS chunk JOIN syncline.sync_run AS run ON run.id = chunk.run_id
        WHERE run.status = 'RUNNING' AND chunk.entity = 'sales' AND chunk.kind = 'range' AND chunk.state = 'done'`,
    );
    if ((rows[0]?.done ?? 0) >= chunks) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
