/**
 * `npm run bench:feed [-- --rows N --seconds N --rounds N --clients N --json FILE]`: pages of the feed through the gateway
 * (GET pull, 1,000 rows, not compressed) against pgbench running the same statement at the same server, in turn. Once with
 * everything on the same processors, where a page costs what PostgreSQL, the gateway and the reader take together; and once
 * with a processor for PostgreSQL alone, as where it has a machine of its own.
 */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { type GatewayProcess, startGatewayProcess } from '../dev/gateway-process.ts';
import { startStack } from '../dev/stack.ts';
import { startWorkerProcess } from '../dev/worker-process.ts';
import { table } from '../src/cli/table.ts';
import { followRun, startRun } from '../src/client.ts';
import { LEDGER_DDL } from '../src/connectors/postgres/ledger.ts';
import type { EntitySpec } from '../src/domain/entity.ts';
import { feedEntity } from '../src/store/feed-entity.ts';
import { type FeedQuery, feedSql } from '../src/store/feed-query.ts';
import { bindings, bindLiteral } from '../src/store/mirror-target.ts';
import { mayPlace, placeOn, postgresPids } from './affinity.ts';
import { ask, benchDevices } from './gateway-client.ts';
import { startPostgresBench } from './postgres.ts';
import { quantile } from './quantile.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
});
const PAGE_ROWS = 1_000;
/** Places of the feed that pgbench reads, evenly spread, as the devices do. */
const PLACES = 20;
const seconds = Number(values.seconds);
const clients = Number(values.clients);
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
if (spawnSync('pgbench', ['--version']).status !== 0) {
  say('SKIPPED: there is no pgbench to compare with. Install PostgreSQL’s contrib programs.');
  process.exit(1);
}

const secret = randomBytes(32).toString('hex');
const shop = await startPostgresBench(say);
const stack = await startStack({
  configPath: fileURLToPath(new URL('./gateway.config.ts', import.meta.url)),
  database: 'syncline_bench_feed',
  schemas: ['bench'],
  environment: { ...shop.environment, JWT_SECRET: secret },
  say,
});
const toStop: (() => Promise<unknown>)[] = [];
try {
  const worker = await startWorkerProcess({ ...stack, config: stack.configPath });
  toStop.push(worker.stop);
  await load();
  // It would compete for the processors.
  await worker.stop();
  toStop.pop();
  const gateway = await startGatewayProcess({ ...stack, config: stack.configPath });
  toStop.push(gateway.stop);
  const folder = await mkdtemp(join(tmpdir(), 'syncline-bench-feed-'));
  toStop.push(() => rm(folder, { recursive: true, force: true }));
  const scripts = await writeScripts(folder);
  const measure = { gateway, scripts };
  const results = [await median('all on the same', measure)];
  if (mayPlace()) {
    placeOn(0, await postgresPids(stack.store.pool));
    placeOn(1, [gateway.pid, process.pid]);
    results.push(await median('PostgreSQL has its own', measure));
  } else say('SKIPPED: PostgreSQL with a processor of its own. It needs two, and taskset.');
  process.stdout.write(
    `${table(results, [
      { head: 'processors', of: (one) => one.processors },
      { head: 'gateway, pages/s', of: (one) => one.gatewayPagesPerSecond.toFixed(0) },
      { head: 'pgbench, pages/s', of: (one) => one.pgbenchPagesPerSecond.toFixed(0) },
      { head: 'gateway, CPU ms a page', of: (one) => one.gatewayCpuMsPerPage.toFixed(2) },
      { head: 'ratio', of: (one) => one.ratio.toFixed(2) },
    ])}\n`,
  );
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  for (const stop of toStop.reverse()) await stop();
  await stack.stop();
  await shop.stop();
}

type Measured = { readonly gateway: GatewayProcess; readonly scripts: readonly string[] };

/** Of rounds in which both take turns. */
async function median(processors: string, { gateway, scripts }: Measured) {
  const rounds: { gateway: number; pgbench: number; cpuMs: number }[] = [];
  for (let round = 0; round <= Number(values.rounds); round++) {
    const before = await cpuMsOf(gateway.pid);
    const ours = await pull(gateway.url);
    const cpuMs = ((await cpuMsOf(gateway.pid)) - before) / (ours * seconds);
    const pages = { gateway: ours, pgbench: await pgbench(scripts), cpuMs };
    say(`${processors}, round ${round}: ${pages.gateway.toFixed(0)} and ${pages.pgbench.toFixed(0)} pages/s`);
    // The first warms up.
    if (round > 0) rounds.push(pages);
  }
  const middle = (of: (round: (typeof rounds)[number]) => number): number => quantile(rounds.map(of), 0.5);
  return {
    processors,
    gatewayPagesPerSecond: middle((round) => round.gateway),
    pgbenchPagesPerSecond: middle((round) => round.pgbench),
    ratio: middle((round) => round.gateway / round.pgbench),
    gatewayCpuMsPerPage: middle((round) => round.cpuMs),
    rounds,
  };
}

/** Of the process alone, whoever shares the processors with it: user and system time in ticks of 10 ms. */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function load(): Promise<void> {
  await shop.source.query(
    `${LEDGER_DDL.join(';\n')};
     CREATE TABLE accounts (id bigint PRIMARY KEY, amount numeric(12, 2) NOT NULL, type text NOT NULL, name text NOT NULL,
       city text, opened date, updated_at timestamptz NOT NULL DEFAULT now());
     INSERT INTO accounts SELECT n, n / 7.0, 'plain', 'account number ' || n, 'city ' || n % 100, DATE '2020-01-01' + n % 2000
       FROM generate_series(1, ${Number(values.rows)}) AS n`,
  );
  const run = await startRun(stack.client, stack.config, { pipeline: 'shop', mode: 'full' });
  const { status } = await followRun(stack.client, run);
  if (status !== 'SUCCESS') throw new Error(`The first load ended ${status}`);
  await stack.store.pool.query('VACUUM ANALYZE bench.accounts');
}

/** Devices that each walk through the feed, and begin anew at its end. @returns pages a second. */
async function pull(url: string): Promise<number> {
  const devices = await benchDevices(secret, clients);
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  for (const device of devices) {
    const body = JSON.stringify({ deviceId: device.name });
    const { status, text } = await ask({ agent, url: `${url}/v1/sync/register`, device, body });
    if (status !== 200) throw new Error(`Not registered: ${status} ${text}`);
  }
  const until = performance.now() + seconds * 1_000;
  let pages = 0;
  await Promise.all(
    devices.map(async (device, at) => {
      let cursor: string | null = null;
      // Not all at the same place.
      for (let skipped = 0; skipped < at * 7; skipped++) cursor = await next(cursor);
      while (performance.now() < until) {
        cursor = await next(cursor);
        pages += 1;
      }
      async function next(from: string | null): Promise<string | null> {
        const query = from === null ? '' : `&cursor=${from}`;
        const path = `/v1/sync/accounts/pull?limit=${PAGE_ROWS}${query}`;
        const { status, text } = await ask({ agent, url: `${url}${path}`, device });
        if (status !== 200) throw new Error(`${status} ${text.slice(0, 500)}`);
        // The end of a page is all that is looked at: the reader's work is not the gateway's.
        const end = text.slice(-2_000);
        const found = /"cursor":"([^"]+)"/.exec(end)?.[1] ?? null;
        return /"hasMore":true/.test(end) ? found : null;
      }
    }),
  );
  agent.destroy();
  return pages / seconds;
}

async function writeScripts(folder: string): Promise<string[]> {
  const spec = stack.config.pipelines.shop?.entities.accounts as EntitySpec;
  const entity = await feedEntity(stack.store.pool, spec);
  const { rows } = await stack.store.pool.query<{ xid: string; key: string }>(
    `SELECT xid, key FROM (SELECT sync_xid::text AS xid, id::text AS key, row_number() OVER (ORDER BY sync_xid, id) AS n
                             FROM bench.accounts) AS row
      WHERE n % $1 = 1 ORDER BY n LIMIT $2`,
    [Math.floor(Number(values.rows) / PLACES), PLACES],
  );
  return Promise.all(
    rows.map(async ({ xid, key }, i) => {
      const query: FeedQuery = {
        entity,
        at: { xid, exit: null, key },
        base: xid,
        limit: PAGE_ROWS,
        device: 'bench-0',
        partitions: {},
        hidden: [],
        filter: null,
        tracks: false,
        changedSince: null,
        before: null,
      };
      const { values: bound, bind } = bindings();
      const sql = feedSql(query, bind).replace(/\$(\d+)/g, (_, n) => bindLiteral(bound[Number(n) - 1]));
      const path = join(folder, `page-${i}.sql`);
      await writeFile(path, `${sql.replaceAll('\n', ' ')};\n`);
      return path;
    }),
  );
}

/** @returns pages a second. */
async function pgbench(scripts: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)('pgbench', [
    ...['-n', '-c', String(clients), '-j', '1', '-T', String(seconds)],
    ...scripts.flatMap((path) => ['-f', path]),
    stack.environment.DATABASE_URL as string,
  ]);
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench said nothing of its speed: ${stdout.slice(0, 500)}`);
  return Number(tps);
}
