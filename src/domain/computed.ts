/** What `compute` may give for a column of each type, and what becomes of it. */

import { wireTypeOf } from './pg-binary-decode.ts';
import type { Value } from './row.ts';

/** Says what is wrong with a result, without the value. */
export class ComputeProblem extends Error {}

/** Checks a result and gives the value that `validate` sees and that is stored. Throws ComputeProblem. */
export type ResultCheck = (result: unknown) => Value;

export function resultCheckOf(type: string): ResultCheck {
  const check = CHECKS[wireTypeOf(type) ?? 'text'] ?? textOnly;
  return (result) => {
    if (result === null) return null;
    if (typeof result === 'string' || typeof result === 'number' || typeof result === 'boolean') {
      return check(result, type);
    }
    throw new ComputeProblem(`gave ${nameOf(result)} for ${type}${hintFor(result)}`);
  };
}

/** The stored form as PostgreSQL reads it from text. */
export function computedText(value: Value): string | null {
  if (value === null || typeof value === 'string') return value;
  return Object.is(value, -0) ? '-0' : String(value);
}

type Check = (result: string | number | boolean, type: string) => Value;

const textOnly: Check = (result, type) => {
  if (typeof result === 'string') return result;
  throw new ComputeProblem(`gave a ${typeof result} for ${type}; give a string`);
};

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity)$|^nan$/i;

function smallInteger(min: number, max: number): Check {
  return (result, type) => {
    const value = typeof result === 'string' && INTEGER.test(result) ? Number(result) : result;
    if (typeof value !== 'number') throw new ComputeProblem(`gave a ${typeof result} that is no ${type}`);
    if (!Number.isInteger(value))
      throw new ComputeProblem(`gave a number that is no ${type}; round it first`);
    if (value < min || value > max) throw new ComputeProblem(`gave a number outside the range of ${type}`);
    return value === 0 ? 0 : value;
  };
}

const bigInteger: Check = (result, type) => {
  if (typeof result === 'number' && !Number.isSafeInteger(result)) {
    throw new ComputeProblem(`gave a number that is no exact ${type}; give its digits as a string`);
  }
  if (typeof result === 'boolean' || (typeof result === 'string' && !INTEGER.test(result))) {
    throw new ComputeProblem(`gave a ${typeof result} that is no ${type}`);
  }
  const value = BigInt(typeof result === 'string' ? result.replace('+', '') : result);
  if (BigInt.asIntN(64, value) !== value)
    throw new ComputeProblem(`gave a number outside the range of ${type}`);
  return String(value);
};

const decimal: Check = (result, type) => {
  if (typeof result === 'number') return computedText(result);
  if (typeof result === 'string' && DECIMAL.test(result)) return result;
  throw new ComputeProblem(`gave a ${typeof result} that is no ${type}`);
};

function float(fits: (value: number) => boolean): Check {
  return (result, type) => {
    const text = typeof result === 'string' && DECIMAL.test(result) ? result : null;
    const value = text === null ? result : Number(text.replace(/inf(inity)?/i, 'Infinity'));
    if (typeof value !== 'number') throw new ComputeProblem(`gave a ${typeof result} that is no ${type}`);
    if (Number.isFinite(value) && !fits(value)) {
      throw new ComputeProblem(`gave a number outside the range of ${type}`);
    }
    return value;
  };
}

const truth: Check = (result, type) => {
  if (typeof result === 'boolean') return result;
  throw new ComputeProblem(`gave a ${typeof result} for ${type}; give true or false`);
};

const CHECKS: Readonly<Record<string, Check>> = {
  bool: truth,
  int2: smallInteger(-32_768, 32_767),
  int4: smallInteger(-2_147_483_648, 2_147_483_647),
  int8: bigInteger,
  float4: float((value) => Number.isFinite(Math.fround(value))),
  float8: float(() => true),
  numeric: decimal,
};

function nameOf(result: unknown): string {
  if (result === undefined) return 'undefined';
  if (result instanceof Date) return 'a Date';
  if (isThenable(result)) return 'a promise';
  return typeof result === 'object' ? 'an object' : `a ${typeof result}`;
}

function hintFor(result: unknown): string {
  if (result === undefined) return '; give null for no value';
  if (result instanceof Date) return '; give ISO 8601 text';
  if (isThenable(result)) return '; compute may not be asynchronous';
  return typeof result === 'bigint' ? '; give its digits as a string' : '';
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
