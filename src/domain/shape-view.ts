/** The rows that user functions see, built from a tuple of COPY binary or from a row of texts. */
import type { EntityPlan } from './entity.ts';
import { SyncError } from './errors.ts';
import type { Tuples } from './pg-binary.ts';
import { decoderOf, wireTypeOf } from './pg-binary-decode.ts';
import type { TextRow } from './pg-text.ts';
import type { Row, Value } from './row.ts';

/** Builds a plain object from a row and from what `compute` gave for it. */
export type View<S> = (source: S, computed: readonly Value[]) => Row;

/** A column of a view: the index of a read column, or of a computed one. */
export type ViewColumn = {
  readonly name: string;
  readonly type: string;
  readonly field: number | null;
  readonly computed: number | null;
};

/** `compute` sees every read column under its source name. */
export function sourceViewColumns(plan: EntityPlan): ViewColumn[] {
  return plan.readColumns.map(({ name, mirrorType }, field) => ({
    name,
    type: mirrorType ?? 'text',
    field,
    computed: null,
  }));
}

/**
 * `validate` sees the loaded columns under their mirror names and as their mirror types have them; a zod object only
 * the keys that it names.
 */
export function mirrorViewColumns(plan: EntityPlan): ViewColumn[] {
  const wanted = zodKeys(plan.spec.validate);
  const computedNames = computedColumns(plan).map(({ name }) => name);
  return plan.loadColumns
    .map(({ name, type, from }) => ({
      name,
      type,
      field: from === null ? null : fieldOf(plan, from),
      computed: from === null ? computedNames.indexOf(name) : null,
    }))
    .filter(({ name }) => wanted === null || wanted.has(name));
}

export function computedColumns(plan: EntityPlan): EntityPlan['loadColumns'] {
  return plan.loadColumns.filter(({ role }) => role === 'compute');
}

export function fieldOf(plan: EntityPlan, sourceName: string): number {
  const field = plan.readColumns.findIndex(({ name }) => name === sourceName);
  if (field === -1) {
    throw new SyncError('INTERNAL', {
      message: `Entity ${plan.spec.entity}: column ${sourceName} is not read`,
    });
  }
  return field;
}

/**
 * The keys of a zod object that ignores all others (no catchall, as `strict` and `loose` objects have one): what it
 * does not name need not be decoded. null: the validator may look at anything.
 */
function zodKeys(schema: unknown): ReadonlySet<string> | null {
  const def = (schema as { _zod?: { def?: { type?: string; catchall?: unknown; shape?: object } } } | null)
    ?._zod?.def;
  if (def?.type !== 'object' || def.catchall !== undefined || def.shape === undefined) return null;
  return new Set(Object.keys(def.shape));
}

export function binaryView(columns: readonly ViewColumn[]): View<Tuples> {
  const readers = columns.map(({ name, type }) => {
    const decoder = decoderOf(type);
    if (decoder !== null) return decoder.seen;
    throw new SyncError('INTERNAL', { message: `Column ${name} of type ${type} has no decoder` });
  });
  const field = (at: number, i: number): string =>
    `source.ends[${at}] < 0 ? null : read${i}(source, source.starts[${at}], source.ends[${at}])`;
  return generate(columns, readers, field);
}

export function textView(columns: readonly ViewColumn[]): View<TextRow> {
  const readers = columns.map(({ type }) => textReader(type));
  const field = (at: number, i: number): string =>
    readers[i] === null ? `source[${at}]` : `source[${at}] === null ? null : read${i}(source[${at}])`;
  return generate(columns, readers, field);
}

/**
 * Writes the function out as code, with an object literal of the columns. A loop that assigns by name took 30 % more
 * of the whole shaping with zod, and more with several entities in a process, which here have a function each. The
 * only texts of others in the code are names, quoted as JSON; a computed `["__proto__"]` is a property like any
 * other, where a plain one would set the prototype.
 */
function generate<S>(
  columns: readonly ViewColumn[],
  readers: readonly unknown[],
  fieldCode: (at: number, i: number) => string,
): View<S> {
  const properties = columns.map(({ name, field, computed }, i) => {
    const key = name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
    return `${key}: ${field === null ? `computed[${computed}]` : fieldCode(field, i)}`;
  });
  const parameters = readers.map((_, i) => `read${i}`);
  const code = `return (source, computed) => ({ ${properties.join(', ')} });`;
  return new Function(...parameters, code)(...readers) as View<S>;
}

const asNumber = (text: string): Value => Number(text);

function textReader(type: string): ((text: string) => Value) | null {
  const wire = wireTypeOf(type);
  if (wire === 'bool') return booleanOf;
  return wire === 'int2' || wire === 'int4' || wire === 'float4' || wire === 'float8' ? asNumber : null;
}

/** As PostgreSQL reads booleans; what it refuses stays text, for the validator and the load to refuse. */
export function booleanOf(text: string): Value {
  if (text === 't' || text === 'true') return true;
  if (text === 'f' || text === 'false') return false;
  if (/^\s*(?:tr?u?e?|ye?s?|on|1)\s*$/i.test(text)) return true;
  return /^\s*(?:fa?l?s?e?|no?|off?|0)\s*$/i.test(text) ? false : text;
}
