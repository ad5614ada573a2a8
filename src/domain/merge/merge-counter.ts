/**
 * Merge of counters: what each side added is added. Decimals of any length, exact; no floating point.
 *
 * An operation of a counter is `{op: 'add', by: '-2.50'}`, a decimal as text or a JSON number. A list of them needs no
 * base.
 */
import { z } from 'zod';
import { parseDecimal } from '../values.ts';
import type { Json } from './json.ts';
import { agreed, clashed, type MergeContext, type Outcome, type Versions } from './outcome.ts';
import { type Parsed, parseOperations } from './parse-operations.ts';

/** units × 10^-scale. */
type Amount = { readonly units: bigint; readonly scale: number };

/** No numeric of PostgreSQL has more digits. */
const MAX_DIGITS = 150_000;
const ZERO: Amount = { units: 0n, scale: 0 };

const counterOperation = z.strictObject({
  op: z.literal('add', 'must be add: operations of a counter have this one'),
  by: z
    .custom<string | number>((by) => typeof by === 'string' || typeof by === 'number', 'must be a number')
    .refine((by) => amountOf(by) !== null, 'must be a decimal number'),
});

/** What the operations add. */
export function readCounterOperations(operations: readonly unknown[]): Parsed<Json> {
  const parsed = parseOperations(counterOperation, operations);
  if (!parsed.ok) return parsed;
  const sum = parsed.value.reduce((total, { by }) => add(total, amountOf(by) ?? ZERO), ZERO);
  return { ok: true, value: textOf(sum) };
}

/** The server's value and a delta, a decimal text. */
export function addToCounter(server: Json, delta: Json, context: MergeContext): Outcome {
  const now = amountOf(server);
  const by = amountOf(delta);
  if (now === null || by === null) return noCounter(server, context);
  return agreed(valueOfSum(add(now, by), typeof server === 'number' ? 'number' : 'text'));
}

export function mergeCounter({ base, server, client }: Versions, context: MergeContext): Outcome {
  const was = amountOf(base);
  const now = amountOf(server);
  const wanted = amountOf(client);
  if (was === null || now === null || wanted === null) return noCounter(server, context);
  const sum = add(now, add(wanted, { units: -was.units, scale: was.scale }));
  const bothNumbers = typeof server === 'number' && typeof client === 'number';
  // The sum keeps the decimals that people see: 10.50 + 1 is 11.50.
  const shown = trimTo(sum, Math.max(now.scale, wanted.scale));
  return agreed(valueOfSum(shown, bothNumbers ? 'number' : 'text'));
}

function noCounter(server: Json | undefined, context: MergeContext): Outcome {
  return clashed(server, context, 'a counter needs numbers on both sides, and the number from before');
}

/** A number only where it is exact. */
function valueOfSum(sum: Amount, as: 'number' | 'text'): Json {
  const text = textOf(sum);
  const back = as === 'number' ? amountOf(Number(text)) : null;
  return back !== null && textOf(back) === textOf(trimTo(sum, 0)) ? Number(text) : text;
}

function amountOf(value: Json | undefined): Amount | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > MAX_DIGITS) return null;
  const decimal = parseDecimal(text);
  if (decimal === null) return null;
  const written = /^\s*[+-]?\d*\.(\d*)\s*$/.exec(text)?.[1]?.length ?? 0;
  const scale = Math.max(decimal.fraction.length, written);
  const digits = decimal.whole + decimal.fraction.padEnd(scale, '0');
  const units = BigInt(digits === '' ? '0' : digits);
  return { units: decimal.negative ? -units : units, scale };
}

function add(left: Amount, right: Amount): Amount {
  const scale = Math.max(left.scale, right.scale);
  return { units: scaled(left, scale) + scaled(right, scale), scale };
}

function scaled({ units, scale }: Amount, to: number): bigint {
  return units * 10n ** BigInt(to - scale);
}

/** Without zeros at the end beyond that many decimals. */
function trimTo({ units, scale }: Amount, atLeast: number): Amount {
  const digits = units.toString();
  let zeros = 0;
  while (zeros < scale - atLeast && (units === 0n || digits.at(-1 - zeros) === '0')) zeros++;
  return { units: units / 10n ** BigInt(zeros), scale: scale - zeros };
}

function textOf({ units, scale }: Amount): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}
