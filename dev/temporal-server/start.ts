import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { guardDirectory, guardServer } from '../process-guard.ts';
import { findTemporal, type Log } from './find.ts';
import { machineProbes } from './probes.ts';
import { addSearchAttributes, waitUntilServing } from './serving.ts';

const host = '127.0.0.1';
const startMs = 60_000;
const stopMs = 5_000;

export type TemporalOptions = {
  /** Whether the Web UI runs too. */
  ui: boolean;
  /** Names of search attributes to register, all of type Keyword. */
  searchAttributes: readonly string[];
  log: Log;
  /** Dynamic configuration of the server, e.g. `{ 'limit.historyCount.suggestContinueAsNew': 40 }`; values are JSON. */
  dynamicConfig?: Readonly<Record<string, unknown>>;
  /** Ports to use instead of free ones. */
  port?: number;
  uiPort?: number;
};

export type TemporalServer = {
  address: string;
  namespace: string;
  /** Where the Web UI is; null when it does not run or the server is not ours. */
  uiUrl: string | null;
  /** Ends the server and waits for it; does nothing to a server that is not ours. */
  stop(): Promise<void>;
};

/**
 * Starts a Temporal dev server in memory, on free ports unless told which, or uses the one of TEMPORAL_ADDRESS (namespace TEMPORAL_NAMESPACE, else
 * `default`). It is gone when this process is. Throws one error with the ways to get a server when there is none.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const found = await findTemporal(machineProbes(options.log), options.log);
  if (found.kind === 'server') return useServer(found.address, options);
  options.log(`temporal: starting server ${found.serverVersion} (${found.path})`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startBinary(found.path, options);
    } catch (error) {
      // Somebody took a port between our look and the server's bind.
      if (attempt === 3 || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function useServer(address: string, options: TemporalOptions): Promise<TemporalServer> {
  const namespace = process.env.TEMPORAL_NAMESPACE ?? 'default';
  options.log(`temporal: using the server at ${address} (TEMPORAL_ADDRESS), namespace ${namespace}`);
  const target = { address, namespace };
  await waitUntilServing(target, { deadlineMs: 10_000 });
  await addSearchAttributes(target, options.searchAttributes);
  return { ...target, uiUrl: null, stop: async () => {} };
}

async function startBinary(path: string, options: TemporalOptions): Promise<TemporalServer> {
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'syncline-temporal-'));
  const releaseFolder = guardDirectory(folder);
  const logPath = join(folder, 'log');
  const log = await open(logPath, 'a');
  const ui = options.ui ? ['--ui-port', String(uiPort)] : ['--headless'];
  const child = spawn(path, [...serverArguments(options), '--port', String(port), ...ui], {
    cwd: folder,
    // Ctrl-C is for us: workers say good-bye to the server before it ends.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  guardServer(child, 'SIGTERM');
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
    releaseFolder();
  };
  const target = { address: `${host}:${port}`, namespace: 'default' };
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  try {
    await Promise.race([
      failure(child),
      waitUntilServing(target, { deadlineMs: startMs, signal: ended.signal }),
    ]);
  } catch (error) {
    const tail = (await readFile(logPath, 'utf8')).split('\n').slice(-20).join('\n');
    await stop();
    throw new Error(`The Temporal dev server did not start. Its log ends with:\n${tail}`, { cause: error });
  }
  child.unref();
  return { ...target, uiUrl: options.ui ? `http://${host}:${uiPort}` : null, stop };
}

/**
 * The server looks for new tasks at most 20 times a second and shard, and a dev server has one shard: each step of a
 * workflow waited 45 ms. A workflow of four activities took 450 ms, now 70.
 */
const QUICK_STEPS = {
  'history.transferProcessorMaxPollRPS': 1_000,
  'history.timerProcessorMaxPollRPS': 1_000,
} as const;

function serverArguments(options: TemporalOptions): string[] {
  const attributes = options.searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const settings = Object.entries({ ...QUICK_STEPS, ...options.dynamicConfig }).flatMap(([name, value]) => [
    '--dynamic-config-value',
    `${name}=${JSON.stringify(value)}`,
  ]);
  return ['server', 'start-dev', '--ip', host, '--log-level', 'error', ...attributes, ...settings];
}

async function failure(child: ChildProcess): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.ref();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await gone;
  clearTimeout(timer);
}
