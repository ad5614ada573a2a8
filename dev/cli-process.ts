/** A command that runs until it is told to stop, in a process of its own, as in production. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guardServer } from './process-guard.ts';

const SOURCE = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const READY_MS = 150_000;

export type CliProcess = {
  readonly pid: number;
  /** The lines that it wrote so far, stdout and stderr. */
  readonly said: readonly string[];
  /** The line that said that it is ready. */
  readonly readyLine: string;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Ends it as the kernel would end a process out of memory: nothing is said to anyone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it as a machine that hangs would: connections stay open, nothing answers. `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
};

export type CliProcessOptions = {
  /** `['worker', '--config', …]` */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Part of the line of its log that says that it is ready. */
  readonly readyWhen: string;
  /** The compiled command; else it is compiled as it loads, which takes longer than to start. */
  readonly mainPath?: string | undefined;
};

/** @returns once it says that it is ready. */
export async function startCliProcess(options: CliProcessOptions): Promise<CliProcess> {
  const { command, environment, readyWhen, mainPath } = options;
  const child = spawn(
    process.execPath,
    [
      // On two cores the helper threads of the collector wait for the databases, and the process waits for them.
      '--single-threaded-gc',
      // Rows live for as long as their piece: in a larger young generation most of them die there.
      '--max-semi-space-size=32',
      ...(mainPath === undefined ? ['--import', 'tsx', SOURCE] : [mainPath]),
      ...command,
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  guardServer(child, 'SIGTERM');
  const said: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const readyLine = await ready(child, { said, name: command[0] ?? '', readyWhen });
  return {
    pid: child.pid as number,
    said,
    readyLine,
    ended,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

type Awaited = { readonly said: string[]; readonly name: string; readonly readyWhen: string };

function ready(child: ChildProcess, { said, name, readyWhen }: Awaited): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new Error(`The ${name} ${why}:\n${said.slice(-20).join('\n')}`));
    const timer = setTimeout(fail, READY_MS, 'did not get ready');
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (!line.includes(readyWhen)) return;
        clearTimeout(timer);
        resolve(line);
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
