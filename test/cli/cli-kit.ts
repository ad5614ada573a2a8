/** Command lines in process: what they print, and how they end. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';

export type Ran = { readonly exit: number; readonly stdout: string; readonly stderr: string };

/** Variables are set for the time of the call, as a shell would. */
export async function syncline(
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const collect = (into: string[]) => (chunk: unknown) => {
    into.push(String(chunk));
    return true;
  };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(collect(out) as never);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(collect(err) as never);
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    const exit = await runProgram(args, '1.2.3');
    return { exit, stdout: out.join(''), stderr: err.join('') };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  }
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
