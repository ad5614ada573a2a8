/** Reads syncline.config.ts: runs the file, puts in the environment's values, checks everything at once. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { createJiti } from 'jiti';
import type { z } from 'zod';
import type { SyncConfig } from '../domain/config.ts';
import { configSchema } from '../domain/config-schema.ts';
import { SyncError } from '../domain/errors.ts';
import { redact } from '../domain/redact.ts';
import { configInvalid, type Problem, problemsOf } from './problems.ts';
import { resolveConfig } from './resolve-config.ts';
import { type Environment, resolveEnv } from './resolve-env.ts';

export type LoadOptions = {
  /** The file, or a folder that holds a syncline.config.ts. */
  readonly path: string;
  /** Schemas of what each kind of source takes beside what all do. */
  readonly sourceKinds: Readonly<Record<string, z.ZodType>>;
  /** Default: process.env over the file `.env` beside the configuration. */
  readonly environment?: NodeJS.ProcessEnv;
};

/** @throws SyncError CONFIG_INVALID that names file, place, what is wrong and what to write instead, for every problem. */
export async function loadConfig(options: LoadOptions): Promise<SyncConfig> {
  const path = findConfig(options.path);
  const written = await runConfig(path);
  const environment = environmentOf(path, options.environment);
  return parseConfig({ path, written, environment, sourceKinds: options.sourceKinds });
}

/** The pure part of `loadConfig`: `written` is what `defineSync` was given. */
export function parseConfig(given: {
  path: string;
  written: unknown;
  environment: Environment;
  sourceKinds: Readonly<Record<string, z.ZodType>>;
}): SyncConfig {
  const { path, written, environment, sourceKinds } = given;
  const { value, problems } = resolveEnv(written, environment);
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) {
    throw configInvalid(
      path,
      merge(problems, problemsOf(parsed.error, { schema: configSchema, written, at: [] })),
    );
  }
  const resolved = resolveConfig({ path, parsed: parsed.data, written, sourceKinds, environment });
  const all = merge(problems, resolved.problems);
  if (all.length > 0) throw configInvalid(path, all);
  return resolved.config;
}

/** A place that the environment left empty has one problem, not also that it is missing. */
function merge(first: readonly Problem[], then: readonly Problem[]): Problem[] {
  const places = new Set(first.map(({ path }) => path.join('\0')));
  return [...first, ...then.filter(({ path }) => !places.has(path.join('\0')))];
}

const CONFIG_NAMES = [
  'syncline.config.ts',
  'syncline.config.mts',
  'syncline.config.js',
  'syncline.config.mjs',
];

function findConfig(given: string): string {
  const path = resolve(given);
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const candidates = isFolder ? CONFIG_NAMES.map((name) => join(path, name)) : [path];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new SyncError('CONFIG_INVALID', {
    message: `There is no configuration: ${candidates[0]} does not exist`,
    remedy: 'Run `syncline init` to make one, or name the file with --config.',
  });
}

async function runConfig(path: string): Promise<unknown> {
  let loaded: unknown;
  try {
    const jiti = createJiti(path, {
      virtualModules: await ownModules(path),
      moduleCache: false,
      fsCache: false,
      interopDefault: false,
    });
    loaded = await jiti.import(path);
  } catch (error) {
    throw new SyncError('CONFIG_INVALID', {
      message: `${path} cannot be run: ${redact(error instanceof Error ? error.message : String(error))}`,
      remedy: 'Correct the file, then run `syncline check`.',
      cause: error,
    });
  }
  const config: unknown = (loaded as { default?: unknown } | null)?.default;
  if (typeof config === 'object' && config !== null) return config;
  throw new SyncError('CONFIG_INVALID', {
    message: `${path} has no default export that is a configuration`,
    remedy: 'Write `export default defineSync({ … })`.',
  });
}

/**
 * `import … from 'syncline'` always means this copy, installed or not. zod is the user's own where there is one, else
 * ours: a strict package manager does not show dependencies of dependencies. Both are loaded already: to find and compile
 * them again would take longer than all else of a short command.
 */
async function ownModules(path: string): Promise<Record<string, unknown>> {
  const syncline: unknown = await import('../index.ts');
  return hasOwnZod(path) ? { syncline } : { syncline, zod: await import('zod') };
}

function hasOwnZod(path: string): boolean {
  try {
    createRequire(path).resolve('zod');
    return true;
  } catch {
    return false;
  }
}

/** What `env()` references of a configuration mean: the process's variables, over the file `.env` beside it. */
export function environmentOf(configPath: string, variables: Environment = process.env): Environment {
  return { ...envFile(configPath), ...variables };
}

function envFile(path: string): Environment {
  const file = join(dirname(path), '.env');
  return existsSync(file) ? (parseEnv(readFileSync(file, 'utf8')) as Environment) : {};
}
