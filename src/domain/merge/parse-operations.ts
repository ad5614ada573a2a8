/** Lists of operations as devices send them: checked one by one, with errors that say which one is wrong. */
import { z } from 'zod';
import type { Json } from './json.ts';
import { isJson } from './json-values.ts';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /** `problem` holds no values. */
  | { readonly ok: false; readonly problem: string };

/** Longer lists are refused; a device sends the value instead. */
const MAX_OPERATIONS = 10_000;

/** zod's own record and JSON types drop a property named `__proto__`: values pass as they are. */
export const jsonValue = z.custom<Json>(
  (value) => isJson(value),
  'must be a JSON value, 100 levels deep at most',
);

const POSITION = 'must be a whole number, 0 or more';
export const position = z.int(POSITION).min(0, POSITION);

export function parseOperations<T>(
  schema: z.ZodType<T>,
  operations: readonly unknown[],
): Parsed<readonly T[]> {
  if (operations.length > MAX_OPERATIONS) {
    return { ok: false, problem: `it has more than ${MAX_OPERATIONS} operations: send the value instead` };
  }
  const parsed: T[] = [];
  for (const [index, operation] of operations.entries()) {
    const result = schema.safeParse(operation);
    if (!result.success) return invalid(index, describe(result.error));
    parsed.push(result.data);
  }
  return { ok: true, value: parsed };
}

/** `index` counts from 0, the message from 1. */
export function invalid(index: number, problem: string): { ok: false; problem: string } {
  return { ok: false, problem: `operation ${index + 1}: ${problem}` };
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'not understood';
  if (issue.code === 'unrecognized_keys') return 'has a property that its kind does not have';
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')} ${issue.message}`;
}
