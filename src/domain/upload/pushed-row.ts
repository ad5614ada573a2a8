/**
 * A row as devices push it: the document as it shall be, and the one that the device believes the server to have. It
 * becomes a mutation of the fields in which the two differ.
 */
import { z } from 'zod';
import { stableJson } from '../config-hash.ts';
import type { Json } from '../merge/json.ts';
import { parseType } from '../types.ts';
import { isJsonType, textOfDocumentValue } from './document-values.ts';
import { parseVersion } from './versions.ts';
import { oddText, storable } from './wire.ts';

/** An entity as far as its documents go. */
export type PushedEntity = {
  readonly entity: string;
  /** Types of the mirror's business columns, by name. */
  readonly types: ReadonlyMap<string, string>;
  readonly keyColumns: readonly string[];
  /** Columns that devices may write. */
  readonly writable: ReadonlySet<string>;
  /** Columns that this device's user does not see. */
  readonly hidden: ReadonlySet<string>;
  /** The source gives new rows their keys. */
  readonly givesKeys: boolean;
};

export type PushedRow = {
  /** The document's; null: it has none. */
  readonly id: string | null;
  /** As `readMutation` takes it; null where the row could not be read. */
  readonly mutation: Readonly<Record<string, unknown>> | null;
  /** Why it could not be read, for the device; it quotes no values. */
  readonly why: string | null;
  /** What was sent as names of the change and of its group, also where the rest could not be read. */
  readonly names: { readonly mutation?: unknown; readonly group?: unknown };
  /** The document as it shall be, where it could be read. */
  readonly wanted?: Readonly<Record<string, Json>>;
  /** An update that changes nothing. */
  readonly isIdle?: true;
};

type Document = Readonly<Record<string, Json>>;

const document = z.custom<Document>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'is no document',
);

const rowSchema = z.strictObject({
  entity: z.string().optional(),
  newDocumentState: document,
  assumedMasterState: document.nullish(),
  // The rest goes into the mutation as it is, and is judged there.
  mutation: z.unknown().optional(),
  hlc: z.unknown().optional(),
  fieldHlcs: z.unknown().optional(),
  policy: z.unknown().optional(),
  changes: z.unknown().optional(),
  priority: z.unknown().optional(),
  group: z.unknown().optional(),
});

const PASSED_ON = ['mutation', 'hlc', 'fieldHlcs', 'policy', 'priority', 'group'] as const;
/** Of documents, beside columns. */
const SYSTEM_FIELDS: ReadonlySet<string> = new Set(['id', 'rev', '_deleted']);

/** The version of a row that the server never had, or does not remember. */
export function isVersionOfNothing(rev: string): boolean {
  return parseVersion(rev)?.xid === '0';
}

export function readPushedRow(input: unknown, entity: PushedEntity): PushedRow {
  const id = idOf(input);
  const { mutation: named, group } = isRecord(input) ? input : {};
  const names = { ...(named !== undefined && { mutation: named }), ...(group !== undefined && { group }) };
  const bad = (why: string): PushedRow => ({ id, mutation: null, why, names });
  const parsed = rowSchema.safeParse(input);
  if (!parsed.success) return bad(storable(problemsOf(parsed.error)));
  if (id === null) return bad('newDocumentState has no id that can be kept: a text of 1 to 1000 characters');
  const { newDocumentState: wanted, assumedMasterState, changes } = parsed.data;
  const assumed = assumedMasterState ?? null;
  if (assumed !== null && assumed.id !== undefined && assumed.id !== id) {
    return bad('assumedMasterState is the document of another id');
  }
  const described = isRecord(changes) ? new Set(Object.keys(changes)) : new Set<string>();
  const operation = operationOf(wanted, assumed);
  const base = assumed === null ? null : baseOf(assumed, entity);
  const isIdle = operation === 'update' && described.size === 0 && isSame(wanted, assumed, entity);
  return {
    id,
    why: null,
    names,
    wanted,
    ...(isIdle && { isIdle }),
    mutation: {
      entity: entity.entity,
      row: id,
      operation,
      ...valuesOf(operation, { id, wanted, assumed, described }, entity),
      ...(changes !== undefined && { changes }),
      ...(base !== null && { base }),
      ...passedOn(parsed.data),
    },
  };
}

function problemsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the row'}: ${message}`).join('; ');
}

/** Also of a row that cannot be read otherwise, so that its verdict names it. */
function idOf(input: unknown): string | null {
  if (!isRecord(input) || !isRecord(input.newDocumentState)) return null;
  const { id } = input.newDocumentState;
  const isId = typeof id === 'string' && id.length > 0 && id.length <= 1_000 && oddText(id) === null;
  return isId ? id : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A document that was deleted, and is there again, is made anew. */
function operationOf(wanted: Document, assumed: Document | null): 'insert' | 'update' | 'delete' {
  if (wanted._deleted === true) return 'delete';
  return assumed === null || assumed._deleted === true ? 'insert' : 'update';
}

/** What the device saw. A JSON null in a document may be either null, so it says nothing of a JSON column. */
function baseOf(assumed: Document, entity: PushedEntity): Record<string, unknown> | null {
  const { rev } = assumed;
  const version = rev === undefined || rev === null || rev === '' ? undefined : rev;
  if (assumed._deleted === true) {
    const isNothing = typeof version === 'string' && isVersionOfNothing(version);
    return version === undefined || isNothing ? null : { version };
  }
  const known = Object.entries(assumed).filter(
    ([name, value]) => !SYSTEM_FIELDS.has(name) && !(value === null && isJson(name, entity)),
  );
  const values = Object.fromEntries(
    known.flatMap(([name, value]) =>
      entity.types.has(name) && !entity.hidden.has(name) ? [[name, textOf(name, value, entity)]] : [],
    ),
  );
  return { ...(version !== undefined && { version }), values };
}

type States = {
  readonly id: string;
  readonly wanted: Document;
  readonly assumed: Document | null;
  readonly described: ReadonlySet<string>;
};

function valuesOf(
  operation: 'insert' | 'update' | 'delete',
  states: States,
  entity: PushedEntity,
): { readonly values?: Record<string, Json> } {
  if (operation === 'delete') return {};
  const { id, wanted, assumed, described } = states;
  const changed = operation === 'insert' ? present(wanted, entity) : differing(wanted, assumed ?? {}, entity);
  const values: Record<string, Json> = Object.fromEntries(
    changed
      .filter((name) => !described.has(name))
      .map((name) => [name, textOf(name, wanted[name] ?? null, entity)]),
  );
  if (operation === 'insert') Object.assign(values, keyFromId(id, entity));
  // Edited and set back before it was sent: a field as it was says so, and the row is confirmed.
  const isIdle = Object.keys(values).length === 0 && described.size === 0;
  return { values: isIdle ? unchangedField(wanted, entity) : values };
}

/** What a new document says. Of fields that nobody may write, null says nothing. */
function present(wanted: Document, entity: PushedEntity): string[] {
  return fieldsOf(wanted, entity).filter((name) => wanted[name] !== null || entity.writable.has(name));
}

/** A field that the device removed is null now, unless that is not the device's to say. */
function differing(wanted: Document, assumed: Document, entity: PushedEntity): string[] {
  const names = new Set([...fieldsOf(wanted, entity), ...fieldsOf(assumed, entity)]);
  return [...names].filter((name) => {
    if (stableJson(assumed[name] ?? null) === stableJson(wanted[name] ?? null)) return false;
    return Object.hasOwn(wanted, name) || entity.writable.has(name);
  });
}

function isSame(wanted: Document, assumed: Document | null, entity: PushedEntity): boolean {
  return differing(wanted, assumed ?? {}, entity).length === 0;
}

function unchangedField(wanted: Document, entity: PushedEntity): Record<string, Json> {
  const name = fieldsOf(wanted, entity).find((one) => entity.writable.has(one) && !entity.hidden.has(one));
  return name === undefined ? {} : { [name]: textOf(name, wanted[name] ?? null, entity) };
}

/** Fields that begin with an underscore are the client's own, unless there is such a column. */
function fieldsOf(state: Document, entity: PushedEntity): string[] {
  return Object.keys(state).filter(
    (name) => !SYSTEM_FIELDS.has(name) && (entity.types.has(name) || !name.startsWith('_')),
  );
}

/** A key column `id` is the document's id. Where that can be a key the device has chosen it; else the source gives one. */
export function keyFromId(
  id: string,
  { keyColumns, types, givesKeys }: PushedEntity,
): Record<string, string> {
  if (givesKeys || keyColumns.length !== 1 || keyColumns[0] !== 'id') return {};
  return canBe(id, types.get('id') ?? 'text') ? { id } : {};
}

const WHOLE_NUMBER = /^-?\d{1,18}$/;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function canBe(id: string, type: string): boolean {
  const { base } = parseType(type);
  if (base === 'uuid') return UUID.test(id);
  if (base === 'smallint' || base === 'integer' || base === 'bigint' || base === 'numeric') {
    return WHOLE_NUMBER.test(id);
  }
  return base === 'text' || base.startsWith('character');
}

function isJson(name: string, { types }: PushedEntity): boolean {
  return isJsonType(types.get(name) ?? '');
}

function textOf(name: string, value: Json, { types }: PushedEntity): string | null {
  return textOfDocumentValue(types.get(name) ?? 'text', value);
}

function passedOn(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (row[name] === undefined || row[name] === null ? [] : [[name, row[name]]])),
  );
}
