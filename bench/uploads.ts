/**
 * `npm run bench:uploads [-- --json FILE] [--rounds N]`: mutations through the whole path (staged, decided, written back
 * to the source with its ledger, mirrored, settled; as Temporal workflows) against one UPDATE of as many rows at the same
 * source, in turn; and how fast conflicts that wait for people are opened.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startStack } from '../dev/stack.ts';
import { startWorkerProcess } from '../dev/worker-process.ts';
import { table } from '../src/cli/table.ts';
import { followRun, startRun } from '../src/client.ts';
import { encodeHlc } from '../src/domain/upload/hlc.ts';
import { uploadWorkflowId } from '../src/domain/upload/workflow-ids.ts';
import { stageUpload } from '../src/store/uploads.ts';
import { queueOf, runUpload } from '../src/upload-client.ts';
import { startOracleBench } from './oracle.ts';
import { startPostgresBench } from './postgres.ts';
import { quantile } from './quantile.ts';
import { type Accounts, oracleAccounts, postgresAccounts } from './upload-accounts.ts';

const { values } = parseArgs({
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const rounds = Number(values.rounds);
const BATCHES = [50, 1_000] as const;
const CONFLICTS = 300;
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

type Line = {
  readonly work: string;
  readonly perSecond: number;
  /** Milliseconds of one upload; null where only one was made. */
  readonly p50: number;
  readonly p99: number | null;
  /** Of the throughput of one UPDATE, by round; null for conflicts, which have no peer. */
  readonly ratio: number | null;
};

const shop = await startPostgresBench(say);
const oracle = await startOracleBench();
const stack = await startStack({
  configPath: fileURLToPath(new URL('./uploads.config.ts', import.meta.url)),
  database: 'syncline_bench_uploads',
  schemas: ['bench'],
  environment: { ...shop.environment, ...oracle.environment },
  say,
});
try {
  const worker = await startWorkerProcess({ ...stack, config: stack.configPath });
  try {
    const lines: Line[] = [];
    for (const accounts of [postgresAccounts(shop.source), oracleAccounts(oracle)]) {
      await accounts.create();
      await followRun(
        stack.client,
        await startRun(stack.client, stack.config, { pipeline: accounts.pipeline, mode: 'full' }),
      );
      for (const size of BATCHES) lines.push(await measureBatches(accounts, size));
      lines.push(await measureConflicts(accounts));
      await accounts.close();
    }
    print(lines);
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(lines, null, 2)}\n`);
  } finally {
    await worker.stop();
  }
} finally {
  await stack.stop();
  await oracle.stop();
  await shop.stop();
}

/** Uploads one after the other, each of rows that no other of the round changes; the first round warms up. */
async function measureBatches(accounts: Accounts, size: number): Promise<Line> {
  say(`${accounts.name}: uploads of ${size}`);
  const uploads = size >= 1_000 ? 4 : 20;
  const times: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const amounts = (upload: number): [string, string][] =>
      Array.from({ length: size }, (_, i) => [String(upload * size + i + 1), `${round + 1}.${size % 97}`]);
    const ours: number[] = [];
    for (let upload = 0; upload < uploads; upload++) {
      const changes = amounts(upload).map(([row, amount]) => change(accounts, row, { amount }));
      ours.push(await timed(() => send(accounts, `${size}-${round}-${upload}`, changes)));
    }
    const bare: number[] = [];
    for (let upload = 0; upload < uploads; upload++) {
      bare.push(await timed(() => accounts.updateBare(amounts(upload))));
    }
    if (round === 0) continue;
    times.push(...ours);
    ratios.push(sum(bare) / sum(ours));
  }
  const line = { work: `${accounts.name}, ${size} mutations an upload`, ratio: quantile(ratios, 0.5) };
  const seconds = sum(times);
  return {
    ...line,
    perSecond: (times.length * size) / seconds,
    p50: quantile(times, 0.5) * 1_000,
    p99: quantile(times, 0.99) * 1_000,
  };
}

/** Every mutation clashes in a field that people decide; until each has its workflow. */
async function measureConflicts(accounts: Accounts): Promise<Line> {
  say(`${accounts.name}: ${CONFLICTS} conflicts`);
  const changes = Array.from({ length: CONFLICTS }, (_, i) =>
    change(accounts, String(i + 1), { type: 'mine' }, { values: { type: 'unlike' } }),
  );
  const seconds = await timed(() => send(accounts, 'conflicts', changes));
  return {
    work: `${accounts.name}, conflicts opened`,
    perSecond: CONFLICTS / seconds,
    p50: seconds * 1_000,
    p99: null,
    ratio: null,
  };
}

function change(
  accounts: Accounts,
  row: string,
  ...[fields, base]: [Record<string, string>, { values: Record<string, string> }?]
): unknown {
  return { entity: accounts.entity, row, operation: 'update', values: fields, ...(base && { base }) };
}

async function send(accounts: Accounts, key: string, mutations: readonly unknown[]): Promise<void> {
  const device = `bench-${accounts.name}`;
  await stageUpload(stack.store, {
    device,
    key,
    user: null,
    permissions: [],
    mutations,
    receivedHlc: encodeHlc({ ms: Date.now(), counter: 0, node: 'bench' }),
    workflowId: uploadWorkflowId(device, key),
  });
  const taskQueue = queueOf(stack.config, [accounts.entity]);
  await runUpload(stack.client, { device, key, taskQueue });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function print(lines: readonly Line[]): void {
  process.stdout.write(
    `${table(lines, [
      { head: 'work', of: (line) => line.work },
      { head: 'a second', of: (line) => Math.round(line.perSecond) },
      { head: 'p50 ms', of: (line) => Math.round(line.p50) },
      { head: 'p99 ms', of: (line) => (line.p99 === null ? '' : Math.round(line.p99)) },
      { head: 'of one UPDATE', of: (line) => line.ratio?.toFixed(3) ?? '' },
    ])}\n`,
  );
}
