/** What a change and the row as it is say about each field: who changed it since the base, and what the device wants. */
import type { Change, ColumnTypes, CurrentRow, FieldTexts } from './decision.ts';
import { applyOperations, type FieldSides } from './merge-field.ts';
import { sameValue } from './same-value.ts';
import type { MergeSpec } from './upload-spec.ts';
import { ALL_OTHER_FIELDS, compareXids, type FieldStamp } from './versions.ts';

export type FieldFacts = FieldSides & {
  readonly field: string;
  readonly byClient: boolean;
  readonly byServer: boolean;
  /** Why the device's operations cannot be applied to what it saw; null when they can. */
  readonly invalid: string | null;
};

/** One row's change, the row that it meets, the types of its columns, and how they merge. */
export type Meeting = {
  readonly change: Change;
  readonly row: CurrentRow;
  readonly columns: ColumnTypes;
  readonly merge: Readonly<Record<string, MergeSpec>>;
};

/** A property of a record's own; columns may be called `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export function stampOf(row: CurrentRow, field: string): FieldStamp | undefined {
  return own(row.stamps, field) ?? own(row.stamps, ALL_OTHER_FIELDS);
}

export function factsOf({ change, row, columns, merge }: Meeting, field: string): FieldFacts {
  const type = columns[field] as string;
  const current = own(row.values, field) ?? null;
  const image = own(change.baseImage ?? {}, field);
  const byServer = image === undefined ? newerThanBase(change, row, field) : !sameValue(type, image, current);
  const base = image === undefined && !byServer ? current : image;
  const operations = own(change.operations, field) ?? [];
  const sides = { type, current, base, operations };
  if (operations.length > 0) return { field, ...sides, byServer, ...describedBy(sides, own(merge, field)) };
  const sent = own(change.values, field);
  const byClient = sent !== undefined && !isUnchanged(type, base, sent);
  return { field, ...sides, byServer, wanted: sent === undefined ? base : sent, byClient, invalid: null };
}

/** Against an unknown base every value that was sent is a change. */
function isUnchanged(type: string, base: string | null | undefined, sent: string | null): boolean {
  return base !== undefined && sameValue(type, base, sent);
}

type Described = Pick<FieldFacts, 'wanted' | 'byClient' | 'invalid'>;

function describedBy(sides: Omit<FieldSides, 'wanted'>, spec: MergeSpec | undefined): Described {
  const failed = (invalid: string): Described => ({ wanted: undefined, byClient: true, invalid });
  if (spec === undefined) return failed('it takes values only, no operations');
  if (sides.base === undefined) return { wanted: undefined, byClient: true, invalid: null };
  const applied = applyOperations(spec, { ...sides, base: sides.base });
  if (applied.kind === 'failed') return failed(applied.reason);
  return {
    wanted: applied.text,
    byClient: !isUnchanged(sides.type, sides.base, applied.text),
    invalid: null,
  };
}

/**
 * A field without a stamp has not changed since it came into the mirror, so every device that knows the row has seen
 * its value. A device that changes a field without saying what it saw may have seen any older value of one with a stamp;
 * of fields that it does not speak of at all it claims nothing.
 */
function newerThanBase(change: Change, row: CurrentRow, field: string): boolean {
  const { baseVersion, values, operations } = change;
  if (baseVersion === null) {
    const isSent = Object.hasOwn(values, field) || Object.hasOwn(operations, field);
    return isSent && own(row.stamps, field) !== undefined;
  }
  if (baseVersion.incarnation !== row.version.incarnation) return true;
  const stamp = stampOf(row, field);
  return stamp !== undefined && compareXids(stamp.xid, baseVersion.xid) > 0;
}

/**
 * A new row, or a deleted one as the device would have it: what it saw, and what it wants. `unknown`: fields that it
 * described by operations on nobody knows what.
 */
export function wholeRow({ change, columns, merge }: Omit<Meeting, 'row'>): {
  readonly values: FieldTexts;
  readonly unknown: readonly string[];
} {
  const seen = change.baseImage ?? {};
  const described = Object.entries(change.operations)
    .filter(([, operations]) => operations.length > 0)
    .map(([field, operations]) => {
      const base = own(seen, field);
      const sides = { type: columns[field] as string, current: base ?? null, base, operations };
      return [field, describedBy(sides, own(merge, field)).wanted] as const;
    });
  const known = described.filter((entry): entry is [string, string | null] => entry[1] !== undefined);
  return {
    values: { ...seen, ...change.values, ...Object.fromEntries(known) },
    unknown: described.filter(([, wanted]) => wanted === undefined).map(([field]) => field),
  };
}

export function fieldsSent(change: Change): string[] {
  return [...new Set([...Object.keys(change.values), ...Object.keys(change.operations)])];
}
