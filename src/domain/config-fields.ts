/** Fields that occur in many places of the configuration, each with a message that says what to write instead. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import { DURATION_EXAMPLES, type Duration, parseDuration, parseSize, type Size } from './duration.ts';
import type { EnvRef } from './env-ref.ts';
import { isTimeZone } from './wall-time.ts';

/** An object whose unknown keys are errors. */
export const section = z.strictObject;

/** The second half of a message, "what to write instead", travels in the issue's params. */
export function problem(
  message: string,
  fix: string,
): { code: 'custom'; message: string; params: { fix: string } } {
  return { code: 'custom', message, params: { fix } };
}

/** Refuses a value with `problem` when `check` gives one. */
export function checked<T extends z.ZodType>(
  schema: T,
  check: (value: z.output<T>) => ReturnType<typeof problem> | null,
): T {
  return schema.check((context) => {
    const found = check(context.value as z.output<T>);
    if (found !== null) context.issues.push({ ...found, input: context.value });
  });
}

const plainText = checked(z.string(), (value) =>
  value.trim() === '' ? problem('is empty', 'Write a value.') : null,
);

/** Text that may come from the environment. */
export const text = plainText as z.ZodType<string, string | EnvRef>;

/** A secret: the loader refuses it as a literal, so does the type. */
export const secret = plainText as unknown as z.ZodType<string, EnvRef>;

/** Text that is written in the configuration, such as names. */
export const word = plainText;

/** One name or several, always a list afterwards. */
export const names = z
  .union([word, z.array(word).min(1, { error: 'is an empty list' })], {
    error: 'must be a column name or a list of column names',
  })
  .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));

/** Empty texts have been refused before. @param noLogin what to do about a user or password in it. */
export function whyNoUrl(value: string, noLogin: string): ReturnType<typeof problem> | null {
  if (value.trim() === '') return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return problem('is no HTTP address', 'Write one that begins with https:// or http://.');
  }
  return url.username === '' && url.password === '' ? null : problem('has a user or password in it', noLogin);
}

export const duration = z.string().transform((value, context) => {
  const ms = parseDuration(value);
  if (ms !== null) return ms;
  context.addIssue(problem('is not a duration', `Write a number and a unit, such as ${DURATION_EXAMPLES}.`));
  return z.NEVER;
}) as unknown as z.ZodType<number, Duration>;

export const size = z
  .union([z.int().positive(), z.string()], { error: 'must be a number of bytes or a size' })
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseSize(value);
    if (bytes !== null && bytes > 0) return bytes;
    context.addIssue(problem('is not a size', "Write a number and a unit, such as '64 MB' or '512 kB'."));
    return z.NEVER;
  }) as unknown as z.ZodType<number, number | Size>;

export const timeZone = checked(z.string(), (value) =>
  isTimeZone(value)
    ? null
    : problem('is no time zone that is known here', "Write an IANA name, such as 'Europe/Berlin' or 'UTC'."),
) as z.ZodType<string, string | EnvRef>;

export function count(bounds: { min: number; max: number }) {
  const range = `Write a whole number from ${bounds.min} to ${bounds.max}.`;
  return checked(z.number(), (value) =>
    Number.isInteger(value) && value >= bounds.min && value <= bounds.max
      ? null
      : problem('is out of range', range),
  );
}

export function pureFunction<T extends (...args: never[]) => unknown>(shape: string) {
  return z.custom<T>((value) => typeof value === 'function', {
    error: (issue) => (issue.input === undefined ? undefined : `must be a function ${shape}`),
  });
}

/** Any validator of the Standard Schema: zod, valibot, arktype (a function) … */
export const validator = z.custom<StandardSchemaV1<unknown, unknown>>(
  (value) =>
    ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value,
  { error: 'must be a validator, such as z.object({ … }); any Standard Schema will do' },
);

/** A type's name goes into DDL as it is, so nothing else may hide in it. */
const TYPE_NAME = /^[a-z_"][\w ."]*(\(\s*-?\d+(\s*,\s*-?\d+)?\s*\))?( with(out)? time zone)?(\s*\[\s*\])?$/i;

export const typeName = checked(word, (value) =>
  TYPE_NAME.test(value.trim())
    ? null
    : problem(
        'is not the name of a PostgreSQL type',
        "Write a type such as 'text', 'numeric(12,2)' or 'timestamptz'.",
      ),
);
