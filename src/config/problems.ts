/** What is wrong with a configuration: where, what, and what to write instead. */
import type { z } from 'zod';
import { closest } from '../domain/closest.ts';
import { isEnvRef } from '../domain/env-ref.ts';
import { SyncError } from '../domain/errors.ts';
import { isSecret } from './secret-names.ts';

export type Path = readonly PropertyKey[];

export type Problem = {
  readonly path: Path;
  /** Reads on from the path: `is missing`. */
  readonly problem: string;
  /** What to write instead. */
  readonly fix: string | null;
};

export function configInvalid(file: string, problems: readonly Problem[]): SyncError {
  const lines = problems.map(
    ({ path, problem, fix }) => `  ${pathText(path)} ${problem}.${fix === null ? '' : ` ${fix}`}`,
  );
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new SyncError('CONFIG_INVALID', {
    message: `${file} has ${count}:\n${lines.join('\n')}`,
    details: {
      file,
      problems: problems.map(({ path, problem, fix }) => ({ path: pathText(path), problem, fix })),
    },
    remedy: 'Correct the file, then run `syncline check`.',
  });
}

/** `pipelines.hr.entities.employees.columns["full name"].from`, `key[1]` */
export function pathText(path: Path): string {
  if (path.length === 0) return 'The configuration';
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = String(part);
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || isEnvRef(value)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

export type Checked = {
  readonly schema: z.ZodType;
  /** As the user wrote it, with its env references: what is repeated in a message comes from here, so never a secret. */
  readonly written: unknown;
  /** Where `schema` applies in `written`. */
  readonly at: Path;
  /** Keys beside those of the schema that may be there. */
  readonly alsoKnown?: readonly string[];
};

export function problemsOf(error: z.ZodError, checked: Checked): Problem[] {
  return error.issues.flatMap((issue) => issueProblems(issue, [], checked));
}

type Issue = z.core.$ZodIssue;

function issueProblems(issue: Issue, base: Path, checked: Checked): Problem[] {
  const local = [...base, ...issue.path];
  const path = [...checked.at, ...local];
  if (issue.code === 'unrecognized_keys') {
    const known = [
      ...keysAt(checked.schema, local),
      ...(local.length === 0 ? (checked.alsoKnown ?? []) : []),
    ];
    return issue.keys.map((key) => ({
      path: [...path, key],
      problem: 'is not an option',
      fix: meant(key, known),
    }));
  }
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors);
    if (branch !== null) return branch.flatMap((inner) => issueProblems(inner, local, checked));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => ({ path, problem: inner.message, fix: fixOf(inner) }));
  }
  const written = valueAt(checked.written, path);
  const literal = isSecret(path) ? '' : shown(written);
  const fix = fixOf(issue) ?? choice(issue, written) ?? exampleOf(path);
  return [{ path, problem: `${messageOf(issue, written)}${literal}`, fix }];
}

/** For options that are missing or of another kind altogether, by name or by the last two parts of the path. */
const EXAMPLES: Readonly<Record<string, string>> = {
  store: "store: { url: env('DATABASE_URL') }",
  url: "url: env('DATABASE_URL'), with a name of your own",
  sources: "sources: { main: { kind: 'postgres', url: env('SOURCE_URL') } }",
  kind: "kind: 'postgres'",
  pipelines: 'pipelines: { name: { source, entities } }',
  source: "source: 'main', a name of `sources`",
  entities: 'entities: { name: { read, key, mirror } }',
  read: "read: { table: 'schema.table' } or { sql: 'SELECT …' }",
  key: "key: 'id' or ['first', 'second'], the columns that identify a row",
  mirror: "mirror: 'schema.table', the table of the store that holds the rows",
  by: "by: ['amount', 'reference'], the mirror columns that make rows the same",
  within: "within: '5 minutes'",
  at: "at: 'sold_at', the mirror column with the row’s time",
  every: "every: '1 minute'",
  column: "column: 'deleted_at', a source column",
  mode: "mode: 'verify-full'",
  chunkRows: 'chunkRows: 50000',
  'webhook.secret': "secret: env('WEBHOOK_SECRET'), which the receiver has too",
  'slack.url': "url: env('SLACK_WEBHOOK_URL')",
  'smtp.host': "host: 'smtp.example.com'",
  'smtp.from': "from: 'Syncline <syncline@example.com>'",
  'smtp.recipients': "recipients: { default: ['team@example.com'] }",
  'recipients.default': "default: ['team@example.com'], who decides unless roles or people say otherwise",
};

function exampleOf(path: Path): string | null {
  const [parent, name] = [String(path.at(-2)), String(path.at(-1))];
  const found = [`${parent}.${name}`, name].find((key) => Object.hasOwn(EXAMPLES, key));
  return found === undefined ? null : `Write ${EXAMPLES[found]}.`;
}

/** Of a union, the branch that the value was meant for: the one that does not fail at its root. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const deep = branches.filter((issues) => issues.length > 0 && !issues.some(failsAtRoot));
  return deep.length === 1 ? (deep[0] as readonly Issue[]) : null;
}

function failsAtRoot(issue: Issue): boolean {
  return (
    issue.path.length === 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_union' || issue.code === 'invalid_value')
  );
}

function messageOf(issue: Issue, written: unknown): string {
  if (issue.code === 'invalid_type') {
    if (written === undefined) return 'is missing';
    const message = issue.message.startsWith('Invalid input')
      ? `must be ${typeName(issue.expected)}`
      : issue.message;
    return written !== null && (typeof written === 'string' || typeof written === 'number')
      ? message
      : `${message}, not ${kindOf(written)}`;
  }
  if (written === undefined && (issue.code === 'invalid_union' || issue.message === 'Invalid input'))
    return 'is missing';
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid'))
    return 'is not one of the choices';
  return issue.message;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

const typeName = (type: string): string => TYPE_NAMES[type] ?? type;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (isEnvRef(value)) return 'env()';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  return typeName(typeof value);
}

/** Literals help to find the place; anything long, or from the environment, is not repeated. */
function shown(written: unknown): string {
  if (typeof written === 'string' && written.length <= 60 && !written.includes('://'))
    return ` (it is ${JSON.stringify(written)})`;
  return typeof written === 'number' ? ` (it is ${written})` : '';
}

function fixOf(issue: Issue): string | null {
  const params: { fix?: unknown } | undefined = issue.code === 'custom' ? issue.params : undefined;
  return typeof params?.fix === 'string' ? params.fix : null;
}

function choice(issue: Issue, written: unknown): string | null {
  if (issue.code !== 'invalid_value') return null;
  const values = issue.values.map(String);
  const guess = typeof written === 'string' ? closest(written, values) : null;
  return guess === null
    ? `Write one of: ${values.map((value) => `'${value}'`).join(', ')}.`
    : `Did you mean '${guess}'?`;
}

/** The end of a message about a name that does not exist. */
export function meant(written: string, known: readonly string[]): string {
  const guess = closest(written, known);
  if (guess !== null) return `Did you mean "${guess}"?`;
  return known.length === 0 ? 'There is none to choose from.' : `Choose from: ${known.join(', ')}.`;
}

/** Names of the options that an object at this place can have. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let here: Definition[] = [definitionOf(schema)];
  for (const part of path) here = here.flatMap((definition) => below(definition, part));
  return here.flatMap((definition) => unwrap(definition).flatMap(({ shape }) => Object.keys(shape ?? {})));
}

type Definition = {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
};

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** Through optional, default, transform and union, to what an object can be. */
function unwrap(definition: Definition): Definition[] {
  const inner = definition.innerType ?? definition.in;
  if (inner !== undefined) return unwrap(definitionOf(inner));
  return definition.options === undefined
    ? [definition]
    : definition.options.flatMap((option) => unwrap(definitionOf(option)));
}

function below(definition: Definition, part: PropertyKey): Definition[] {
  return unwrap(definition).flatMap(({ shape, valueType, element }) => {
    const next = shape?.[String(part)] ?? valueType ?? element;
    return next === undefined ? [] : [definitionOf(next)];
  });
}
