/** Command lines in process: what they print, and how they end. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { reportError } from '../../src/cli/output.ts';
import { runProgram } from '../../src/cli/program.ts';

export type Ran = { readonly exit: number; readonly stdout: string; readonly stderr: string };

/** Variables are set for the time of the call, as a shell would. One call at a time: they share the process's streams. */
export async function syncline(
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ran> {
  return started(args, variables).ended;
}

export type Started = {
  readonly ended: Promise<Ran>;
  /** Resolves when stderr has the text. */
  notes(text: string): Promise<void>;
};

export function started(args: readonly string[], variables: Record<string, string> = {}): Started {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const collected = collecting();
  const ended = runProgram(args, '1.2.3')
    .then((exit) => ({ exit, ...collected.texts() }))
    .finally(() => {
      collected.stop();
      vi.unstubAllEnvs();
    });
  return { ended, notes: collected.untilStderr };
}

/** What `reportError` makes of an error. */
export async function printed(error: unknown, options: { json: boolean }): Promise<Ran> {
  const collected = collecting();
  try {
    return { exit: reportError(error, options), ...collected.texts() };
  } finally {
    collected.stop();
  }
}

function collecting() {
  const out: string[] = [];
  const err: string[] = [];
  const waiting: { text: string; found: () => void }[] = [];
  const look = (): void => {
    for (const { text, found } of waiting) if (err.join('').includes(text)) found();
  };
  const into = (list: string[]) => (chunk: unknown) => {
    list.push(String(chunk));
    look();
    return true;
  };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(into(out) as never);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(into(err) as never);
  return {
    texts: () => ({ stdout: out.join(''), stderr: err.join('') }),
    untilStderr: (text: string) =>
      new Promise<void>((found) => {
        waiting.push({ text, found });
        look();
      }),
    stop: () => {
      stdout.mockRestore();
      stderr.mockRestore();
    },
  };
}

export type Folder = {
  readonly path: string;
  file(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
};

export async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'syncline-cli-'));
  return {
    path,
    file: async (name, text) => {
      const file = join(path, name);
      await writeFile(file, text);
      return file;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

export const CONFIG = `import { defineSync, env } from 'syncline';

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: { shop: { kind: 'postgres', url: env('SOURCE_URL') } },
  pipelines: {
    pos: {
      source: 'shop',
      schedule: { incremental: { every: '1 hour' } },
      entities: {
        sales: { read: { table: 'public.sales' }, key: 'id', changedAt: 'updated_at', mirror: 'pos.sales', schemaChanges: 'apply' },
      },
    },
  },
});
`;
