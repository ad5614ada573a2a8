/**
 * `npm run bench [-- --json FILE] [--rows N] [--rounds N]`: what runs cost through the whole product (Temporal, worker
 * process, store) against psql, or the bare driver, doing the same on the same servers, in turn. Ratios are of throughput:
 * 1 is as fast.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Stack, startStack } from '../dev/stack.ts';
import { startWorkerProcess } from '../dev/worker-process.ts';
import { table } from '../src/cli/table.ts';
import { followRun, startRun } from '../src/client.ts';
import type { SourceSettings } from '../src/domain/config.ts';
import type { RunMode } from '../src/domain/run.ts';
import { startOracleBench } from './oracle.ts';
import { measureBatches } from './oracle-write-back.ts';
import { type PostgresBench, startPostgresBench } from './postgres.ts';
import { assertPsql, pipeOver, type Servers, upsertOver } from './reference.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
  },
});
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

type Line = {
  readonly name: string;
  /** Throughput against the peer, each in the same round. */
  readonly ratios: readonly number[];
  /** null: none was set. */
  readonly goal: number | null;
  readonly rowsPerSecond: number;
};

/** The source's `slackMs`: what changed in this time before a mark is read again by the next run. */
const SLACK_MS = 10_000;

await assertPsql();
const shop = await startPostgresBench(say);
const oracle = await startOracleBench();
const stack = await startStack({
  configPath: fileURLToPath(new URL('./syncline.config.ts', import.meta.url)),
  database: 'syncline_bench',
  schemas: ['bench'],
  environment: { ...shop.environment, ...oracle.environment },
  say,
});
try {
  const [ofPostgres, postgresMemory] = await withWorker(measure);
  const [ofOracle, oracleMemory] = await withWorker(measureOracle);
  const lines = [...ofPostgres, ofOracle, ...(await measureWriteBack())];
  process.stdout.write(
    `${table(lines, [
      { head: 'work', of: (line) => line.name },
      { head: 'of the peer', of: (line) => median(line.ratios).toFixed(2) },
      { head: 'from', of: (line) => Math.min(...line.ratios).toFixed(2) },
      { head: 'to', of: (line) => Math.max(...line.ratios).toFixed(2) },
      { head: 'goal', of: (line) => line.goal?.toFixed(2) ?? '' },
      { head: 'rows/s', of: (line) => Math.round(line.rowsPerSecond) },
    ])}\nworker's memory, idle and at most: ${postgresMemory} from PostgreSQL, ${oracleMemory} from Oracle\n`,
  );
  if (values.json !== undefined) {
    await writeFile(
      values.json,
      `${JSON.stringify(
        lines.map(({ name, ratios, goal }) => ({ name, ratio: median(ratios), goal })),
        null,
        2,
      )}\n`,
    );
  }
} finally {
  await stack.stop();
  await oracle.stop();
  await shop.stop();
}

/** A worker of its own, so that its memory is that of this work. @returns what `work` gave, and the memory */
async function withWorker<T>(work: () => Promise<T>): Promise<[T, string]> {
  const worker = await startWorkerProcess({ ...stack, config: stack.configPath });
  try {
    const idle = await megabytes(worker.pid, 'VmRSS');
    const result = await work();
    return [result, `${idle} and ${await megabytes(worker.pid, 'VmHWM')}`];
  } finally {
    await worker.stop();
  }
}

async function measure(): Promise<Line[]> {
  await createSales(shop);
  const servers: Servers = {
    sourceUrl: shop.environment.SOURCE_URL as string,
    storeUrl: stack.environment.DATABASE_URL as string,
  };
  const seconds = {
    pipe: [],
    plain: [],
    zod: [],
    oneLane: [],
    unchanged: [],
    delta: [],
    upsert: [],
  } as Record<'pipe' | 'plain' | 'zod' | 'oneLane' | 'unchanged' | 'delta' | 'upsert', number[]>;
  say('warming up');
  await forget();
  await timedRun('plain', 'full');
  await timedRun('zod', 'full');
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    await forget();
    seconds.plain.push(await timedRun('plain', 'full'));
    await referenceTable(stack);
    seconds.pipe.push(await pipeOver(servers, 'bench.reference'));
    await settle(stack);
    seconds.zod.push(await timedRun('zod', 'full'));
    await settle(stack);
    seconds.oneLane.push(await timedRun('zodOneLane', 'full'));
    await settle(stack);
    seconds.unchanged.push(await timedRun('zod', 'full'));
    const since = await changeSales(shop, round);
    seconds.delta.push(await timedRun('zod', 'incremental'));
    seconds.upsert.push(await upsertOver(servers, 'bench.reference', since));
    // Else the next round's full runs would catch up with this one's changes, at the time of ten times their rows.
    await sleep(SLACK_MS);
  }
  const line = (
    name: string,
    at: { ours: keyof typeof seconds; of: keyof typeof seconds; goal: number; count: number },
  ): Line => ({
    name,
    ratios: pairs(seconds[at.of], seconds[at.ours]),
    goal: at.goal,
    rowsPerSecond: at.count / median(seconds[at.ours]),
  });
  return [
    line('full run, first load, zod on every row', { ours: 'zod', of: 'pipe', goal: 0.6, count: rows }),
    line('full run, first load, zod, one lane', { ours: 'oneLane', of: 'pipe', goal: 0.6, count: rows }),
    line('full run, first load, passthrough', { ours: 'plain', of: 'pipe', goal: 0.85, count: rows }),
    line('full run, nothing changed, zod', { ours: 'unchanged', of: 'pipe', goal: 0.6, count: rows }),
    line('incremental run, 10 % changed, zod', { ours: 'delta', of: 'upsert', goal: 0.6, count: rows / 10 }),
  ];
}

async function measureOracle(): Promise<Line> {
  say(`${rows} rows from the Oracle simulator`);
  await oracle.fill(rows);
  const driver: number[] = [];
  const ours: number[] = [];
  // The first round warms both up.
  for (let round = 0; round <= rounds; round++) {
    await forget();
    const [bare, run] = [await oracle.fetchAll(), await timedRun('oracle', 'full')];
    if (round === 0) continue;
    driver.push(bare);
    ours.push(run);
  }
  return {
    name: 'full run from the Oracle simulator, of the bare driver',
    ratios: pairs(driver, ours),
    goal: 0.8,
    rowsPerSecond: rows / median(ours),
  };
}

/** Behind the full runs: it changes rows that they read. */
async function measureWriteBack(): Promise<Line[]> {
  say('writing back to the Oracle simulator');
  const measured = await oracle.withConnection((connection) =>
    measureBatches(connection, stack.config.sources.erp as SourceSettings, rounds),
  );
  return measured.map(({ batchRows, rows: written, bare, ours }) => ({
    name: `write-back to the Oracle simulator, ${batchRows} rows a batch, of executeMany`,
    ratios: pairs(bare, ours),
    goal: null,
    rowsPerSecond: written / median(ours),
  }));
}

/** The mirror without its feed index, which our runs build too. */
async function referenceTable(at: Pick<Stack, 'store'>): Promise<void> {
  await at.store.pool.query(
    'CREATE TABLE bench.reference (LIKE bench.plain INCLUDING DEFAULTS, PRIMARY KEY (id))',
  );
  await settle(at);
}

/** No one's dirty pages are written in another one's time. */
async function settle({ store }: Pick<Stack, 'store'>): Promise<void> {
  await store.pool.query('CHECKPOINT');
}

/** Linux only. `VmHWM` is the most there was. */
async function megabytes(pid: number, what: 'VmRSS' | 'VmHWM'): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = new RegExp(`${what}:\\s*(\\d+) kB`).exec(status)?.[1];
  return kilobytes === undefined ? 'unknown' : `${Math.round(Number(kilobytes) / 1024)} MB`;
}

/** Ratios are taken within a round, so that a slower minute of the machine slows both. */
function pairs(reference: readonly number[], ours: readonly number[]): number[] {
  return reference.map((seconds, at) => seconds / (ours[at] ?? Number.NaN));
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

async function timedRun(pipeline: string, mode: RunMode): Promise<number> {
  const startedAt = performance.now();
  const run = await startRun(stack.client, stack.config, { pipeline, mode, requestedBy: 'bench' });
  const summary = await followRun(stack.client, run);
  if (summary.status !== 'SUCCESS')
    throw new Error(`${pipeline} ${mode} ended ${summary.status}: ${JSON.stringify(summary)}`);
  return (performance.now() - startedAt) / 1000;
}

/** Rows of about 105 bytes. */
async function createSales({ source }: PostgresBench): Promise<void> {
  say(`making ${rows} rows`);
  await source.query(`
    CREATE TABLE public.sales (
      id bigint PRIMARY KEY, pdv integer NOT NULL, operator text NOT NULL, amount numeric(12, 2) NOT NULL,
      sold_at timestamptz NOT NULL, type text NOT NULL, reference text, updated_at timestamptz NOT NULL)`);
  await source.query(
    `INSERT INTO public.sales
     SELECT n, 1 + n % 120, 'op-' || lpad((n * 7919 % 900)::text, 3, '0'), (n * 104729 % 5000000) / 100.0,
            timestamptz '2025-01-01Z' + n * interval '31 seconds', (ARRAY['sale', 'return', 'voucher'])[1 + n % 3],
            'R-' || lpad(to_hex(n * 2654435761 % 4294967296), 8, '0'), timestamptz '2025-01-01Z' + n * interval '31 seconds'
       FROM generate_series(1, $1::bigint) AS n`,
    [rows],
  );
  await source.query('CREATE INDEX ON public.sales (updated_at, id)');
  await source.query('VACUUM ANALYZE public.sales');
}

/** Every tenth row. @returns an instant before the change. */
async function changeSales({ source }: PostgresBench, round: number): Promise<string> {
  const { rows: now } = await source.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  await source.query(
    'UPDATE public.sales SET amount = amount + 0.01, updated_at = clock_timestamp() WHERE id % 10 = $1',
    [round % 10],
  );
  return (now[0] as { now: string }).now;
}

/** Nothing of an earlier round, and no vacuum or checkpoint that it left to do, is in the next one's time. */
async function forget(): Promise<void> {
  const { store } = stack;
  const { source } = shop;
  await store.pool.query('DROP SCHEMA IF EXISTS bench CASCADE');
  await store.pool.query(
    `DELETE FROM syncline.checkpoint; DELETE FROM syncline.sync_run; DELETE FROM syncline.refresh`,
  );
  await source.query('VACUUM ANALYZE public.sales');
  await source.query('CHECKPOINT');
  await settle({ store });
}
