/**
 * What the figures are held against: `psql` copying in binary, ordered by key, from the source straight into a table
 * like the mirror, and psql's own staging and upsert for changes. No product is in between.
 */
import { spawn } from 'node:child_process';

export type Servers = { readonly sourceUrl: string; readonly storeUrl: string };

const COLUMNS = 'id, pdv, operator, amount, sold_at, type, reference, updated_at';

/** `target` is a table with the mirror's columns and key, empty. */
export async function pipeOver(servers: Servers, target: string): Promise<number> {
  return timed(() =>
    pipe(
      servers,
      `COPY (SELECT ${COLUMNS} FROM public.sales ORDER BY id) TO STDOUT (FORMAT binary)`,
      `COPY ${target} (${COLUMNS}) FROM STDIN (FORMAT binary)`,
    ),
  );
}

/** Rows changed since `since`: staged, then upserted where they differ. */
export async function upsertOver(servers: Servers, target: string, since: string): Promise<number> {
  return timed(async () => {
    await psql(servers.storeUrl, `CREATE UNLOGGED TABLE bench.staging (LIKE ${target} INCLUDING DEFAULTS)`);
    await pipe(
      servers,
      `COPY (SELECT ${COLUMNS} FROM public.sales WHERE updated_at >= '${since}' ORDER BY updated_at, id) TO STDOUT`,
      `COPY bench.staging (${COLUMNS}) FROM STDIN`,
    );
    const names = COLUMNS.split(', ');
    const set = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);
    await psql(
      servers.storeUrl,
      `INSERT INTO ${target} AS m (${COLUMNS}) SELECT ${COLUMNS} FROM bench.staging
       ON CONFLICT (id) DO UPDATE SET ${set.join(', ')}, sync_xid = pg_current_xact_id()
        WHERE (m.*) IS DISTINCT FROM (excluded.*);
       DROP TABLE bench.staging`,
    );
  });
}

/** @throws Error that says how to get it. */
export async function assertPsql(): Promise<void> {
  const child = spawn('psql', ['--version'], { stdio: 'ignore' });
  await ended(child, 'psql').catch((cause: unknown) => {
    throw new Error('The benchmark needs psql on the PATH: install postgresql-client', { cause });
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function psql(url: string, sql: string): Promise<void> {
  const child = spawn('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return ended(child, 'psql');
}

/** The two processes share a pipe of the kernel; no byte goes through this process. */
async function pipe(servers: Servers, from: string, into: string): Promise<void> {
  const script =
    'psql -XqAt -v ON_ERROR_STOP=1 -d "$1" -c "$2" | psql -XqAt -v ON_ERROR_STOP=1 -d "$3" -c "$4"';
  const child = spawn(
    'bash',
    ['-o', 'pipefail', '-c', script, 'pipe', servers.sourceUrl, from, servers.storeUrl, into],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await ended(child, 'psql | psql');
}

function ended(child: ReturnType<typeof spawn>, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${what} ended with ${code}`))));
  });
}
