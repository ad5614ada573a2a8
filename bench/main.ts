/**
 * `npm run bench [-- --json FILE] [--rows N] [--rounds N]`: what runs cost through the whole product (Temporal, worker
 * process, store) against psql doing the same on the same servers, in turn. Ratios are of throughput: 1 is as fast.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Stack, startStack } from '../dev/stack.ts';
import { startWorkerProcess } from '../dev/worker-process.ts';
import { table } from '../src/cli/table.ts';
import { followRun, startRun } from '../src/client.ts';
import type { RunMode } from '../src/domain/run.ts';
import { pipeOver, type Servers, upsertOver } from './reference.ts';

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
  readonly ratio: number;
  readonly goal: number;
  readonly rowsPerSecond: number;
};

const stack = await startStack({
  configPath: fileURLToPath(new URL('./syncline.config.ts', import.meta.url)),
  database: 'syncline_bench',
  schemas: ['bench'],
  say,
});
const worker = await startWorkerProcess({ ...stack, config: stack.configPath });
try {
  const lines = await measure();
  process.stdout.write(
    `${table(lines, [
      { head: 'work', of: (line) => line.name },
      { head: 'of psql', of: (line) => line.ratio.toFixed(2) },
      { head: 'goal', of: (line) => line.goal.toFixed(2) },
      { head: 'rows/s', of: (line) => Math.round(line.rowsPerSecond) },
    ])}\n`,
  );
  if (values.json !== undefined) {
    await writeFile(
      values.json,
      `${JSON.stringify(
        lines.map(({ name, ratio, goal }) => ({ name, ratio, goal })),
        null,
        2,
      )}\n`,
    );
  }
} finally {
  await worker.stop();
  await stack.stop();
}

async function measure(): Promise<Line[]> {
  await createSales(stack);
  const servers: Servers = {
    sourceUrl: stack.environment.SOURCE_URL as string,
    storeUrl: stack.environment.DATABASE_URL as string,
  };
  const seconds = { pipe: [], plain: [], zod: [], unchanged: [], delta: [], upsert: [] } as Record<
    string,
    number[]
  >;
  say('warming up');
  await forget(stack);
  await timedRun('plain', 'full');
  await timedRun('zod', 'full');
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    await forget(stack);
    seconds.plain?.push(await timedRun('plain', 'full'));
    await stack.store.pool.query(
      'CREATE TABLE bench.reference (LIKE bench.plain INCLUDING DEFAULTS, PRIMARY KEY (id))',
    );
    await stack.store.pool.query('CHECKPOINT');
    seconds.pipe?.push(await pipeOver(servers, 'bench.reference'));
    await stack.store.pool.query('CHECKPOINT');
    seconds.zod?.push(await timedRun('zod', 'full'));
    seconds.unchanged?.push(await timedRun('zod', 'full'));
    const since = await changeSales(stack, round);
    seconds.delta?.push(await timedRun('zod', 'incremental'));
    seconds.upsert?.push(await upsertOver(servers, 'bench.reference', since));
  }
  const ratio = (reference: string, ours: string): number =>
    median(pairs(seconds[reference] ?? [], seconds[ours] ?? []));
  const speed = (name: string, count: number): number => count / median(seconds[name] ?? []);
  return [
    {
      name: 'full run, first load, passthrough',
      ratio: ratio('pipe', 'plain'),
      goal: 0.85,
      rowsPerSecond: speed('plain', rows),
    },
    {
      name: 'full run, first load, zod on every row',
      ratio: ratio('pipe', 'zod'),
      goal: 0.6,
      rowsPerSecond: speed('zod', rows),
    },
    {
      name: 'full run, nothing changed, zod',
      ratio: ratio('pipe', 'unchanged'),
      goal: 0.6,
      rowsPerSecond: speed('unchanged', rows),
    },
    {
      name: 'incremental run, 10 % changed, zod',
      ratio: ratio('upsert', 'delta'),
      goal: 0.6,
      rowsPerSecond: speed('delta', rows / 10),
    },
  ];
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
async function createSales({ source }: Stack): Promise<void> {
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
async function changeSales({ source }: Stack, round: number): Promise<string> {
  const { rows: now } = await source.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  await source.query(
    'UPDATE public.sales SET amount = amount + 0.01, updated_at = clock_timestamp() WHERE id % 10 = $1',
    [round % 10],
  );
  return (now[0] as { now: string }).now;
}

/** Nothing of an earlier round, and no vacuum or checkpoint that it left to do, is in the next one's time. */
async function forget({ store, source }: Stack): Promise<void> {
  await store.pool.query('DROP SCHEMA IF EXISTS bench CASCADE');
  await store.pool.query(
    `DELETE FROM syncline.checkpoint; DELETE FROM syncline.sync_run; DELETE FROM syncline.refresh`,
  );
  await source.query('VACUUM ANALYZE public.sales');
  await source.query('CHECKPOINT');
  await store.pool.query('CHECKPOINT');
}
