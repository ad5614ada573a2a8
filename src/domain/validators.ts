/** zod helpers for values that Syncline keeps as text: they judge without losing a digit. */
import { z } from 'zod';
import { compareDecimals, type Decimal, parseDecimal, shortDecimal, timestampMicros } from './values.ts';

type Bound = string | number | bigint;

export type DecimalRules = {
  /** Lowest value allowed. Write it as text where a JavaScript number would round it. */
  readonly min?: Bound;
  /** Highest value allowed. */
  readonly max?: Bound;
  /** Most digits behind the point that count; trailing zeros do not. */
  readonly scale?: number;
  /** 'allow': NaN, Infinity and -Infinity are numbers too, and outside every bound. */
  readonly nonFinite?: 'allow';
};

const NON_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);

/**
 * A number as exact text: numeric, int8 and money columns. `decimal({ min: '0', scale: 2 })`
 * @throws RangeError at once when a rule is no number.
 */
export function decimal(rules: DecimalRules = {}): z.ZodString {
  const min = rules.min === undefined ? null : boundOf(rules.min);
  const max = rules.max === undefined ? null : boundOf(rules.max);
  const bounded = min !== null || max !== null;
  const isPlainlyGood = shortDecimalRule(rules);
  return judged((text) => {
    if (isPlainlyGood(text)) return null;
    if (rules.nonFinite === 'allow' && NON_FINITE.has(text))
      return bounded ? 'must be a finite number' : null;
    const value = parseDecimal(text);
    if (value === null) return 'must be a number';
    if (min !== null && compareDecimals(value, min) < 0) return `must be at least ${rules.min}`;
    if (max !== null && compareDecimals(value, max) > 0) return `must be at most ${rules.max}`;
    if (rules.scale === undefined || value.fraction.length <= rules.scale) return null;
    return `must have at most ${rules.scale} digits behind the point`;
  });
}

/** true: the text keeps the rules. false says nothing: most values of most tables never get further than this. */
function shortDecimalRule({
  min,
  max,
  scale = Number.POSITIVE_INFINITY,
}: DecimalRules): (text: string) => boolean {
  const low = min === undefined ? Number.NEGATIVE_INFINITY : shortDecimal(String(min));
  const high = max === undefined ? Number.POSITIVE_INFINITY : shortDecimal(String(max));
  // A bound that is not short is NaN here, and nothing compares with that.
  return (text) => {
    const value = shortDecimal(text);
    if (!(value >= low && value <= high)) return false;
    return (
      scale === Number.POSITIVE_INFINITY ||
      text.length - text.indexOf('.') - 1 <= scale ||
      !text.includes('.')
    );
  };
}

function boundOf(bound: Bound): Decimal {
  const value = parseDecimal(String(bound));
  if (value === null) throw new RangeError(`decimal(): ${bound} is no number`);
  return value;
}

export type InstantRules = {
  /** The value must be later than this. ISO text; UTC unless it names an offset. */
  readonly after?: string;
  /** The value must be earlier than this. */
  readonly before?: string;
};

/**
 * A timestamp or date as PostgreSQL prints it. `infinity` is later and `-infinity` earlier than everything.
 * @throws RangeError at once when a rule is no timestamp.
 */
export function instant(rules: InstantRules = {}): z.ZodString {
  const after = rules.after === undefined ? null : microsOf(rules.after);
  const before = rules.before === undefined ? null : microsOf(rules.before);
  return judged((text) => {
    const value = timestampMicros(text);
    if (value === null) return 'must be a timestamp or a date';
    if (after !== null && value <= after) return `must be after ${rules.after}`;
    if (before !== null && value >= before) return `must be before ${rules.before}`;
    return null;
  });
}

function microsOf(text: string): bigint {
  const micros = timestampMicros(text);
  if (micros === null) throw new RangeError(`instant(): ${text} is no timestamp`);
  return micros;
}

/** Messages never repeat the value: they go where values must not. */
function judged(whyNot: (text: string) => string | null): z.ZodString {
  return z.string().check((context) => {
    const message = whyNot(context.value);
    if (message !== null) context.issues.push({ code: 'custom', message, input: context.value });
  });
}
