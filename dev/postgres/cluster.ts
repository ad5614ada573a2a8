import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { guardDirectory, guardServer } from '../process-guard.ts';
import { type Account, postgresAccount } from './account.ts';
import { findBinaries, type PostgresBinaries } from './binaries.ts';

const run = promisify(execFile);
const startMs = 30_000;
const host = '127.0.0.1';
const user = 'postgres';

export type ClusterOptions = {
  /** Server encoding; default UTF8. */
  encoding?: string;
  /**
   * Default collation. 'icu' sorts text as people do (en-US), as most production databases; 'C' by bytes, and is the only one
   * that goes with every encoding.
   */
  collation: 'icu' | 'C';
  /** postgresql.conf settings. */
  settings?: Readonly<Record<string, string>>;
};

/** A PostgreSQL server of ours with its data in a temporary folder. */
export type Cluster = {
  host: string;
  port: number;
  /** Connection URL of the superuser. */
  url(database: string): string;
  dataDir: string;
  /** What the server wrote to its log so far. */
  log(): Promise<string>;
  /** Ends it as a crash would: no checkpoint, sessions cut. The data stays. */
  stopImmediate(): Promise<void>;
  /** Starts it again, on the same port. Nothing happens when it runs. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
};

type Place = {
  folder: string;
  dataDir: string;
  logPath: string;
  account: Account | null;
  binaries: PostgresBinaries;
  settings: Readonly<Record<string, string>>;
};

/** Makes and starts a cluster. It is gone when this process is, however that ends. Errors carry the server's log. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const account = await postgresAccount();
  const binaries = await findBinaries(account);
  const folder = await mkdtemp(join(tmpdir(), 'syncline-postgres-'));
  const releaseFolder = guardDirectory(folder);
  const remove = async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    releaseFolder();
  };
  try {
    const place: Place = {
      folder,
      dataDir: join(folder, 'data'),
      logPath: join(folder, 'log'),
      account,
      binaries,
      settings: options.settings ?? {},
    };
    const password = await initialise(place, options);
    return await startFirst(place, { password, remove });
  } catch (error) {
    await remove();
    throw error;
  }
}

async function initialise(place: Place, options: ClusterOptions): Promise<string> {
  const { folder, account, binaries } = place;
  const password = randomBytes(12).toString('hex');
  const passwordPath = join(folder, 'password');
  await writeFile(passwordPath, password, { mode: 0o600 });
  if (account) await Promise.all([folder, passwordPath].map((path) => chown(path, account.uid, account.gid)));
  const collation = options.collation === 'icu' ? ['--locale-provider=icu', '--icu-locale=en-US'] : [];
  await run(
    binaries.initdb,
    [
      `--pgdata=${place.dataDir}`,
      `--username=${user}`,
      `--pwfile=${passwordPath}`,
      '--auth=scram-sha-256',
      `--encoding=${options.encoding ?? 'UTF8'}`,
      '--locale=C',
      ...collation,
      '--no-sync',
    ],
    { ...account, cwd: folder },
  );
  await rm(passwordPath);
  return password;
}

async function startFirst(
  place: Place,
  { password, remove }: { password: string; remove: () => Promise<void> },
): Promise<Cluster> {
  let port = 0;
  let server: ChildProcess | undefined;
  for (let attempt = 1; server === undefined; attempt += 1) {
    port = await freePort();
    try {
      server = await startServer(place, port);
    } catch (error) {
      // Somebody took the port between our look and the server's bind.
      if (attempt === 3 || !String(error).includes('could not bind')) throw error;
    }
  }
  const isRunning = () => server !== undefined && server.exitCode === null && server.signalCode === null;
  const stopImmediate = async () => {
    if (!isRunning()) return;
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    await run(place.binaries.pgCtl, ['stop', '-D', place.dataDir, '-m', 'immediate', '-w'], {
      ...place.account,
      cwd: place.folder,
    });
    await gone;
  };
  return {
    host,
    port,
    url: (database) => `postgres://${user}:${password}@${host}:${port}/${encodeURIComponent(database)}`,
    dataDir: place.dataDir,
    log: () => readFile(place.logPath, 'utf8'),
    stopImmediate,
    start: async () => {
      if (!isRunning()) server = await startServer(place, port);
    },
    remove: async () => {
      await stopImmediate();
      await remove();
    },
  };
}

async function startServer(place: Place, port: number): Promise<ChildProcess> {
  const settings = {
    listen_addresses: host,
    unix_socket_directories: '',
    port: String(port),
    ...place.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(place.logPath, 'a');
  const server = spawn(place.binaries.postgres, ['-D', place.dataDir, ...flags], {
    ...place.account,
    cwd: place.folder,
    // Ctrl-C is for us: whoever uses the server ends first, then the server.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  guardServer(server, 'SIGQUIT');
  await waitUntilReady(place, server);
  server.unref();
  return server;
}

/** The last line of postmaster.pid tells, as pg_ctl reads it; a new start truncates the file first. */
async function waitUntilReady(place: Place, server: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  server.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline) {
    if (failure) throw failure;
    if (server.exitCode !== null || server.signalCode !== null) break;
    const lines = await readFile(join(place.dataDir, 'postmaster.pid'), 'utf8').then(
      (text) => text.split('\n'),
      () => [],
    );
    if (lines[0] === String(server.pid) && lines[7]?.trim() === 'ready') return;
    await sleep(20);
  }
  server.kill('SIGQUIT');
  const log = await readFile(place.logPath, 'utf8').catch(() => '');
  throw new Error(`PostgreSQL did not start. Its log ends with:\n${log.split('\n').slice(-20).join('\n')}`);
}
