/** The rows that user functions see, built from a tuple of COPY binary or from a row of texts. */
import type { EntityPlan, Row, Value } from './entity.ts';
import { SyncError } from './errors.ts';
import type { Tuples } from './pg-binary.ts';
import { decoderOf, type FieldReader, wireTypeOf } from './pg-binary-decode.ts';
import type { TextRow } from './pg-text.ts';

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

const PROTO = '__proto__';

export function binaryView(columns: readonly ViewColumn[]): View<Tuples> {
  const { plain, computed, proto } = partsOf(columns);
  const names = plain.map(({ name }) => name);
  const fields = plain.map(({ field }) => field as number);
  const readers = plain.map(binaryReader);
  const protoView = proto === null ? null : binaryView([{ ...proto, name: 'value' }]);
  return (tuples, results) => {
    const { starts, ends } = tuples;
    const row: Record<string, Value> = {};
    for (let i = 0; i < names.length; i++) {
      const field = fields[i] as number;
      const end = ends[field] as number;
      row[names[i] as string] =
        end < 0 ? null : (readers[i] as FieldReader<Value>)(tuples, starts[field] as number, end);
    }
    for (const { name, at } of computed) row[name] = results[at] as Value;
    if (protoView !== null) define(row, protoView(tuples, results).value as Value);
    return row;
  };
}

function binaryReader({ name, type }: ViewColumn): FieldReader<Value> {
  const decoder = decoderOf(type);
  if (decoder !== null) return decoder.seen;
  throw new SyncError('INTERNAL', { message: `Column ${name} of type ${type} has no decoder` });
}

export function textView(columns: readonly ViewColumn[]): View<TextRow> {
  const { plain, computed, proto } = partsOf(columns);
  const names = plain.map(({ name }) => name);
  const fields = plain.map(({ field }) => field as number);
  const readers = plain.map(({ type }) => textReader(type));
  const protoView = proto === null ? null : textView([{ ...proto, name: 'value' }]);
  return (values, results) => {
    const row: Record<string, Value> = {};
    for (let i = 0; i < names.length; i++) {
      const value = values[fields[i] as number] as string | null;
      row[names[i] as string] = value === null ? null : (readers[i] as (text: string) => Value)(value);
    }
    for (const { name, at } of computed) row[name] = results[at] as Value;
    if (protoView !== null) define(row, protoView(values, results).value as Value);
    return row;
  };
}

const asIs = (text: string): Value => text;
const asNumber = (text: string): Value => Number(text);

/** As PostgreSQL reads booleans; what it refuses stays text, for the validator and the load to refuse. */
export function booleanOf(text: string): Value {
  if (text === 't' || text === 'true') return true;
  if (text === 'f' || text === 'false') return false;
  if (/^\s*(?:tr?u?e?|ye?s?|on|1)\s*$/i.test(text)) return true;
  return /^\s*(?:fa?l?s?e?|no?|off?|0)\s*$/i.test(text) ? false : text;
}

function textReader(type: string): (text: string) => Value {
  const wire = wireTypeOf(type);
  if (wire === 'bool') return booleanOf;
  return wire === 'int2' || wire === 'int4' || wire === 'float4' || wire === 'float8' ? asNumber : asIs;
}

/** Assigning to `__proto__` would set the prototype, so a column of that name goes its own way. */
function partsOf(columns: readonly ViewColumn[]): {
  plain: ViewColumn[];
  computed: { name: string; at: number }[];
  proto: ViewColumn | null;
} {
  const others = columns.filter(({ name }) => name !== PROTO);
  return {
    plain: others.filter(({ field }) => field !== null),
    computed: others.flatMap(({ name, computed }) => (computed === null ? [] : [{ name, at: computed }])),
    proto: columns.find(({ name }) => name === PROTO) ?? null,
  };
}

function define(row: object, value: Value): void {
  Object.defineProperty(row, PROTO, { value, enumerable: true, writable: true, configurable: true });
}
