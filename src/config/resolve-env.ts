/** Puts the environment's values where the configuration has references to them, and refuses secrets written out. */
import { type EnvRef, isEnvRef } from '../domain/env-ref.ts';
import { hasUrlPassword, registerSecret, registerUrlSecret } from '../domain/redact.ts';
import type { Path, Problem } from './problems.ts';
import { isSecret } from './secret-names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Resolved = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
};

/** Sections that can hold secrets; `pipelines` has names and functions only. */
const WITH_SECRETS = new Set<PropertyKey>(['store', 'temporal', 'notifications', 'sources']);

/** Values of secrets are registered for redaction on the way. */
export function resolveEnv(written: unknown, environment: Environment): Resolved {
  const problems: Problem[] = [];
  const value = resolve(written, [], { environment, problems });
  return { value, problems };
}

type Work = { readonly environment: Environment; readonly problems: Problem[] };

function resolve(written: unknown, path: Path, work: Work): unknown {
  if (isEnvRef(written)) return resolveRef(written, path, work);
  if (typeof written === 'string' || typeof written === 'number') return checkLiteral(written, path, work);
  if (Array.isArray(written)) return written.map((item, i) => resolve(item, [...path, i], work));
  if (!isPlain(written)) return written;
  return Object.fromEntries(
    Object.entries(written).map(([key, item]) => [key, resolve(item, [...path, key], work)]),
  );
}

function resolveRef(ref: EnvRef, path: Path, work: Work): unknown {
  const given = work.environment[ref.name];
  const value = given === undefined || given === '' ? ref.default : given;
  if (value === undefined) {
    work.problems.push({
      path,
      problem: `needs the environment variable ${ref.name}, which is not set`,
      fix: 'Set it, or put it into a file .env beside the configuration.',
    });
    return undefined;
  }
  if (ref.default !== undefined && (isSecret(path) || hasUrlPassword(ref.default))) {
    work.problems.push({
      path,
      problem: 'has a secret as its default',
      fix: `Write env('${ref.name}') without a default.`,
    });
  }
  if (isSecret(path)) registerSecret(value);
  registerUrlSecret(value);
  return value;
}

function checkLiteral<T extends string | number>(written: T, path: Path, work: Work): T {
  if (!WITH_SECRETS.has(path[0] as PropertyKey)) return written;
  const text = String(written);
  const what = isSecret(path) ? 'is a secret' : hasUrlPassword(text) ? 'has a password in it' : null;
  if (what === null) return written;
  // Whatever is printed from now on, the value that stands in the file is not.
  if (isSecret(path)) registerSecret(text);
  registerUrlSecret(text);
  const name = path.map(String).slice(-2).join('_').replace(/\W/g, '_').toUpperCase();
  const fix = `Write env('${name}') and set that variable.`;
  work.problems.push({ path, problem: `${what}, so it may not stand in the file`, fix });
  return written;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || '~standard' in value) return false;
  // The configuration may come from another realm, whose Object is not ours.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
