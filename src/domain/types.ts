/**
 * PostgreSQL types by name: one spelling (that of format_type()), what user functions see of them,
 * which of them can be keys, and which can hold all values of another.
 */

export type TypeName = {
  /** Without length and array marks: `numeric`, `timestamp with time zone`, `hr.mood`. */
  readonly base: string;
  /** Length, or precision and scale; empty: unconstrained. */
  readonly modifiers: readonly number[];
  readonly array: boolean;
};

const ALIASES: Readonly<Record<string, string>> = {
  int2: 'smallint',
  smallserial: 'smallint',
  int: 'integer',
  int4: 'integer',
  serial: 'integer',
  int8: 'bigint',
  bigserial: 'bigint',
  float4: 'real',
  float8: 'double precision',
  float: 'double precision',
  decimal: 'numeric',
  dec: 'numeric',
  bool: 'boolean',
  varchar: 'character varying',
  'char varying': 'character varying',
  char: 'character',
  varbit: 'bit varying',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
};

/** The parts of a type's name, in any of PostgreSQL's spellings. */
export function parseType(type: string): TypeName {
  const spaced = type.trim().replace(/\s+/g, ' ');
  const bare = spaced.replace(/^pg_catalog\./i, '').replace(/(?: ?\[\d*\])+$/, '');
  const modifier = / ?\( ?(-?\d+)(?: ?, ?(-?\d+))? ?\)/.exec(bare);
  const plain = modifier === null ? bare : bare.replace(modifier[0], '').trim();
  // A quoted or qualified name is somebody's own type: it stays as it is written.
  const own = /["']|\./.test(plain);
  const name = own ? plain : plain.toLowerCase();
  const modifiers =
    modifier === null ? [] : [modifier[1], modifier[2]].flatMap((n) => (n === undefined ? [] : Number(n)));
  return { ...withDefaults(ALIASES[name] ?? name, name, modifiers), array: spaced.endsWith(']') };
}

function withDefaults(base: string, written: string, modifiers: number[]): Omit<TypeName, 'array'> {
  if (written === 'float' && modifiers.length > 0) {
    return { base: (modifiers[0] as number) <= 24 ? 'real' : base, modifiers: [] };
  }
  if (base === 'numeric' && modifiers.length === 1) return { base, modifiers: [...modifiers, 0] };
  if ((base === 'character' || base === 'bit') && modifiers.length === 0) return { base, modifiers: [1] };
  return { base, modifiers };
}

/** A type as format_type() prints it: `varchar(20)` → `character varying(20)`, `timestamptz(3)` → `timestamp(3) with time zone`. */
export function normaliseType(type: string): string {
  return formatType(parseType(type));
}

function formatType({ base, modifiers, array }: TypeName): string {
  return withModifiers(base, modifiers) + (array ? '[]' : '');
}

function withModifiers(base: string, modifiers: readonly number[]): string {
  if (modifiers.length === 0) return base;
  const list = `(${modifiers.join(',')})`;
  const [first, ...rest] = base.split(' ');
  return /^(timestamp|time) with/.test(base) ? `${first}${list} ${rest.join(' ')}` : `${base}${list}`;
}

const NUMBERS = new Set(['smallint', 'integer', 'real', 'double precision']);

/** What user functions and `validate` see of a value that is not NULL. */
export function seesAs(type: string): 'number' | 'boolean' | 'text' {
  const { base, array } = parseType(type);
  if (array) return 'text';
  if (NUMBERS.has(base)) return 'number';
  return base === 'boolean' ? 'boolean' : 'text';
}

/**
 * Types that a key may have: equal values have one text, and their order in the mirror is that of the source. Floats
 * are not among them (-0 and 0 are equal, NaN is not itself everywhere), json has no order, and a boolean's text is
 * `t` where it is copied and `true` where it is cast.
 */
const KEY_TYPES: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'text',
  'character varying',
  'character',
  'bpchar',
  'name',
  'uuid',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
  'bytea',
]);

export function canBeKey(type: string): boolean {
  const { base, array } = parseType(type);
  return !array && KEY_TYPES.has(base);
}

/** Types whose values say when something happened. */
export function isTimeType(type: string): boolean {
  const { base, array } = parseType(type);
  return !array && /^(date|timestamp with(out)? time zone)$/.test(base);
}

/**
 * Can a column of `mirrorType` hold every value of `sourceType`? 'yes': as it is. 'widen': not yet, but changing the
 * column to `sourceType` loses nothing that it holds now. 'no': a value could be lost either way.
 */
export function canHold(mirrorType: string, sourceType: string): 'yes' | 'widen' | 'no' {
  const mirror = parseType(mirrorType);
  const source = parseType(sourceType);
  if (holds(mirror, source)) return 'yes';
  return holds(source, mirror) && widensInPlace(source, mirror) ? 'widen' : 'no';
}

/** ALTER TYPE to text would be lossless for most types, but it is another column then: a person decides. */
function widensInPlace(to: TypeName, from: TypeName): boolean {
  return familyOf(to) === familyOf(from) && !(from.base === 'character' && to.base !== 'character');
}

/** Do values of the two types have the same order and the same text, as far as both can hold them? */
export function sameOrder(a: string, b: string): boolean {
  return familyOf(parseType(a)) === familyOf(parseType(b));
}

const INTEGERS = ['smallint', 'integer', 'bigint'];
const INTEGER_DIGITS: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 };
const CHARACTERS = new Set(['text', 'character varying', 'character', 'bpchar', 'name']);

function familyOf({ base }: TypeName): string {
  if (INTEGERS.includes(base) || base === 'numeric') return 'exact number';
  if (base === 'real' || base === 'double precision') return 'float';
  if (base === 'bit' || base === 'bit varying') return 'bits';
  return CHARACTERS.has(base) ? 'characters' : base;
}

function holds(wide: TypeName, narrow: TypeName): boolean {
  if (formatType(wide) === formatType(narrow)) return true;
  if (isUnbounded(wide)) return true;
  if (wide.array !== narrow.array) return false;
  if (wide.base === narrow.base) return holdsModifiers(wide, narrow);
  if (wide.base === 'numeric' && INTEGERS.includes(narrow.base)) return holdsInteger(wide, narrow);
  if (INTEGERS.includes(wide.base))
    return INTEGERS.indexOf(wide.base) > INTEGERS.indexOf(narrow.base) && INTEGERS.includes(narrow.base);
  if (wide.base === 'double precision') return ['real', 'integer', 'smallint'].includes(narrow.base);
  if (wide.base === 'real') return narrow.base === 'smallint';
  if (wide.base === 'character varying') return holdsText(wide, narrow);
  if (wide.base === 'bit varying') return narrow.base === 'bit' && holdsModifiers(wide, narrow);
  if (wide.base === 'inet') return narrow.base === 'cidr';
  return false;
}

/** The text of any value is exact: enums, intervals, ranges, json and arrays too. */
function isUnbounded({ base, modifiers, array }: TypeName): boolean {
  return !array && modifiers.length === 0 && (base === 'text' || base === 'character varying');
}

/** Of PostgreSQL's seconds; other sources have more. */
const MICROSECONDS = 6;

/** Lengths and precisions of one base type; without one there is no limit. */
function holdsModifiers(wide: TypeName, narrow: TypeName): boolean {
  if (wide.base === 'numeric') return holdsNumeric(wide.modifiers, narrow.modifiers);
  // Padding makes a longer character(n) another text, and bit(n) takes its own length only.
  if (wide.base === 'character' || wide.base === 'bit') return false;
  const unlimited = /^(timestamp|time|interval)/.test(wide.base) ? MICROSECONDS : Number.POSITIVE_INFINITY;
  return (wide.modifiers[0] ?? unlimited) >= (narrow.modifiers[0] ?? unlimited);
}

function holdsNumeric(wide: readonly number[], narrow: readonly number[]): boolean {
  const [precision, scale] = wide;
  if (precision === undefined || scale === undefined) return true;
  const [narrowPrecision, narrowScale] = narrow;
  if (narrowPrecision === undefined || narrowScale === undefined) return false;
  return scale >= narrowScale && precision - scale >= narrowPrecision - narrowScale;
}

function holdsInteger(wide: TypeName, narrow: TypeName): boolean {
  const digits = INTEGER_DIGITS[narrow.base] as number;
  return holdsNumeric(wide.modifiers, [digits, 0]);
}

function holdsText(wide: TypeName, narrow: TypeName): boolean {
  const limit = wide.modifiers[0];
  if (limit === undefined) return true;
  if (narrow.base === 'name') return limit >= 63;
  return narrow.base === 'character' && limit >= (narrow.modifiers[0] ?? Number.POSITIVE_INFINITY);
}

const PARSED_FROM_TEXT = new Set(['text', 'character varying', 'character', 'bpchar', 'name']);
const ROUNDED: readonly ReadonlySet<string>[] = [
  new Set(['numeric', 'smallint', 'integer', 'bigint', 'real', 'double precision']),
  new Set(['timestamp without time zone', 'date']),
  new Set(['timestamp with time zone']),
  new Set(['time without time zone']),
  new Set(['time with time zone']),
  new Set(['interval']),
];

/**
 * Is `type` a narrower form of `sourceType` that a user may ask for with `rounding`: digits or fractions of seconds
 * are rounded, values that do not fit at all go to quarantine. Text may be read as any type.
 */
export function canRound(type: string, sourceType: string): boolean {
  const to = parseType(type);
  const from = parseType(sourceType);
  if (to.array || from.array) return false;
  if (PARSED_FROM_TEXT.has(from.base)) return true;
  return ROUNDED.some((family) => family.has(to.base) && family.has(from.base));
}
