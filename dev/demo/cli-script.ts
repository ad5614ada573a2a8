/** The `syncline` command for the demo's configuration, to be typed in another terminal. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardDirectory } from '../process-guard.ts';
import type { Stack } from '../stack.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type CliScript = { readonly path: string; remove(): Promise<void> };

/** A file that only its owner reads and runs: the environment has passwords, which are not for the screen. */
export async function writeCliScript({ configPath, environment }: Stack): Promise<CliScript> {
  const folder = await mkdtemp(join(tmpdir(), 'syncline-demo-'));
  const release = guardDirectory(folder);
  const path = join(folder, 'syncline');
  const variables = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const command = `exec ${quoted(process.execPath)} --import tsx src/cli/main.ts --config ${quoted(configPath)} "$@"`;
  const lines = ['#!/bin/sh', ...variables, `cd ${quoted(ROOT)} || exit 1`, command];
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o700 });
  return {
    path,
    remove: async () => {
      await rm(folder, { recursive: true, force: true });
      release();
    },
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
