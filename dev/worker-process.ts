/** A worker in a process of its own, as in production. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guardServer } from './process-guard.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const READY_MS = 60_000;

export type WorkerProcess = {
  readonly pid: number;
  /** The lines that it wrote so far, stdout and stderr. */
  readonly said: readonly string[];
  /** Ends it as the kernel would end a process out of memory: nothing is said to anyone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it as a machine that hangs would: connections stay open, nothing answers. `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
};

/** @returns once the worker polls Temporal. */
export async function startWorkerProcess(options: {
  config: string;
  workflowBundle: string;
  environment: Readonly<Record<string, string>>;
}): Promise<WorkerProcess> {
  const child = spawn(
    process.execPath,
    [
      // On two cores the helper threads of the collector wait for the databases, and the process waits for them.
      '--single-threaded-gc',
      // Rows live for as long as their piece: in a larger young generation most of them die there.
      '--max-semi-space-size=32',
      '--import',
      'tsx',
      MAIN,
      'worker',
      '--config',
      options.config,
      '--workflow-bundle',
      options.workflowBundle,
    ],
    { env: { ...process.env, ...options.environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  guardServer(child, 'SIGTERM');
  const said: string[] = [];
  await ready(child, said);
  return {
    pid: child.pid as number,
    said,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

/** The worker logs JSON lines; one of them says that it polls. */
function ready(child: ChildProcess, said: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new Error(`The worker ${why}:\n${said.slice(-20).join('\n')}`));
    const timer = setTimeout(fail, READY_MS, 'did not get ready');
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (!line.includes('"worker polls"')) return;
        clearTimeout(timer);
        resolve();
      });
    }
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  // A frozen process takes no signal but SIGKILL until it is thawed.
  child.kill('SIGCONT');
  await gone;
}
