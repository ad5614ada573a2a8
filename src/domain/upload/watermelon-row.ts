/**
 * Rows as WatermelonDB pushes them: whole records with the names of the columns that were changed, and no base but the
 * time of the last pull. Its protocol refuses all of a push when one of its rows was changed by others since.
 */
import { stableJson } from '../config-hash.ts';
import type { Json } from '../merge/json.ts';
import { parseType } from '../types.ts';
import { isJsonType, textOfDocumentValue } from './document-values.ts';
import { keyFromId, type PushedEntity, type PushedRow } from './pushed-row.ts';
import { parseVersion } from './versions.ts';
import { oddText } from './wire.ts';

type RawRecord = Readonly<Record<string, Json>>;

export type WatermelonChange = { readonly kind: 'created' | 'updated' | 'deleted'; readonly input: unknown };

/** The row as the server has it. */
export type ServerRecord = {
  readonly document: RawRecord;
  readonly isDeleted: boolean;
  /**
   * Changed after the device's last pull. Fields are not told apart: an older change of another one may have gone
   * unseen, where the row moved on in the feed before it was pulled. A record with a `rev` says better.
   */
  readonly isNewer: boolean;
};

export type Reading = {
  readonly entity: PushedEntity;
  /** Of rows as the device pulled them last. */
  readonly baseVersion: string;
  /** null: there is no such row, and nothing is known of it. */
  readonly server: ServerRecord | null;
};

export type WatermelonRow = {
  readonly row: PushedRow;
  /** Others changed the same since the last pull. */
  readonly isStale: boolean;
};

/** null: there is none, or it cannot be kept. */
export function idOfChange({ kind, input }: WatermelonChange): string | null {
  const id = kind === 'deleted' ? input : isRecord(input) ? input.id : null;
  const isId = typeof id === 'string' && id.length > 0 && id.length <= 1_000 && oddText(id) === null;
  return isId ? id : null;
}

function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readWatermelonChange(change: WatermelonChange, reading: Reading): WatermelonRow {
  const id = idOfChange(change);
  if (id === null) {
    return {
      row: { id, mutation: null, names: {}, why: 'It has no id, a text of 1 to 1000 characters' },
      isStale: false,
    };
  }
  const { entity, server, baseVersion } = reading;
  const named = { entity: entity.entity, row: id };
  const base = { version: baseVersion };
  if (change.kind === 'deleted') {
    const isStale = server !== null && !server.isDeleted && server.isNewer;
    return { row: rowOf(id, { ...named, operation: 'delete', base }), isStale };
  }
  const record = change.input as RawRecord;
  const own = asSeen(record, reading);
  if (change.kind === 'created' && (server === null || server.isDeleted)) {
    const values = {
      ...valuesOf(record, writableOf(record, entity, 'given'), entity),
      ...keyFromId(id, entity),
    };
    return { row: rowOf(id, { ...named, operation: 'insert', values }), isStale: false };
  }
  const changed = changedColumns(record, own);
  // Edited and set back: a field as it was says so.
  const sent = changed.length > 0 ? changed : writableOf(record, entity, 'any').slice(0, 1);
  const mutation = {
    ...named,
    operation: 'update',
    values: valuesOf(record, sent, entity),
    base: { version: own.baseVersion },
  };
  return { row: rowOf(id, mutation), isStale: clashes(record, changed, own) };
}

/** An app whose schema has a column `rev` says of each record which version it changed. */
function asSeen(record: RawRecord, reading: Reading): Reading {
  const { rev } = record;
  if (typeof rev !== 'string' || parseVersion(rev) === null) return reading;
  const { server } = reading;
  return {
    ...reading,
    baseVersion: rev,
    server: server && { ...server, isNewer: server.document.rev !== rev },
  };
}

function rowOf(id: string, mutation: Readonly<Record<string, unknown>>): PushedRow {
  return { id, mutation, why: null, names: {} };
}

/** Records have every column of the app's schema, with empty values in those that nobody filled in. */
function writableOf(record: RawRecord, entity: PushedEntity, which: 'given' | 'any'): string[] {
  return [...entity.writable].filter(
    (name) => Object.hasOwn(record, name) && (which === 'any' || record[name] !== null),
  );
}

/** As the record names them in `_changed`; else those that differ from the server's row. */
function changedColumns(record: RawRecord, { entity, server }: Reading): string[] {
  const { _changed } = record;
  if (typeof _changed === 'string' && _changed !== '') {
    return [...new Set(_changed.split(','))].filter((name) => name !== 'id' && entity.types.has(name));
  }
  return writableOf(record, entity, 'any').filter((name) => differs(record, server, { name, entity }));
}

type Field = { readonly name: string; readonly entity: PushedEntity };

function differs(record: RawRecord, server: ServerRecord | null, { name, entity }: Field): boolean {
  const type = entity.types.get(name) ?? 'text';
  const theirs = textOfDocumentValue(type, server?.document[name] ?? null);
  const ours = textOfRaw(type, record[name] ?? null);
  if (theirs === null || ours === null || !isJsonType(type)) return theirs !== ours;
  return jsonText(theirs) !== jsonText(ours);
}

function jsonText(text: string): string {
  try {
    return stableJson(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Others deleted the row, or changed it, and it is not as this device would have it anyway. */
function clashes(record: RawRecord, changed: readonly string[], { entity, server }: Reading): boolean {
  if (server === null || !server.isNewer) return false;
  return server.isDeleted || changed.some((name) => differs(record, server, { name, entity }));
}

function valuesOf(
  record: RawRecord,
  names: readonly string[],
  { types }: PushedEntity,
): Record<string, string | null> {
  return Object.fromEntries(
    names.map((name) => [name, textOfRaw(types.get(name) ?? 'text', record[name] ?? null)]),
  );
}

/** Its columns hold texts, numbers and booleans only: JSON as its text, times as milliseconds or as texts. */
function textOfRaw(type: string, value: Json): string | null {
  if (typeof value === 'string') return value;
  const isTime = /^(timestamp|date)/.test(parseType(type).base);
  if (typeof value === 'number' && isTime && Math.abs(value) <= MAX_TIME_MS)
    return new Date(value).toISOString();
  return textOfDocumentValue(type, value);
}

const MAX_TIME_MS = 8.64e15;
