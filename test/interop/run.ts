import { spawn } from 'node:child_process';
import type { Ending } from './tap.ts';

export type Command = {
  file: string;
  args: readonly string[];
  cwd?: string;
  env?: Readonly<Record<string, string>>;
};

export type Run = Ending & { stdout: string; stderr: string };

/** A program that is not installed, with what to install. */
export class MissingTool extends Error {
  override readonly name = 'MissingTool';
}

/** Runs a program to its end, or to the end of its time. @throws MissingTool when there is no such program. */
export async function run(command: Command, limitMs: number): Promise<Run> {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-20_000);
  });
  let timedOutAfterMs: number | null = null;
  const timer = setTimeout(() => {
    timedOutAfterMs = limitMs;
    child.kill('SIGKILL');
    // A grandchild that holds the pipes open must not hold us up.
    child.stdout.destroy();
    child.stderr.destroy();
  }, limitMs);
  try {
    return await new Promise<Run>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'ENOENT' ? new MissingTool(`\`${command.file}\` is not installed`) : error);
      });
      child.once('close', (exitCode, signal) => {
        resolve({ exitCode, signal, timedOutAfterMs, stdout, stderr });
      });
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program that has to succeed, and returns what it printed. `remedy`: what to do when it is not there. */
export async function must(command: Command, options: { limitMs: number; remedy: string }): Promise<string> {
  const line = [command.file, ...command.args].join(' ');
  const done = await run(command, options.limitMs).catch((error) => {
    if (error instanceof MissingTool) throw new MissingTool(`${error.message}. ${options.remedy}`);
    throw error;
  });
  if (done.timedOutAfterMs !== null) throw new Error(`${line}: ended after ${options.limitMs / 1000} s`);
  if (done.exitCode === 0) return done.stdout;
  const said = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-25).join('\n    ');
  throw new Error(`${line}: exit code ${done.exitCode}\n    ${said}`);
}
