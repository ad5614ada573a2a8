/**
 * Which version of a row, or of one of its fields, somebody knows. On the wire a row's version is
 * `<incarnation>.<sync_xid>`; an xid is used once within an incarnation (C8).
 */
import type { Hlc } from './hlc.ts';

export type RowVersion = {
  /** Counts up when the store's history starts anew (restore, move to another cluster). */
  readonly incarnation: number;
  /** The row's `sync_xid`: a decimal text, compared as a number. */
  readonly xid: string;
};

/** The last change of one field. */
export type FieldStamp = {
  /** The `sync_xid` that the change gave the row: the field's version and its position in the feed (C25). */
  readonly xid: string;
  /** Clock of the change; null where nobody said, as of rows that the source deleted. */
  readonly hlc: Hlc | null;
};

/**
 * What a mirror keeps in `sync_fields`: the stamps of fields that changed, and under `*` the one of all fields that are
 * not listed. A row without any (`{}`) has not changed since it came into the mirror.
 */
export type FieldStamps = Readonly<Record<string, FieldStamp>>;

export const ALL_OTHER_FIELDS = '*';

/** @returns null when the text is no version. */
export function parseVersion(text: string): RowVersion | null {
  const match = /^(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,19})$/.exec(text);
  return match === null ? null : { incarnation: Number(match[1]), xid: match[2] as string };
}

export function formatVersion({ incarnation, xid }: RowVersion): string {
  return `${incarnation}.${xid}`;
}

/** Negative, 0 or positive, as a comparison for sorting. */
export function compareXids(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
